/* SPDX-License-Identifier: MIT */
/* The control channel's machine against a sink made of OpenSSL's server: every mode, every
 * deadline, and what a hostile or broken sink may do.  Time is the test's. */
#include "p2p/mice/control.h"

#include <string.h>

#include "p2p/link.h"
#include "p2p/mice/dtls.h"
#include "p2p/mice/message.h"
#include "tests/unit/p2p/dtls-sink.h"

#define START_US 1000000
#define PIN "12345678"

static const uint8_t source_ip[4] = {192, 0, 2, 100}, sink_ip[4] = {192, 0, 2, 200};

typedef struct {
    McMiceControl *control;
    DtlsSink *dtls;
    int64_t now_us;
    bool sealed; /* the source's TLVs come encrypted */
} Lab;

static McMiceConfig config_of(McMiceSecurity security)
{
    McMiceConfig config = {
        .name = "TestPC", .rtsp_port = 7236, .security = security, .address_bytes = 4};

    for (unsigned i = 0; i < 16; i++)
        config.source_id[i] = (uint8_t) i;
    memcpy(config.local_address, source_ip, 4);
    memcpy(config.peer_address, sink_ip, 4);
    return config;
}

static Lab lab_new(McMiceSecurity security, const char *ciphers)
{
    const McMiceConfig config = config_of(security);
    Lab lab = {.now_us = START_US};
    g_autoptr(GError) error = NULL;

    lab.control = mc_mice_control_new(&config, lab.now_us, &error);
    g_assert_no_error(error);
    if (security != MC_MICE_OPEN)
        lab.dtls = dtls_sink_new(ciphers);
    return lab;
}

static void lab_clear(Lab *lab)
{
    mc_mice_control_free(lab->control);
    if (lab->dtls)
        dtls_sink_free(lab->dtls);
}

/* The next message of the source; its TLVs, opened where they come encrypted. */
static GByteArray *take(Lab *lab, McMiceCommand command)
{
    g_autoptr(GBytes) message = mc_mice_control_output(lab->control);
    McMiceCommand got;
    const uint8_t *tlvs;
    size_t len, size;

    g_assert_nonnull(message);
    g_assert_cmpint(mc_mice_next(g_bytes_get_data(message, NULL), g_bytes_get_size(message), &got,
                                 &tlvs, &len, &size),
                    ==, MC_MICE_OK);
    g_assert_cmpint(got, ==, command);
    if (lab->sealed) {
        GByteArray *plain = dtls_sink_open(lab->dtls, tlvs, len);
        g_assert_nonnull(plain);
        return plain;
    }
    return g_byte_array_append(g_byte_array_new(), tlvs, (guint) len);
}

static void feed(Lab *lab, McMiceCommand command, const uint8_t *tlvs, size_t len)
{
    g_autoptr(GBytes) message = mc_mice_message(command, tlvs, len);

    mc_mice_control_feed(lab->control, g_bytes_get_data(message, NULL), g_bytes_get_size(message),
                         lab->now_us);
}

static void feed_token(Lab *lab, const GByteArray *records)
{
    g_autoptr(GByteArray) tlvs = g_byte_array_new();

    mc_mice_add_tlv(tlvs, MC_MICE_TLV_SECURITY_TOKEN, records->data, records->len);
    feed(lab, MC_MICE_SECURITY_HANDSHAKE, tlvs->data, tlvs->len);
}

static bool round_of_handshake(Lab *lab)
{
    g_autoptr(GByteArray) tlvs = take(lab, MC_MICE_SECURITY_HANDSHAKE);
    McMiceTlvs parsed;

    g_assert_cmpint(mc_mice_parse_tlvs(tlvs->data, tlvs->len, &parsed), ==, MC_MICE_OK);
    g_autoptr(GByteArray) answer = dtls_sink_handshake(lab->dtls, parsed.token, parsed.token_len);
    if (answer->len)
        feed_token(lab, answer);
    return !SSL_is_init_finished(lab->dtls->ssl);
}

static void shake_hands(Lab *lab)
{
    while (round_of_handshake(lab))
        ;
}

static void assert_event(Lab *lab, McMiceEvent expected)
{
    McMiceEvent event;
    g_autoptr(GError) error = NULL;

    g_assert_true(mc_mice_control_event(lab->control, &event, &error));
    g_assert_no_error(error);
    g_assert_cmpint(event, ==, expected);
}

