/* SPDX-License-Identifier: MIT */
/* The transmitter against a receiver, on a simulated clock: every variant and every fault. */
#include "umd/hdcp/machine.h"

#include <string.h>

#include "tests/unit/umd/hdcp-receiver.h"
#include "tests/unit/umd/hdcp-test-keys.h"
#include "umd/hdcp/crypto.h"
#include "umd/hdcp/error.h"
#include "umd/hdcp/message.h"

static const char *data_dir;

typedef struct {
    Receiver *rx;
    McHdcpMachine *tx;
    McHdcpMachineConfig config;
    McHdcpKeys *keys;
    McHdcpPairings *pairings;
    int64_t now_us, ready_us, eks_us;
    unsigned ready, agreed, stopped, changed, failed;
    size_t piece; /* deliver in pieces of so many bytes; 0: as said */
} Lab;

static Lab *lab_new(void)
{
    Lab *lab = g_new0(Lab, 1);

    lab->rx = receiver_new(data_dir);
    lab->keys = load_test_keys(data_dir);
    lab->pairings = mc_hdcp_pairings_new();
    lab->config = mc_hdcp_machine_config_default();
    lab->config.keys = lab->keys;
    lab->config.pairings = lab->pairings;
    lab->now_us = 1000000;
    return lab;
}

static void lab_free(Lab *lab)
{
    mc_hdcp_machine_free(lab->tx);
    mc_hdcp_pairings_free(lab->pairings);
    mc_hdcp_keys_free(lab->keys);
    receiver_free(lab->rx);
    g_free(lab);
}

static void take_events(Lab *lab)
{
    McHdcpEventType event;

    while (mc_hdcp_machine_next_event(lab->tx, &event)) {
        lab->ready += event == MC_HDCP_EVENT_READY;
        lab->agreed += event == MC_HDCP_EVENT_STREAMS_AGREED;
        lab->stopped += event == MC_HDCP_EVENT_STOP_CONTENT;
        lab->changed += event == MC_HDCP_EVENT_PAIRINGS_CHANGED;
        lab->failed += event == MC_HDCP_EVENT_FAILED;
        if (event == MC_HDCP_EVENT_READY)
            lab->ready_us = lab->now_us;
    }
}

static void pump(Lab *lab)
{
    size_t len = 0;
    const unsigned eks = lab->rx->eks;
    const uint8_t *bytes = mc_hdcp_machine_output(lab->tx, &len);

    receiver_feed(lab->rx, bytes, len, lab->now_us);
    mc_hdcp_machine_consume(lab->tx, len);
    if (lab->rx->eks != eks)
        lab->eks_us = lab->now_us;
    take_events(lab);
}

static void deliver(Lab *lab, Packet *packet)
{
    gsize len = 0;
    const uint8_t *bytes = g_bytes_get_data(packet->bytes, &len);

    for (gsize at = 0; at < len;) {
        const gsize share = lab->piece ? MIN(lab->piece, len - at) : len;

        mc_hdcp_machine_receive(lab->tx, bytes + at, share, lab->now_us);
        at += share;
    }
    packet_free(packet);
}

/* Until neither side has anything to wait for, or until_us. */
static void run_until(Lab *lab, int64_t until_us)
{
    pump(lab);
    for (unsigned steps = 0; steps < 100000; steps++) {
        const int64_t due = receiver_due_us(lab->rx);
        const int64_t deadline = mc_hdcp_machine_deadline_us(lab->tx);
        const bool receive = due >= 0 && (deadline < 0 || due < deadline);
        const int64_t next = receive ? due : deadline;

        if (next < 0 || next > until_us)
            return;
        lab->now_us = MAX(lab->now_us, next);
        if (receive)
            deliver(lab, receiver_take(lab->rx));
        else
            mc_hdcp_machine_tick(lab->tx, lab->now_us);
        pump(lab);
    }
    g_assert_not_reached();
}

static void start(Lab *lab)
{
    g_autoptr(GError) error = NULL;

    if (!lab->tx)
        lab->tx = mc_hdcp_machine_new(&lab->config, &error);
    g_assert_no_error(error);
    mc_hdcp_machine_start(lab->tx, lab->now_us);
}

static void run(Lab *lab)
{
    start(lab);
    run_until(lab, INT64_MAX);
}

