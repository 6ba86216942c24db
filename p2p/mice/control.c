/* SPDX-License-Identifier: MIT */
#include "p2p/mice/control.h"

#include <openssl/crypto.h>
#include <string.h>

#include "p2p/link.h"
#include "p2p/mice/dtls.h"
#include "p2p/mice/message.h"

#define ANSWER_US (1 * G_USEC_PER_SEC) /* each DTLS answer, and PIN_RESPONSE */
/* The first flight waits for the sink's certificate, which small sinks make on the spot. */
#define FIRST_ANSWER_US (3 * G_USEC_PER_SEC)
#define HANDSHAKE_US (8 * G_USEC_PER_SEC) /* all of it, however often the sink says something */
#define MESSAGE_US (5 * G_USEC_PER_SEC)   /* from its first byte to its last */

typedef enum { HANDSHAKE, WAIT_PIN, WAIT_PIN_ANSWER, READY, OVER } State;

struct McMiceControl {
    McMiceConfig config;
    State state;
    McDtls *dtls;     /* NULL: open */
    GByteArray *held; /* of an unfinished message */
    GQueue outputs;   /* GBytes * */
    GQueue events;    /* McMiceEvent */
    GError *error;    /* of MC_MICE_EVENT_FAILED */
    int64_t deadline_us, handshake_end_us;
    int64_t message_end_us;               /* INT64_MAX: no message has begun */
    uint8_t expected[MC_MICE_HASH_BYTES]; /* the sink's answer to the PIN */
};

/* ---- output ---- */

static void event(McMiceControl *self, McMiceEvent kind)
{
    g_queue_push_tail(&self->events, GINT_TO_POINTER(kind));
}

G_GNUC_PRINTF(3, 4)
static void fail(McMiceControl *self, McLinkError code, const char *format, ...)
{
    va_list args;

    if (self->state == OVER)
        return;
    self->state = OVER;
    self->deadline_us = self->message_end_us = INT64_MAX;
    va_start(args, format);
    self->error = g_error_new_valist(MC_LINK_ERROR, code, format, args);
    va_end(args);
    event(self, MC_MICE_EVENT_FAILED);
}

static void send_message(McMiceControl *self, McMiceCommand command, const GByteArray *tlvs,
                         bool sealed)
{
    g_autoptr(GByteArray) records = g_byte_array_new();

    if (sealed && !mc_dtls_seal(self->dtls, tlvs->data, tlvs->len, records)) {
        fail(self, MC_LINK_ERROR_SECURITY, "a message could not be encrypted");
        return;
    }
    const GByteArray *array = sealed ? records : tlvs;
    g_queue_push_tail(&self->outputs, mc_mice_message(command, array->data, array->len));
}

static bool requests(const McMiceControl *self)
{
    return self->config.security == MC_MICE_WITH_PIN || self->config.security == MC_MICE_REQUESTED;
}

/* After SESSION_REQUEST the TLVs of all messages that follow the handshake are encrypted. */
static bool sealed_tlvs(const McMiceControl *self)
{
    return requests(self) && self->state > HANDSHAKE;
}

static void add_source_id(McMiceControl *self, GByteArray *tlvs)
{
    mc_mice_add_tlv(tlvs, MC_MICE_TLV_SOURCE_ID, self->config.source_id,
                    sizeof(self->config.source_id));
}

static void send_source_ready(McMiceControl *self)
{
    g_autoptr(GByteArray) tlvs = g_byte_array_new();

    if (!sealed_tlvs(self)) /* SESSION_REQUEST told it */
        mc_mice_add_name(tlvs, self->config.name);
    mc_mice_add_port(tlvs, self->config.rtsp_port);
    add_source_id(self, tlvs);
    send_message(self, MC_MICE_SOURCE_READY, tlvs, sealed_tlvs(self));
    if (self->state == OVER)
        return;
    self->state = READY;
    self->deadline_us = INT64_MAX;
    event(self, MC_MICE_EVENT_READY);
}

static void send_session_request(McMiceControl *self)
{
    const uint8_t options =
        MC_MICE_OPTION_ENCRYPT_STREAM |
        (self->config.security == MC_MICE_WITH_PIN ? MC_MICE_OPTION_SINK_SHOWS_PIN : 0);
    g_autoptr(GByteArray) tlvs = g_byte_array_new();

    mc_mice_add_tlv(tlvs, MC_MICE_TLV_SECURITY_OPTIONS, &options, 1);
    mc_mice_add_name(tlvs, self->config.name);
    add_source_id(self, tlvs);
    send_message(self, MC_MICE_SESSION_REQUEST, tlvs, false);
}

/* ---- handshake ---- */