static void assert_failed(Lab *lab, int code)
{
    McMiceEvent event;
    g_autoptr(GError) error = NULL;

    do
        g_assert_true(mc_mice_control_event(lab->control, &event, &error));
    while (event != MC_MICE_EVENT_FAILED);
    g_assert_error(error, MC_LINK_ERROR, code);
    g_assert_false(mc_mice_control_event(lab->control, &event, NULL)); /* said once */
    g_assert_cmpint(mc_mice_control_deadline_us(lab->control), ==, INT64_MAX);
}

/* Up to the source's PIN_CHALLENGE, which is taken and checked. */
static Lab lab_with_challenge(const char *pin)
{
    Lab lab = lab_new(MC_MICE_WITH_PIN, NULL);
    g_autoptr(GByteArray) request = take(&lab, MC_MICE_SESSION_REQUEST);
    uint8_t expected[32];
    McMiceTlvs tlvs;

    g_assert_cmpmem(request->data, 19, "\5\0\1\3\0\0\14T\0e\0s\0t\0P\0C\0", 19);
    shake_hands(&lab);
    assert_event(&lab, MC_MICE_EVENT_WANT_PIN);
    g_assert_cmpint(mc_mice_control_deadline_us(lab.control), ==, INT64_MAX); /* a person's time */
    lab.now_us += 100 * G_USEC_PER_SEC;
    lab.sealed = true;
    mc_mice_control_pin(lab.control, pin, lab.now_us);
    g_autoptr(GByteArray) challenge = take(&lab, MC_MICE_PIN_CHALLENGE);
    g_assert_cmpint(mc_mice_parse_tlvs(challenge->data, challenge->len, &tlvs), ==, MC_MICE_OK);
    g_assert_true(mc_mice_pin_hash(pin, source_ip, 4, expected));
    g_assert_cmpmem(tlvs.hash, 32, expected, 32);
    g_assert_cmpmem(tlvs.source_id, 16, config_of(MC_MICE_OPEN).source_id, 16);
    mc_mice_tlvs_clear(&tlvs);
    return lab;
}

static void answer_pin(Lab *lab, const char *pin, const uint8_t ip[4], uint8_t reason)
{
    g_autoptr(GByteArray) tlvs = g_byte_array_new();
    uint8_t hash[32];

    if (pin) {
        g_assert_true(mc_mice_pin_hash(pin, ip, 4, hash));
        mc_mice_add_tlv(tlvs, MC_MICE_TLV_PIN_CHALLENGE, hash, sizeof(hash));
    }
    mc_mice_add_tlv(tlvs, MC_MICE_TLV_PIN_RESPONSE_REASON, &reason, 1);
    g_autoptr(GByteArray) records = dtls_sink_seal(lab->dtls, tlvs->data, tlvs->len);
    feed(lab, MC_MICE_PIN_RESPONSE, records->data, records->len);
}

/* ---- modes ---- */

static void test_open(void)
{
    Lab lab = lab_new(MC_MICE_OPEN, NULL);
    g_autoptr(GByteArray) ready = take(&lab, MC_MICE_SOURCE_READY);
    McMiceTlvs tlvs;

    assert_event(&lab, MC_MICE_EVENT_READY);
    g_assert_cmpint(mc_mice_parse_tlvs(ready->data, ready->len, &tlvs), ==, MC_MICE_OK);
    g_assert_cmpstr(tlvs.friendly_name, ==, "TestPC");
    g_assert_cmpuint(tlvs.rtsp_port, ==, 7236);
    mc_mice_tlvs_clear(&tlvs);
    g_assert_false(mc_mice_control_encrypts(lab.control));
    mc_mice_control_stop(lab.control);
    g_byte_array_unref(take(&lab, MC_MICE_STOP_PROJECTION));
    g_assert_null(mc_mice_control_output(lab.control));
    lab_clear(&lab);
}