/* Both sides' keys, and what the content's cipher does with them. */
static void assert_ready(Lab *lab)
{
    uint8_t ours[48] = "a picture that both sides see the same way", theirs[48];

    if (mc_hdcp_machine_error(lab->tx))
        g_test_message("%s", mc_hdcp_machine_error(lab->tx)->message);
    g_assert_cmpuint(lab->failed, ==, 0);
    g_assert_cmpuint(lab->ready, ==, 1);
    memcpy(theirs, ours, sizeof(ours));
    McHdcpCipher *tx = mc_hdcp_machine_new_cipher(lab->tx);
    McHdcpCipher *rx = mc_hdcp_keys_new_cipher(lab->keys, lab->rx->ks, lab->rx->riv);
    g_assert_nonnull(tx);
    g_assert_true(mc_hdcp_cipher_run(tx, 1, 7, ours, sizeof(ours)));
    g_assert_true(mc_hdcp_cipher_run(rx, 1, 7, theirs, sizeof(theirs)));
    g_assert_cmpmem(ours, sizeof(ours), theirs, sizeof(theirs));
    g_assert_cmpint(lab->ready_us - lab->eks_us, >=, 200000);
    mc_hdcp_cipher_free(tx);
    mc_hdcp_cipher_free(rx);
}

static void assert_failed(Lab *lab, const char *code)
{
    const GError *error = mc_hdcp_machine_error(lab->tx);

    g_assert_nonnull(error);
    g_assert_cmpstr(mc_hdcp_error_code(error->code), ==, code);
    g_assert_cmpuint(lab->failed, ==, 1);
    g_assert_null(mc_hdcp_machine_new_cipher(lab->tx));
    g_assert_cmpint(mc_hdcp_machine_deadline_us(lab->tx), ==, -1);
}

/* ---- variants ---- */

typedef struct {
    const char *name;
    unsigned rx_version, tx_version;
    bool rx_precompute, tx_precompute, repeater;
} Variant;

static const Variant variants[] = {
    {"2.0", 0, 0, false, false, false},
    {"2.0-asked-for-2.2", 0, 2, false, true, false},
    {"2.1", 1, 1, false, false, false},
    {"2.1-precompute", 1, 1, true, true, false},
    {"2.1-with-2.2", 1, 2, true, true, false},
    {"2.2", 2, 2, false, true, false},
    {"2.2-precompute", 2, 2, true, true, false},
    {"2.2-only-receiver-precomputes", 2, 2, true, false, false},
    {"2.3-with-2.2", 3, 2, true, true, false},
    {"2.2-with-2.0", 2, 0, true, false, false},
    {"2.0-repeater", 0, 2, false, true, true},
    {"2.1-repeater", 1, 2, true, true, true},
    {"2.2-repeater", 2, 2, true, true, true},
};

static Lab *lab_for(const Variant *v)
{
    Lab *lab = lab_new();

    lab->rx->version = v->tx_version ? v->rx_version : 0; /* a receiver falls back likewise */
    lab->rx->precompute = v->rx_precompute;
    lab->rx->repeater = v->repeater;
    lab->config.version = (uint8_t) v->tx_version;
    lab->config.precompute = v->tx_precompute;
    return lab;
}

static void test_variant(const void *data)
{
    const Variant *v = data;
    Lab *lab = lab_for(v);

    run(lab);
    assert_ready(lab);
    const McHdcpStatus *status = mc_hdcp_machine_status(lab->tx);
    g_assert_cmpuint(status->version, ==, v->tx_version ? v->rx_version : 0);
    g_assert_cmpint(status->precompute, ==, v->rx_precompute && v->tx_precompute);
    g_assert_cmpuint(lab->rx->challenges, ==, status->precompute ? 1 : 0);
    g_assert_cmpuint(lab->rx->new_kms, ==, 1);
    g_assert_cmpuint(lab->changed, ==, 1);
    g_assert_cmpuint(status->locality_us, ==, 1000);
    if (v->repeater) {
        g_assert_cmpuint(status->device_count, ==, 1);
        g_assert_cmpuint(lab->rx->acks, ==, v->rx_version ? 1 : 0);
        g_assert_cmpuint(lab->rx->manages, ==, v->rx_version ? 1 : 0);
    }
    lab_free(lab);
}