static void step_handshake(McMiceControl *self, const uint8_t *token, size_t len, int64_t now_us)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    McDtlsStep step = mc_dtls_handshake(self->dtls, token, len, out, &error);

    if (out->len) {
        g_autoptr(GByteArray) tlvs = g_byte_array_new();
        mc_mice_add_tlv(tlvs, MC_MICE_TLV_SECURITY_TOKEN, out->data, out->len);
        send_message(self, MC_MICE_SECURITY_HANDSHAKE, tlvs, false);
    }
    if (step == MC_DTLS_FAILED) {
        fail(self, MC_LINK_ERROR_SECURITY, "%s", error->message);
    } else if (step == MC_DTLS_MORE) {
        self->deadline_us =
            MIN(now_us + (token ? ANSWER_US : FIRST_ANSWER_US), self->handshake_end_us);
    } else if (self->config.security == MC_MICE_WITH_PIN) {
        self->state = WAIT_PIN;
        self->deadline_us = INT64_MAX; /* a person's time is not counted */
        event(self, MC_MICE_EVENT_WANT_PIN);
    } else {
        self->state = READY; /* the handshake is over: sealed from now on */
        send_source_ready(self);
    }
}

/* ---- PIN ---- */

void mc_mice_control_pin(McMiceControl *self, const char *pin, int64_t now_us)
{
    const McMiceConfig *config = &self->config;
    uint8_t challenge[MC_MICE_HASH_BYTES];
    g_autoptr(GByteArray) tlvs = g_byte_array_new();

    if (self->state != WAIT_PIN)
        return;
    if (!mc_mice_pin_hash(pin, config->local_address, config->address_bytes, challenge) ||
        !mc_mice_pin_hash(pin, config->peer_address, config->address_bytes, self->expected)) {
        fail(self, MC_LINK_ERROR_PIN, "that is no PIN");
        return;
    }
    add_source_id(self, tlvs);
    mc_mice_add_tlv(tlvs, MC_MICE_TLV_PIN_CHALLENGE, challenge, sizeof(challenge));
    send_message(self, MC_MICE_PIN_CHALLENGE, tlvs, true);
    OPENSSL_cleanse(challenge, sizeof(challenge));
    if (self->state == OVER)
        return;
    self->state = WAIT_PIN_ANSWER;
    self->deadline_us = now_us + ANSWER_US;
}

/* The sink proves that it knows the PIN too. */
static void on_pin_response(McMiceControl *self, const McMiceTlvs *tlvs)
{
    if (tlvs->has_reason && tlvs->reason != MC_MICE_PIN_ACCEPTED)
        fail(self, MC_LINK_ERROR_PIN, "the sink says that the PIN is wrong");
    else if (!tlvs->hash || CRYPTO_memcmp(tlvs->hash, self->expected, MC_MICE_HASH_BYTES))
        fail(self, MC_LINK_ERROR_PIN, "the sink does not know the PIN that it shows");
    else
        send_source_ready(self);
}

/* ---- input ---- */

static void on_tlvs(McMiceControl *self, McMiceCommand command, const McMiceTlvs *tlvs,
                    int64_t now_us)
{
    if (command == MC_MICE_SECURITY_HANDSHAKE && self->state == HANDSHAKE && tlvs->token) {
        step_handshake(self, tlvs->token, tlvs->token_len, now_us);
    } else if (command == MC_MICE_PIN_RESPONSE && self->state == WAIT_PIN_ANSWER) {
        on_pin_response(self, tlvs);
    } else if (command == MC_MICE_STOP_PROJECTION) {
        self->state = OVER;
        self->deadline_us = self->message_end_us = INT64_MAX;
        event(self, MC_MICE_EVENT_STOPPED);
    } else {
        fail(self, MC_LINK_ERROR_PROTOCOL, "the sink sent message %u, which has no place here",
             command);
    }
}

/* A sink that ends in the clear ends as well. */
static bool is_sealed(const McMiceControl *self, McMiceCommand command, const uint8_t *data,
                      size_t len)
{
    if (!sealed_tlvs(self) || command == MC_MICE_SECURITY_HANDSHAKE)
        return false;
    return command != MC_MICE_STOP_PROJECTION || mc_dtls_is_record(data, len);
}

static void on_message(McMiceControl *self, McMiceCommand command, const uint8_t *data, size_t len,
                       int64_t now_us)
{
    bool sealed = is_sealed(self, command, data, len);
    g_autoptr(GByteArray) plain = g_byte_array_new();
    McMiceTlvs tlvs = {0};

    if (sealed && !mc_dtls_open(self->dtls, data, len, plain)) {
        fail(self, MC_LINK_ERROR_SECURITY, "a message of the sink could not be opened");
        return;
    }
    McMiceResult result =
        mc_mice_parse_tlvs(sealed ? plain->data : data, sealed ? plain->len : len, &tlvs);
    if (result == MC_MICE_OK)
        on_tlvs(self, command, &tlvs, now_us);
    else
        fail(self, MC_LINK_ERROR_PROTOCOL, "the sink's control channel: %s",
             mc_mice_result_text(result));
    mc_mice_tlvs_clear(&tlvs);
}