static void check_media(Lab *lab)
{
    uint8_t datagram[1328 + 96];
    size_t len = 1328;

    g_assert_true(mc_mice_control_encrypts(lab->control));
    memset(datagram, 0x47, sizeof(datagram));
    g_assert_false(mc_mice_control_protect(lab->control, datagram, 1330, &len)); /* no room */
    len = 1328;
    memset(datagram, 0x47, sizeof(datagram));
    g_assert_true(mc_mice_control_protect(lab->control, datagram, sizeof(datagram), &len));
    g_assert_cmphex(datagram[0], ==, 0x17);
    g_assert_cmpuint(len, <=, 1328 + MC_DTLS_OVERHEAD);
    g_autoptr(GByteArray) plain = dtls_sink_open(lab->dtls, datagram, len);
    g_assert_nonnull(plain);
    g_assert_cmpuint(plain->len, ==, 1328);
    for (guint i = 0; i < plain->len; i++)
        g_assert_cmphex(plain->data[i], ==, 0x47);
}

/* With suites of each kind that sinks may choose. */
static void test_encrypted(void)
{
    static const char *const suites[] = {NULL, "AES128-SHA@SECLEVEL=0", "AES256-GCM-SHA384",
                                         "ECDHE-RSA-AES128-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"};

    for (size_t i = 0; i < G_N_ELEMENTS(suites); i++) {
        Lab lab = lab_new(MC_MICE_ENCRYPTED, suites[i]);

        shake_hands(&lab);
        assert_event(&lab, MC_MICE_EVENT_READY);
        g_byte_array_unref(
            take(&lab, MC_MICE_SOURCE_READY)); /* in the clear: no request was sent */
        check_media(&lab);
        lab_clear(&lab);
    }
}

/* The same without a PIN, but asked for: then the messages are encrypted as well. */
static void test_requested(void)
{
    Lab lab = lab_new(MC_MICE_REQUESTED, NULL);
    g_autoptr(GByteArray) request = take(&lab, MC_MICE_SESSION_REQUEST);
    McMiceTlvs tlvs;

    g_assert_cmpint(mc_mice_parse_tlvs(request->data, request->len, &tlvs), ==, MC_MICE_OK);
    g_assert_cmpuint(tlvs.options, ==, MC_MICE_OPTION_ENCRYPT_STREAM);
    mc_mice_tlvs_clear(&tlvs);
    shake_hands(&lab);
    lab.sealed = true;
    assert_event(&lab, MC_MICE_EVENT_READY);
    g_autoptr(GByteArray) ready = take(&lab, MC_MICE_SOURCE_READY);
    g_assert_cmpint(mc_mice_parse_tlvs(ready->data, ready->len, &tlvs), ==, MC_MICE_OK);
    g_assert_null(tlvs.friendly_name);
    g_assert_true(tlvs.has_rtsp_port);
    mc_mice_tlvs_clear(&tlvs);
    check_media(&lab);
    lab_clear(&lab);
}

static void test_pin(void)
{
    Lab lab = lab_with_challenge(PIN);

    g_assert_cmpint(mc_mice_control_deadline_us(lab.control), ==, lab.now_us + G_USEC_PER_SEC);
    answer_pin(&lab, PIN, sink_ip, MC_MICE_PIN_ACCEPTED);
    assert_event(&lab, MC_MICE_EVENT_READY);
    g_autoptr(GByteArray) ready = take(&lab, MC_MICE_SOURCE_READY);
    McMiceTlvs tlvs;
    g_assert_cmpint(mc_mice_parse_tlvs(ready->data, ready->len, &tlvs), ==, MC_MICE_OK);
    g_assert_null(tlvs.friendly_name); /* the request told it */
    g_assert_true(tlvs.has_rtsp_port);
    mc_mice_tlvs_clear(&tlvs);
    check_media(&lab);
    mc_mice_control_stop(lab.control);
    g_autoptr(GByteArray) stop = take(&lab, MC_MICE_STOP_PROJECTION); /* encrypted as well */
    g_assert_cmpint(mc_mice_parse_tlvs(stop->data, stop->len, &tlvs), ==, MC_MICE_OK);
    g_assert_cmpstr(tlvs.friendly_name, ==, "TestPC");
    mc_mice_tlvs_clear(&tlvs);
    lab_clear(&lab);
}

/* ---- the PIN is wrong ---- */