/* The second time the receiver is known: no RSA, and the time limits are short. */
static void test_stored_km(const void *data)
{
    Lab *lab = lab_for(data);

    run(lab);
    mc_hdcp_machine_free(g_steal_pointer(&lab->tx));
    lab->ready = 0;
    run(lab);
    assert_ready(lab);
    g_assert_cmpuint(lab->rx->stored_kms, ==, 1);
    g_assert_cmpuint(lab->rx->new_kms, ==, 1);
    g_assert_true(mc_hdcp_machine_status(lab->tx)->paired_before);
    lab_free(lab);
}

static void test_byte_by_byte(const void *data)
{
    Lab *lab = lab_for(data);

    lab->piece = 1;
    run(lab);
    assert_ready(lab);
    lab_free(lab);
}

/* ---- faults ---- */

static void test_bad_certificate(void)
{
    Lab *lab = lab_new();

    lab->rx->bad_signature = true;
    run(lab);
    assert_failed(lab, "hdcp.certificate");
    g_assert_cmpuint(lab->rx->new_kms, ==, 0);
    lab_free(lab);
}

static void test_no_answer(void)
{
    Lab *lab = lab_new();

    lab->rx->no_cert = true;
    run(lab);
    assert_failed(lab, "hdcp.timeout");
    g_assert_cmpuint(lab->rx->inits, ==, 3);
    g_assert_cmpint(lab->now_us, ==, 1000000 + 3 * 200000);
    lab_free(lab);
}

static void test_wrong_h(void)
{
    Lab *lab = lab_new();

    lab->rx->wrong_h = true;
    run(lab);
    assert_failed(lab, "hdcp.h-prime");
    g_assert_cmpuint(lab->rx->lc_inits, ==, 0);
    g_assert_cmpuint(mc_hdcp_pairings_count(lab->pairings), ==, 0);
    lab_free(lab);
}

static void test_no_h(void)
{
    Lab *lab = lab_new();

    lab->rx->no_h = true;
    lab->config.attempts = 1;
    run(lab);
    assert_failed(lab, "hdcp.timeout");
    g_assert_cmpint(lab->now_us, ==, 1000000 + 1000 + 1000000); /* 1 s behind the km message */
    lab_free(lab);
}

/* The receiver lost its key: the pairing is worth nothing, and a new one is made. */
static void test_stale_pairing(void)
{
    Lab *lab = lab_new();

    run(lab);
    mc_hdcp_machine_free(g_steal_pointer(&lab->tx));
    lab->ready = 0;
    lab->rx->forgot_pairing = true;
    run(lab);
    assert_ready(lab);
    g_assert_cmpuint(lab->rx->stored_kms, ==, 1);
    g_assert_cmpuint(lab->rx->new_kms, ==, 2);
    g_assert_cmpuint(lab->changed, ==, 3); /* made, removed, made */
    g_assert_cmpuint(mc_hdcp_pairings_count(lab->pairings), ==, 1);
    lab_free(lab);
}

static void test_stored_h_late(void)
{
    Lab *lab = lab_new();

    run(lab);
    mc_hdcp_machine_free(g_steal_pointer(&lab->tx));
    lab->ready = 0;
    lab->rx->no_h = true;
    start(lab);
    const int64_t begun = lab->now_us;
    run_until(lab, begun + 1000 + 200000);
    g_assert_cmpuint(lab->rx->inits, ==, 3); /* given up after 200 ms */
    lab->rx->no_h = false;
    run_until(lab, INT64_MAX);
    assert_ready(lab);
    g_assert_cmpuint(lab->rx->new_kms, ==, 2);
    lab_free(lab);
}

static void test_no_pairing_info(void)
{
    Lab *lab = lab_new();

    lab->rx->no_pairing = true;
    lab->config.attempts = 1;
    run(lab);
    assert_failed(lab, "hdcp.timeout");
    g_assert_cmpint(lab->now_us, ==, 1000000 + 2 * 1000 + 200000);
    lab_free(lab);
}