/* Even while a person looks for the PIN, and in the session: who says half a word is not waited
 * for. */
static void watch_message(McMiceControl *self, int64_t now_us)
{
    if (!self->held->len)
        self->message_end_us = INT64_MAX;
    else if (self->message_end_us == INT64_MAX)
        self->message_end_us = now_us + MESSAGE_US;
}

void mc_mice_control_feed(McMiceControl *self, const uint8_t *data, size_t len, int64_t now_us)
{
    g_byte_array_append(self->held, data, (guint) len);
    watch_message(self, now_us);
    while (self->state != OVER) {
        McMiceCommand command;
        const uint8_t *tlvs;
        size_t tlvs_len, size;
        McMiceResult result =
            mc_mice_next(self->held->data, self->held->len, &command, &tlvs, &tlvs_len, &size);
        if (result == MC_MICE_MORE)
            return;
        if (result != MC_MICE_OK) {
            fail(self, MC_LINK_ERROR_PROTOCOL, "the sink's control channel: %s",
                 mc_mice_result_text(result));
            return;
        }
        on_message(self, command, tlvs, tlvs_len, now_us);
        g_byte_array_remove_range(self->held, 0, (guint) size);
        self->message_end_us = INT64_MAX;
        watch_message(self, now_us);
    }
}

void mc_mice_control_eof(McMiceControl *self)
{
    static const char *const where[] = {"during the secure handshake", "before the PIN was entered",
                                        "after the PIN", "during the session", ""};

    fail(self, MC_LINK_ERROR_LOST, "the sink closed its control channel %s", where[self->state]);
}

void mc_mice_control_time(McMiceControl *self, int64_t now_us)
{
    if (now_us >= self->deadline_us)
        fail(self, MC_LINK_ERROR_TIMEOUT, "the sink did not answer on its control channel in time");
    else if (now_us >= self->message_end_us)
        fail(self, MC_LINK_ERROR_TIMEOUT,
             "the sink began a message on its control channel and did not end it in time");
}

int64_t mc_mice_control_deadline_us(const McMiceControl *self)
{
    return MIN(self->deadline_us, self->message_end_us);
}

void mc_mice_control_stop(McMiceControl *self)
{
    g_autoptr(GByteArray) tlvs = g_byte_array_new();

    if (self->state == OVER)
        return;
    bool sealed = sealed_tlvs(self);
    mc_mice_add_name(tlvs, self->config.name);
    add_source_id(self, tlvs);
    send_message(self, MC_MICE_STOP_PROJECTION, tlvs, sealed);
    self->state = OVER;
    self->deadline_us = self->message_end_us = INT64_MAX;
}

/* ---- life ---- */

McMiceControl *mc_mice_control_new(const McMiceConfig *config, int64_t now_us, GError **error)
{
    g_autoptr(McMiceControl) self = g_new0(McMiceControl, 1);

    self->config = *config;
    self->held = g_byte_array_new();
    self->deadline_us = self->message_end_us = INT64_MAX;
    self->handshake_end_us = now_us + HANDSHAKE_US;
    g_queue_init(&self->outputs);
    g_queue_init(&self->events);
    if (config->security == MC_MICE_OPEN) {
        send_source_ready(self);
        return g_steal_pointer(&self);
    }
    self->dtls = mc_dtls_new(error);
    if (!self->dtls)
        return NULL;
    if (requests(self))
        send_session_request(self); /* must be the first message */
    step_handshake(self, NULL, 0, now_us);
    return g_steal_pointer(&self);
}

void mc_mice_control_free(McMiceControl *self)
{
    if (!self)
        return;
    g_queue_clear_full(&self->outputs, (GDestroyNotify) g_bytes_unref);
    g_queue_clear(&self->events);
    g_byte_array_unref(self->held);
    g_clear_error(&self->error);
    mc_dtls_free(self->dtls);
    OPENSSL_cleanse(self->expected, sizeof(self->expected));
    g_free(self);
}

GBytes *mc_mice_control_output(McMiceControl *self)
{
    return g_queue_pop_head(&self->outputs);
}

bool mc_mice_control_event(McMiceControl *self, McMiceEvent *ret_event, GError **ret_error)
{
    if (g_queue_is_empty(&self->events))
        return false;
    *ret_event = GPOINTER_TO_INT(g_queue_pop_head(&self->events));
    if (*ret_event == MC_MICE_EVENT_FAILED)
        g_propagate_error(ret_error, g_steal_pointer(&self->error));
    return true;
}

bool mc_mice_control_encrypts(const McMiceControl *self)
{
    return self->dtls != NULL;
}

bool mc_mice_control_protect(McMiceControl *self, uint8_t *datagram, size_t room, size_t *len)
{
    return mc_dtls_seal_in_place(self->dtls, datagram, room, len);
}

bool mc_mice_control_open(McMiceControl *self, const uint8_t *records, size_t len, GByteArray *out)
{
    return mc_dtls_open(self->dtls, records, len, out);
}