static void test_wrong_pin(void)
{
    static const struct {
        const char *pin;
        bool own_address;
        uint8_t reason;
    } answers[] = {
        {NULL, false, MC_MICE_PIN_WRONG},          /* says so */
        {"87654321", false, MC_MICE_PIN_ACCEPTED}, /* does not know it */
        {PIN, true, MC_MICE_PIN_ACCEPTED},         /* sends our own challenge back */
        {NULL, false, MC_MICE_PIN_ACCEPTED},       /* no proof at all */
        {NULL, false, MC_MICE_PIN_INVALID},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        Lab lab = lab_with_challenge(PIN);

        answer_pin(&lab, answers[i].pin, answers[i].own_address ? source_ip : sink_ip,
                   answers[i].reason);
        assert_failed(&lab, MC_LINK_ERROR_PIN);
        g_assert_null(mc_mice_control_output(lab.control));
        lab_clear(&lab);
    }
}

/* ---- time ---- */

static void test_silence(void)
{
    Lab lab = lab_new(MC_MICE_ENCRYPTED, NULL);
    const int64_t first_us = mc_mice_control_deadline_us(lab.control);

    g_assert_cmpint(first_us, <=, START_US + 3 * G_USEC_PER_SEC);
    mc_mice_control_time(lab.control, first_us - 1);
    round_of_handshake(&lab);
    g_assert_cmpint(mc_mice_control_deadline_us(lab.control), ==, START_US + G_USEC_PER_SEC);
    mc_mice_control_time(lab.control, START_US + G_USEC_PER_SEC);
    assert_failed(&lab, MC_LINK_ERROR_TIMEOUT);
    lab_clear(&lab);

    lab = lab_with_challenge(PIN);
    mc_mice_control_time(lab.control, mc_mice_control_deadline_us(lab.control));
    assert_failed(&lab, MC_LINK_ERROR_TIMEOUT);
    lab_clear(&lab);
}

/* A byte a second, and whole messages that say nothing: neither moves the limit for ever. */
static void test_trickle(void)
{
    Lab lab = lab_new(MC_MICE_ENCRYPTED, NULL);
    const uint8_t start[] = {0x01, 0x00, 0x01, 0x03};
    /* A record of an unknown epoch is passed over in silence. */
    static const uint8_t record[14] = {0x16, 0xfe, 0xfd, 0, 9, 0, 0, 0, 0, 0, 1, 0, 1, 0};
    g_autoptr(GByteArray) token = g_byte_array_append(g_byte_array_new(), record, sizeof(record));
    McMiceEvent event;

    for (unsigned i = 0; i < 3; i++, lab.now_us += G_USEC_PER_SEC - 1) {
        mc_mice_control_time(lab.control, lab.now_us);
        mc_mice_control_feed(lab.control, start + i, 1, lab.now_us);
    }
    mc_mice_control_time(lab.control, lab.now_us + 3);
    assert_failed(&lab, MC_LINK_ERROR_TIMEOUT);
    lab_clear(&lab);

    lab = lab_new(MC_MICE_ENCRYPTED, NULL);
    do {
        feed_token(&lab, token);
        lab.now_us += G_USEC_PER_SEC / 2;
        mc_mice_control_time(lab.control, lab.now_us);
        g_assert_cmpint(lab.now_us, <, START_US + 20 * G_USEC_PER_SEC);
    } while (!mc_mice_control_event(lab.control, &event, NULL));
    g_assert_cmpint(event, ==, MC_MICE_EVENT_FAILED);
    lab_clear(&lab);
}

/* Nothing is due from the sink while a person looks for the PIN, and in the session; half a message
 * still has its time, from the first byte on. */
static void test_half_message(void)
{
    for (unsigned in_session = 0; in_session < 2; in_session++) {
        Lab lab = lab_new(in_session ? MC_MICE_OPEN : MC_MICE_WITH_PIN, NULL);
        const uint8_t start[] = {0x01, 0x00, 0x01, 0x02, 0x00};

        if (in_session) {
            assert_event(&lab, MC_MICE_EVENT_READY);
        } else {
            g_byte_array_unref(take(&lab, MC_MICE_SESSION_REQUEST));
            shake_hands(&lab);
            assert_event(&lab, MC_MICE_EVENT_WANT_PIN);
        }
        mc_mice_control_time(lab.control, lab.now_us + 60 * 60 * (int64_t) G_USEC_PER_SEC);
        g_assert_cmpint(mc_mice_control_deadline_us(lab.control), ==, INT64_MAX);
        const int64_t end_us = lab.now_us + 5 * G_USEC_PER_SEC;
        for (unsigned i = 0; i < sizeof(start); i++, lab.now_us += G_USEC_PER_SEC) {
            mc_mice_control_time(lab.control, lab.now_us);
            mc_mice_control_feed(lab.control, start + i, 1, lab.now_us);
            g_assert_cmpint(mc_mice_control_deadline_us(lab.control), ==, end_us);
        }
        mc_mice_control_time(lab.control, end_us);
        assert_failed(&lab, MC_LINK_ERROR_TIMEOUT);
        lab_clear(&lab);
    }
}