static void test_late_l(const void *data)
{
    Lab *lab = lab_for(data);

    lab->rx->slow_l = 3;
    lab->rx->slow_us = 20000;
    run(lab);
    assert_ready(lab);
    g_assert_cmpuint(mc_hdcp_machine_status(lab->tx)->locality_tries, >, 1);
    g_assert_cmpuint(mc_hdcp_machine_status(lab->tx)->locality_tries, <, 20);
    g_assert_cmpuint(mc_hdcp_machine_status(lab->tx)->locality_us, <, 7000);
    lab_free(lab);
}

static void test_wrong_l(const void *data)
{
    Lab *lab = lab_for(data);

    lab->rx->wrong_l = 5;
    run(lab);
    assert_ready(lab);
    g_assert_cmpuint(mc_hdcp_machine_status(lab->tx)->locality_tries, ==, 6);
    lab_free(lab);
}

/* 10 ms away: never near enough, but the tries end. */
static void test_far_away(const void *data)
{
    Lab *lab = lab_for(data);

    lab->rx->slow_l = G_MAXUINT;
    lab->rx->slow_us = 10000;
    lab->config.attempts = 1;
    run(lab);
    assert_failed(lab, "hdcp.locality");
    g_assert_cmpuint(mc_hdcp_machine_status(lab->tx)->locality_tries, <=, 1024);
    g_assert_cmpuint(mc_hdcp_machine_status(lab->tx)->locality_tries, >, 500);
    g_assert_cmpint(lab->now_us, <, 1000000 + 11 * 1000000);
    g_assert_cmpuint(lab->rx->eks, ==, 0);
    lab_free(lab);
}

/* The answer lies in the socket together with the deadline: whoever reads it late may not call it
 * in time. */
static void test_read_late(void)
{
    Lab *lab = lab_for(&variants[2]);

    start(lab);
    while (!lab->rx->lc_inits)
        run_until(lab, lab->now_us += 500);
    Packet *l_prime = receiver_take(lab->rx);
    g_assert_nonnull(l_prime);
    lab->now_us += 8000;
    deliver(lab, l_prime);
    pump(lab);
    g_assert_cmpuint(lab->rx->eks, ==, 0);
    g_assert_cmpuint(lab->rx->lc_inits, ==, 2);
    run_until(lab, INT64_MAX);
    assert_ready(lab);
    lab_free(lab);
}

static void test_locality_20_ms(void)
{
    Lab *lab = lab_new();

    lab->rx->slow_l = G_MAXUINT;
    lab->rx->slow_us = 15000;
    lab->config.locality_us = 20000;
    run(lab);
    assert_ready(lab);
    g_assert_cmpuint(mc_hdcp_machine_status(lab->tx)->locality_us, ==, 16000);
    lab_free(lab);
}

static void test_never_ready(void)
{
    Lab *lab = lab_new();

    lab->rx->no_ready = true;
    lab->config.attempts = 1;
    run(lab);
    assert_failed(lab, "hdcp.locality");
    g_assert_cmpint(lab->now_us, <, 1000000 + 11 * 1000000);
    lab_free(lab);
}

/* AKE_Receiver_Info after we took the receiver for a 2.0 one: begins anew instead of failing H'. */
static void test_late_info(void)
{
    Lab *lab = lab_new();

    lab->rx->late_info_us = 250000;
    start(lab);
    run_until(lab, lab->now_us + 240000);
    lab->rx->late_info_us = 0;
    run_until(lab, INT64_MAX);
    assert_ready(lab);
    lab_free(lab);
}

/* ---- revocation ---- */

static void set_revoked(Lab *lab, const uint8_t id[5], unsigned version)
{
    uint8_t srm[12 + 10 + 384] = {0x91, 0, (uint8_t) (version >> 8), (uint8_t) version, 1};
    const size_t length = sizeof(srm) - 5;
    g_autoptr(GError) error = NULL;

    srm[6] = (uint8_t) (length >> 8);
    srm[7] = (uint8_t) length;
    srm[9] = 2 << 6;
    memcpy(srm + 12, id, 5);
    memset(srm + 17, 0x0f, 5);
    receiver_sign(lab->rx, srm, 22, srm + 22);
    g_assert_true(mc_hdcp_keys_set_srm(lab->keys, srm, sizeof(srm), &error));
    g_assert_no_error(error);

    srm[13] ^= 1; /* not what was signed */
    g_assert_false(mc_hdcp_keys_set_srm(lab->keys, srm, sizeof(srm), &error));
    g_assert_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_SRM);
    g_assert_cmpuint(mc_hdcp_keys_srm_version(lab->keys), ==, version);
}