/* ---- what does not belong ---- */

static void test_out_of_place(void)
{
    Lab lab = lab_new(MC_MICE_OPEN, NULL);

    feed(&lab, MC_MICE_PIN_RESPONSE, NULL, 0);
    assert_failed(&lab, MC_LINK_ERROR_PROTOCOL);
    lab_clear(&lab);

    lab = lab_with_challenge(PIN); /* renegotiation behind the handshake */
    g_autoptr(GByteArray) hello = g_byte_array_append(
        g_byte_array_new(), (const uint8_t *) "\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\0", 13);
    feed_token(&lab, hello);
    assert_failed(&lab, MC_LINK_ERROR_PROTOCOL);
    lab_clear(&lab);

    lab = lab_with_challenge(PIN); /* encrypted, but what is in it is no TLV array */
    g_autoptr(GByteArray) records = dtls_sink_seal(lab.dtls, "\7\xff\xff", 3);
    feed(&lab, MC_MICE_PIN_RESPONSE, records->data, records->len);
    assert_failed(&lab, MC_LINK_ERROR_PROTOCOL);
    lab_clear(&lab);

    lab = lab_with_challenge(PIN); /* in the clear where it must be encrypted */
    feed(&lab, MC_MICE_PIN_RESPONSE, (const uint8_t *) "\7\0\1\0", 4);
    assert_failed(&lab, MC_LINK_ERROR_SECURITY);
    lab_clear(&lab);
}

static void test_bad_tokens(void)
{
    static const char *const tokens[] = {"GET / HTTP/1.1", "\x16\xfe\xfd\0\0\0\0\0\0\0\0\xff\xff",
                                         "\x15\xfe\xfd\0\0\0\0\0\0\0\0\0\2\2\x28"};
    static const size_t lengths[] = {14, 13, 15};

    for (size_t i = 0; i < G_N_ELEMENTS(tokens); i++) { /* no record, a cut one, an alert */
        Lab lab = lab_new(MC_MICE_ENCRYPTED, NULL);
        g_autoptr(GByteArray) token = g_byte_array_append(
            g_byte_array_new(), (const uint8_t *) tokens[i], (guint) lengths[i]);

        feed_token(&lab, token);
        assert_failed(&lab, MC_LINK_ERROR_SECURITY);
        lab_clear(&lab);
    }
}

/* What a later sink may add is passed over, in whatever order it comes. */
static void test_odd_tlvs(void)
{
    static const uint8_t id[16] = {1};
    Lab lab = lab_new(MC_MICE_ENCRYPTED, NULL);
    g_autoptr(GByteArray) tlvs = take(&lab, MC_MICE_SECURITY_HANDSHAKE);
    g_autoptr(GByteArray) answer = g_byte_array_new();
    McMiceTlvs parsed;

    g_assert_cmpint(mc_mice_parse_tlvs(tlvs->data, tlvs->len, &parsed), ==, MC_MICE_OK);
    g_autoptr(GByteArray) flight = dtls_sink_handshake(lab.dtls, parsed.token, parsed.token_len);
    mc_mice_add_tlv(answer, 0x40, "new", 3);
    mc_mice_add_tlv(answer, MC_MICE_TLV_SOURCE_ID, id, sizeof(id)); /* not even ours */
    mc_mice_add_tlv(answer, MC_MICE_TLV_SECURITY_TOKEN, flight->data, flight->len);
    mc_mice_add_tlv(answer, 0xff, "newer", 5);
    mc_mice_add_tlv(answer, 0x40, "twice", 5);
    feed(&lab, MC_MICE_SECURITY_HANDSHAKE, answer->data, answer->len);
    shake_hands(&lab);
    assert_event(&lab, MC_MICE_EVENT_READY);
    lab_clear(&lab);
}