static void test_revoked(void)
{
    Lab *lab = lab_new();

    set_revoked(lab, lab->rx->id, 7);
    run(lab);
    assert_failed(lab, "hdcp.revoked");
    g_assert_cmpuint(lab->rx->inits, ==, 1);
    g_assert_cmpuint(lab->rx->new_kms, ==, 0);
    lab_free(lab);
}

static void test_revoked_behind(const void *data)
{
    Lab *lab = lab_for(data);

    set_revoked(lab, lab->rx->device_id, 300);
    run(lab);
    assert_failed(lab, "hdcp.revoked");
    g_assert_cmpuint(lab->rx->acks, ==, 0);
    lab_free(lab);
}

static void test_srm_sizes(void)
{
    Lab *lab = lab_new();
    uint8_t srm[12 + 10 + 384] = {0x91, 0, 0, 1, 1, 0, 1, 0x91};

    for (size_t len = 0; len <= sizeof(srm); len++)
        g_assert_false(mc_hdcp_keys_set_srm(lab->keys, srm, len, NULL));
    srm[8] = 0xff; /* counts 1020 devices */
    g_assert_false(mc_hdcp_keys_set_srm(lab->keys, srm, sizeof(srm), NULL));
    g_assert_cmpuint(mc_hdcp_keys_srm_version(lab->keys), ==, 0);
    lab_free(lab);
}

/* ---- repeaters ---- */

static void fail_repeater(const Variant *v, void (*fault)(Receiver *rx), const char *code)
{
    Lab *lab = lab_for(v);

    fault(lab->rx);
    run(lab);
    assert_failed(lab, code);
    g_assert_cmpuint(lab->ready, ==, 0);
    lab_free(lab);
}

static void fault_wrong_v(Receiver *rx)
{
    rx->wrong_v = true;
}
static void fault_no_list(Receiver *rx)
{
    rx->no_list = true;
}
static void fault_devices(Receiver *rx)
{
    rx->device_count = 32;
}
static void fault_many_devices(Receiver *rx)
{
    rx->device_count = 255;
}
static void fault_depth(Receiver *rx)
{
    rx->depth = 5;
}
static void fault_max(Receiver *rx)
{
    rx->max_devs = true;
}
static void fault_seq(Receiver *rx)
{
    rx->first_seq_num_v = 1;
}
static void fault_wrong_m(Receiver *rx)
{
    rx->wrong_m = true;
}
static void fault_no_stream_ready(Receiver *rx)
{
    rx->no_stream_ready = true;
}

static void test_repeater_faults(const void *data)
{
    const Variant *v = data;

    fail_repeater(v, fault_wrong_v, "hdcp.v-prime");
    fail_repeater(v, fault_no_list, "hdcp.timeout");
    fail_repeater(v, fault_devices, "hdcp.topology");
    fail_repeater(v, fault_many_devices, "hdcp.topology");
    fail_repeater(v, fault_depth, "hdcp.topology");
    fail_repeater(v, fault_max, "hdcp.topology");
    if (!v->rx_version)
        return;
    fail_repeater(v, fault_seq, "hdcp.v-prime");
    fail_repeater(v, fault_wrong_m, "hdcp.m-prime");
    fail_repeater(v, fault_no_stream_ready, "hdcp.timeout");
}

static void test_full_house(const void *data)
{
    Lab *lab = lab_for(data);

    lab->rx->device_count = 31;
    lab->rx->depth = 4;
    run(lab);
    assert_ready(lab);
    g_assert_cmpuint(mc_hdcp_machine_status(lab->tx)->device_count, ==, 31);
    lab_free(lab);
}