/* TCP knows no messages: the sink's flight a byte at a time, and STOP in one segment with it. */
static void test_segments(void)
{
    for (unsigned together = 0; together < 2; together++) {
        Lab lab = lab_new(MC_MICE_ENCRYPTED, NULL);
        g_autoptr(GByteArray) tlvs = take(&lab, MC_MICE_SECURITY_HANDSHAKE);
        g_autoptr(GByteArray) stream = g_byte_array_new(), token = g_byte_array_new();
        McMiceTlvs parsed;

        g_assert_cmpint(mc_mice_parse_tlvs(tlvs->data, tlvs->len, &parsed), ==, MC_MICE_OK);
        g_autoptr(GByteArray) flight =
            dtls_sink_handshake(lab.dtls, parsed.token, parsed.token_len);
        mc_mice_add_tlv(token, MC_MICE_TLV_SECURITY_TOKEN, flight->data, flight->len);
        g_autoptr(GBytes) answer =
            mc_mice_message(MC_MICE_SECURITY_HANDSHAKE, token->data, token->len);
        g_autoptr(GBytes) stop = mc_mice_message(MC_MICE_STOP_PROJECTION, NULL, 0);
        g_byte_array_append(stream, g_bytes_get_data(answer, NULL),
                            (guint) g_bytes_get_size(answer));
        if (together)
            g_byte_array_append(stream, g_bytes_get_data(stop, NULL),
                                (guint) g_bytes_get_size(stop));
        const guint piece = together ? stream->len : 1;
        for (guint at = 0; at < stream->len; at += piece)
            mc_mice_control_feed(lab.control, stream->data + at, piece, lab.now_us);
        g_byte_array_unref(take(&lab, MC_MICE_SECURITY_HANDSHAKE));
        if (together)
            assert_event(&lab, MC_MICE_EVENT_STOPPED);
        lab_clear(&lab);
    }
}

/* What only a source says, said by the sink; and another version's message. */
static void test_wrong_way(void)
{
    for (McMiceCommand command = MC_MICE_SOURCE_READY; command <= MC_MICE_PIN_RESPONSE; command++) {
        if (command == MC_MICE_STOP_PROJECTION || command == MC_MICE_SECURITY_HANDSHAKE)
            continue;
        Lab lab = lab_new(MC_MICE_ENCRYPTED, NULL);
        feed(&lab, command, NULL, 0);
        assert_failed(&lab, MC_LINK_ERROR_PROTOCOL);
        lab_clear(&lab);
    }
    for (unsigned version = 0; version < 256; version++) {
        if (version == 1)
            continue;
        Lab lab = lab_new(MC_MICE_OPEN, NULL);
        const uint8_t message[4] = {0, 4, (uint8_t) version, MC_MICE_STOP_PROJECTION};
        assert_event(&lab, MC_MICE_EVENT_READY);
        mc_mice_control_feed(lab.control, message, sizeof(message), lab.now_us);
        assert_failed(&lab, MC_LINK_ERROR_PROTOCOL);
        lab_clear(&lab);
    }
}

static void test_ends(void)
{
    for (unsigned step = 0; step < 3; step++) { /* in the handshake, at the PIN, after the PIN */
        Lab lab = lab_new(MC_MICE_WITH_PIN, NULL);

        g_byte_array_unref(take(&lab, MC_MICE_SESSION_REQUEST));
        if (step > 0)
            shake_hands(&lab);
        if (step > 1)
            mc_mice_control_pin(lab.control, PIN, lab.now_us);
        mc_mice_control_eof(lab.control);
        assert_failed(&lab, MC_LINK_ERROR_LOST);
        mc_mice_control_pin(lab.control, PIN, lab.now_us); /* too late, and harmless */
        lab_clear(&lab);
    }
    for (unsigned sealed = 0; sealed < 2; sealed++) {
        Lab lab = lab_with_challenge(PIN);
        g_autoptr(GByteArray) tlvs = g_byte_array_new();

        mc_mice_add_name(tlvs, "TV");
        g_autoptr(GByteArray) records = dtls_sink_seal(lab.dtls, tlvs->data, tlvs->len);
        const GByteArray *sent = sealed ? records : tlvs;
        feed(&lab, MC_MICE_STOP_PROJECTION, sent->data, sent->len);
        assert_event(&lab, MC_MICE_EVENT_STOPPED);
        lab_clear(&lab);
    }
}

/* ---- records of the sink's input ---- */

static void test_records(void)
{
    Lab lab = lab_with_challenge(PIN);
    g_autoptr(GByteArray) out = g_byte_array_new();
    GByteArray *records[8];

    for (unsigned i = 0; i < G_N_ELEMENTS(records); i++)
        records[i] = dtls_sink_seal(lab.dtls, &i, sizeof(i));
    for (unsigned n = 0; n < G_N_ELEMENTS(records); n++) { /* out of order: 1 0 3 2 ... */
        const unsigned i = n ^ 1;
        g_byte_array_set_size(out, 0);
        g_assert_true(mc_mice_control_open(lab.control, records[i]->data, records[i]->len, out));
        g_assert_cmpmem(out->data, out->len, &i, sizeof(i));
    }
    g_byte_array_set_size(out, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(records); i++) { /* replayed */
        g_assert_false(mc_mice_control_open(lab.control, records[i]->data, records[i]->len, out));
        g_byte_array_unref(records[i]);
    }
    g_autoptr(GByteArray) forged = dtls_sink_seal(lab.dtls, "input", 5);
    for (guint i = 0; i < forged->len; i++) { /* one bit of each byte, the header's too */
        forged->data[i] ^= 1;
        g_assert_false(mc_mice_control_open(lab.control, forged->data, forged->len, out));
        forged->data[i] ^= 1;
    }
    for (guint i = 0; i < forged->len; i++)
        g_assert_false(mc_mice_control_open(lab.control, forged->data, i, out));
    g_assert_cmpuint(out->len, ==, 0);
    g_assert_true(mc_mice_control_open(lab.control, forged->data, forged->len, out));
    g_assert_cmpmem(out->data, out->len, "input", 5);
    lab_clear(&lab);
}

/* A sink that asks for a new handshake gets none, and the next datagram is one record as ever. */
static void test_renegotiation(void)
{
    Lab lab = lab_with_challenge(PIN);
    g_autoptr(GByteArray) out = g_byte_array_new();
    uint8_t datagram[128] = "picture";
    size_t len = 7;

    g_assert_cmpint(SSL_renegotiate(lab.dtls->ssl), ==, 1);
    SSL_do_handshake(lab.dtls->ssl);
    g_autoptr(GByteArray) hello_request = dtls_sink_handshake(lab.dtls, NULL, 0);
    g_assert_cmpuint(hello_request->len, >, 0);
    g_assert_false(mc_mice_control_open(lab.control, hello_request->data, hello_request->len, out));
    g_assert_true(mc_mice_control_protect(lab.control, datagram, sizeof(datagram), &len));
    g_assert_cmpint(datagram[0], ==, 0x17);
    g_assert_cmpuint(13 + (datagram[11] << 8 | datagram[12]), ==, len);
    lab_clear(&lab);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mice/control/open", test_open);
    g_test_add_func("/mice/control/encrypted", test_encrypted);
    g_test_add_func("/mice/control/requested", test_requested);
    g_test_add_func("/mice/control/pin", test_pin);
    g_test_add_func("/mice/control/wrong-pin", test_wrong_pin);
    g_test_add_func("/mice/control/silence", test_silence);
    g_test_add_func("/mice/control/trickle", test_trickle);
    g_test_add_func("/mice/control/half-message", test_half_message);
    g_test_add_func("/mice/control/out-of-place", test_out_of_place);
    g_test_add_func("/mice/control/bad-tokens", test_bad_tokens);
    g_test_add_func("/mice/control/odd-tlvs", test_odd_tlvs);
    g_test_add_func("/mice/control/segments", test_segments);
    g_test_add_func("/mice/control/wrong-way", test_wrong_way);
    g_test_add_func("/mice/control/ends", test_ends);
    g_test_add_func("/mice/control/records", test_records);
    g_test_add_func("/mice/control/renegotiation", test_renegotiation);
    return g_test_run();
}