/* A monitor is plugged in behind the repeater: a new list, no new authentication. */
static void test_new_list(void)
{
    Lab *lab = lab_for(&variants[12]);

    run(lab);
    assert_ready(lab);
    lab->rx->device_count = 2;
    receiver_send_list(lab->rx, lab->now_us + 5000);
    run_until(lab, INT64_MAX);
    g_assert_cmpuint(lab->rx->acks, ==, 2);
    g_assert_cmpuint(lab->stopped, ==, 0);
    g_assert_cmpuint(mc_hdcp_machine_status(lab->tx)->device_count, ==, 2);

    lab->rx->seq_num_v = 1; /* the same list again: a replay */
    receiver_send_list(lab->rx, lab->now_us + 5000);
    run_until(lab, INT64_MAX);
    g_assert_cmpuint(lab->rx->acks, ==, 3); /* of the authentication that followed */
    g_assert_cmpuint(lab->stopped, ==, 1);
    g_assert_cmpuint(lab->ready, ==, 2);
    lab_free(lab);
}

static void test_streams(void)
{
    Lab *lab = lab_for(&variants[12]);
    const McHdcpStream video = {0, 0x1011, 1};
    static const uint8_t said[] = {0, 0, 0, 0, 0x10, 0x11, 1};

    run(lab);
    assert_ready(lab);
    g_assert_cmpuint(lab->rx->streams->len, ==, 14);
    g_assert_true(mc_hdcp_machine_set_streams(lab->tx, &video, 1, lab->now_us));
    run_until(lab, INT64_MAX);
    g_assert_cmpmem(lab->rx->streams->data, lab->rx->streams->len, said, sizeof(said));
    g_assert_cmpuint(lab->agreed, ==, 1);
    g_assert_cmpuint(lab->ready, ==, 1); /* the key goes on: counters may not begin again */

    lab->rx->wrong_m = true;
    g_assert_true(mc_hdcp_machine_set_streams(lab->tx, &video, 1, lab->now_us));
    run_until(lab, lab->now_us + 2000);
    g_assert_cmpuint(lab->stopped, ==, 1);
    lab_free(lab);
}

static void test_type_1(void)
{
    Lab *lab = lab_for(&variants[4]); /* receiver 2.1 */

    lab->config.streams[0].type = 1;
    run(lab);
    assert_failed(lab, "hdcp.type");
    g_assert_cmpuint(lab->rx->new_kms, ==, 0);
    lab_free(lab);
    lab = lab_for(&variants[6]);
    lab->config.streams[0].type = 1;
    run(lab);
    assert_ready(lab);
    lab_free(lab);
}

/* ---- re-authentication ---- */

static void test_reauthentication(void)
{
    Lab *lab = lab_new();
    uint8_t ks[16];

    run(lab);
    memcpy(ks, lab->rx->ks, 16);
    for (unsigned i = 1; i <= 5; i++) { /* more often than there are attempts */
        receiver_ask_reauth(lab->rx, lab->now_us + 1000);
        run_until(lab, INT64_MAX);
        g_assert_cmpuint(lab->stopped, ==, i);
        g_assert_cmpuint(lab->ready, ==, i + 1);
    }
    g_assert_cmpint(memcmp(ks, lab->rx->ks, 16), !=, 0);
    lab->ready = 1;
    assert_ready(lab);
    lab_free(lab);
}

/* A receiver that asks in the middle of each attempt does not keep us busy for ever. */
static void test_reauthentication_over_and_over(void)
{
    Lab *lab = lab_new();

    lab->rx->no_h = true;
    start(lab);
    for (unsigned i = 0; i < 10 && !lab->failed; i++) {
        run_until(lab, lab->now_us + 2000);
        receiver_ask_reauth(lab->rx, lab->now_us + 10000);
        run_until(lab, lab->now_us + 10000);
    }
    assert_failed(lab, "hdcp.timeout");
    lab_free(lab);
}

static void test_disconnected(void)
{
    Lab *lab = lab_new();

    run(lab);
    mc_hdcp_machine_disconnected(lab->tx);
    take_events(lab);
    assert_failed(lab, "hdcp.disconnected");
    g_assert_cmpuint(lab->stopped, ==, 1);
    mc_hdcp_machine_disconnected(lab->tx); /* said once */
    take_events(lab);
    g_assert_cmpuint(lab->failed, ==, 1);
    lab->failed = lab->ready = 0;
    run(lab);
    assert_ready(lab);
    lab_free(lab);
}

/* ---- hostile bytes ---- */

static void test_garbage(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);

    for (unsigned round = 0; round < 300; round++) {
        Lab *lab = lab_new();
        uint8_t bytes[4096];

        start(lab);
        run_until(lab, lab->now_us + (int64_t) round * 20);
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (uint8_t) g_rand_int_range(rand, 0, round % 2 ? 256 : 21);
        for (size_t at = 0; at < sizeof(bytes); at += 64)
            mc_hdcp_machine_receive(lab->tx, bytes + at, 64, lab->now_us);
        take_events(lab);
        lab_free(lab);
    }
}

static void test_bad_ids(void)
{
    static const uint8_t bad[] = {0, 2, 4, 5, 9, 11, 14, 15, 16, 19, 21, 255};

    for (size_t i = 0; i < sizeof(bad); i++) {
        Lab *lab = lab_new();

        start(lab);
        mc_hdcp_machine_receive(lab->tx, &bad[i], 1, lab->now_us);
        take_events(lab);
        assert_failed(lab, "hdcp.malformed");
        lab_free(lab);
    }
}

static void test_bad_length(void)
{
    static const uint8_t bad[][3] = {{18, 0, 3}, {18, 0xff, 0xff}, {20, 0, 5}, {20, 1, 1}};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        Lab *lab = lab_new();

        start(lab);
        mc_hdcp_machine_receive(lab->tx, bad[i], 3, lab->now_us);
        take_events(lab);
        assert_failed(lab, "hdcp.malformed");
        lab_free(lab);
    }
}

/* Each message cut short: nothing happens but the time-out of its state. */
static void test_truncated(void)
{
    const McHdcpLayout layouts[] = {{true, false}, {false, false}, {false, true}};
    static const uint8_t ids[] = {1, 3, 6, 7, 8, 10, 12, 13, 17, 18, 20};

    for (size_t l = 0; l < G_N_ELEMENTS(layouts); l++) {
        for (size_t i = 0; i < sizeof(ids); i++) {
            uint8_t bytes[MC_HDCP_MESSAGE_MAX] = {ids[i], 0, 0, 3};
            McHdcpMessage message;
            size_t used = 0, whole = 0;

            if (ids[i] == 18 || ids[i] == 20)
                bytes[2] = 6;
            while (mc_hdcp_message_read(bytes, whole, &layouts[l], &message, &used) ==
                   MC_HDCP_READ_MORE)
                g_assert_cmpuint(++whole, <=, sizeof(bytes));
            g_assert_cmpuint(used, ==, whole);
            g_assert_cmpint(message.id, ==, ids[i]);
            /* More behind it changes nothing. */
            g_assert_cmpint(
                mc_hdcp_message_read(bytes, sizeof(bytes), &layouts[l], &message, &used), ==,
                MC_HDCP_READ_OK);
            g_assert_cmpuint(used, ==, whole);
        }
    }
}

/* Answers nobody asked for, and every answer twice, change nothing. */
static void test_strays(void)
{
    Lab *lab = lab_new();
    uint8_t zero[600] = {0};

    start(lab);
    receiver_say(lab->rx, 0, 1, NULL, 0);
    receiver_say(lab->rx, 0, 6, zero, 8);
    receiver_say(lab->rx, 0, 7, zero, 32);
    receiver_say(lab->rx, 0, 8, zero, 16);
    receiver_say(lab->rx, 0, 13, NULL, 0);
    receiver_say(lab->rx, 0, 17, zero, 32);
    receiver_say(lab->rx, 0, 12, zero, 36);
    run_until(lab, INT64_MAX);
    assert_ready(lab);
    receiver_say(lab->rx, 0, 3, zero, 523);
    receiver_say(lab->rx, 0, 6, zero, 8);
    receiver_say(lab->rx, 0, 7, zero, 32);
    receiver_say(lab->rx, 0, 10, zero, 16);
    receiver_say(lab->rx, 0, 12, zero, 25); /* it is no repeater */
    receiver_say(lab->rx, 0, 20, (const uint8_t[]){0, 6, 2, 0, 0}, 5);
    run_until(lab, INT64_MAX);
    g_assert_cmpuint(lab->stopped, ==, 0);
    assert_ready(lab);
    lab_free(lab);
}

static void test_names(void)
{
    g_assert_cmpstr(mc_hdcp_message_name(12), ==, "RepeaterAuth_Send_ReceiverID_List");
    g_assert_cmpstr(mc_hdcp_message_name(0), ==, "?");
    g_assert_cmpstr(mc_hdcp_message_name(999), ==, "?");
    g_assert_cmpstr(mc_hdcp_error_code(-1), ==, "hdcp.failed");
}

static void add_variants(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(variants); i++) {
        g_autofree char *plain = g_strdup_printf("/hdcp/machine/variant/%s", variants[i].name);
        g_autofree char *stored = g_strdup_printf("/hdcp/machine/stored-km/%s", variants[i].name);
        g_autofree char *bytes = g_strdup_printf("/hdcp/machine/by-byte/%s", variants[i].name);

        g_test_add_data_func(plain, &variants[i], test_variant);
        g_test_add_data_func(stored, &variants[i], test_stored_km);
        g_test_add_data_func(bytes, &variants[i], test_byte_by_byte);
        if (!variants[i].repeater)
            continue;
        g_autofree char *faults = g_strdup_printf("/hdcp/machine/faults/%s", variants[i].name);
        g_autofree char *full = g_strdup_printf("/hdcp/machine/31-devices/%s", variants[i].name);
        g_autofree char *revoked = g_strdup_printf("/hdcp/machine/revoked/%s", variants[i].name);
        g_test_add_data_func(faults, &variants[i], test_repeater_faults);
        g_test_add_data_func(full, &variants[i], test_full_house);
        g_test_add_data_func(revoked, &variants[i], test_revoked_behind);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    data_dir = g_getenv("HDCP_TEST_DATA");
    g_assert_nonnull(data_dir);
    add_variants();
    g_test_add_func("/hdcp/machine/bad-certificate", test_bad_certificate);
    g_test_add_func("/hdcp/machine/no-answer", test_no_answer);
    g_test_add_func("/hdcp/machine/wrong-h", test_wrong_h);
    g_test_add_func("/hdcp/machine/no-h", test_no_h);
    g_test_add_func("/hdcp/machine/stale-pairing", test_stale_pairing);
    g_test_add_func("/hdcp/machine/stored-h-late", test_stored_h_late);
    g_test_add_func("/hdcp/machine/no-pairing-info", test_no_pairing_info);
    g_test_add_data_func("/hdcp/machine/late-l/2.1", &variants[2], test_late_l);
    g_test_add_data_func("/hdcp/machine/late-l/2.2", &variants[6], test_late_l);
    g_test_add_data_func("/hdcp/machine/wrong-l/2.1", &variants[2], test_wrong_l);
    g_test_add_data_func("/hdcp/machine/wrong-l/2.2", &variants[6], test_wrong_l);
    g_test_add_data_func("/hdcp/machine/far-away/2.1", &variants[2], test_far_away);
    g_test_add_data_func("/hdcp/machine/far-away/2.2", &variants[6], test_far_away);
    g_test_add_func("/hdcp/machine/locality-20-ms", test_locality_20_ms);
    g_test_add_func("/hdcp/machine/read-late", test_read_late);
    g_test_add_func("/hdcp/machine/never-ready", test_never_ready);
    g_test_add_func("/hdcp/machine/late-info", test_late_info);
    g_test_add_func("/hdcp/machine/revoked-receiver", test_revoked);
    g_test_add_func("/hdcp/machine/srm-sizes", test_srm_sizes);
    g_test_add_func("/hdcp/machine/new-list", test_new_list);
    g_test_add_func("/hdcp/machine/streams", test_streams);
    g_test_add_func("/hdcp/machine/type-1", test_type_1);
    g_test_add_func("/hdcp/machine/reauthentication", test_reauthentication);
    g_test_add_func("/hdcp/machine/reauthentication-over-and-over",
                    test_reauthentication_over_and_over);
    g_test_add_func("/hdcp/machine/disconnected", test_disconnected);
    g_test_add_func("/hdcp/machine/garbage", test_garbage);
    g_test_add_func("/hdcp/machine/bad-ids", test_bad_ids);
    g_test_add_func("/hdcp/machine/bad-length", test_bad_length);
    g_test_add_func("/hdcp/machine/truncated", test_truncated);
    g_test_add_func("/hdcp/machine/strays", test_strays);
    g_test_add_func("/hdcp/machine/names", test_names);
    return g_test_run();
}
