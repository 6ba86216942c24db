/* SPDX-License-Identifier: MIT */
/* The HDCP transmitter between a receiver that does all right and someone who changes it on the
 * way. First byte: both sides' kind.  Then operations, a byte each, with their operands: 0..99 let
 * the receiver's next message through 100     change a byte of it: place, value 101     drop it 102
 * deliver it twice 103     bytes of one's own: count, bytes 104     time goes on: milliseconds 105
 * ask for authentication again       106  the list of a repeater changes 107     Type 1 content 108
 * the connection is lost, and a new start */
#include "tests/fuzz/fuzz.h"

#include <openssl/rand.h>
#include <string.h>

#include "tests/unit/umd/hdcp-receiver.h"
#include "tests/unit/umd/hdcp-test-keys.h"
#include "umd/hdcp/machine.h"

typedef struct {
    Receiver *rx;
    McHdcpMachine *tx;
    McHdcpMachineConfig config;
    int64_t now_us;
    bool ready;
    const uint8_t *data;
    size_t size;
} Lab;

/* OpenSSL's generators are made before the secure heap is, which leak checkers do not look into. */
static void make_generators(void)
{
    uint8_t byte;

    g_assert_true(RAND_bytes(&byte, 1) == 1 && RAND_priv_bytes(&byte, 1) == 1);
}

static McHdcpKeys *load_keys(void)
{
    static McHdcpKeys *keys;

    if (keys)
        return keys;
    make_generators();
    return keys = load_test_keys(HDCP_TEST_DATA);
}

static uint8_t next(Lab *lab)
{
    if (!lab->size)
        return 0;
    lab->size--;
    return *lab->data++;
}

/* What must hold whatever came: a key exists only between READY and STOP_CONTENT. */
static void pump(Lab *lab)
{
    McHdcpEventType event;
    size_t len = 0;
    const uint8_t *bytes = mc_hdcp_machine_output(lab->tx, &len);

    receiver_feed(lab->rx, bytes, len, lab->now_us);
    mc_hdcp_machine_consume(lab->tx, len);
    while (mc_hdcp_machine_next_event(lab->tx, &event)) {
        if (event == MC_HDCP_EVENT_READY)
            lab->ready = true;
        else if (event == MC_HDCP_EVENT_STOP_CONTENT || event == MC_HDCP_EVENT_FAILED)
            lab->ready = false;
        g_assert_true((event == MC_HDCP_EVENT_FAILED) <= (mc_hdcp_machine_error(lab->tx) != NULL));
    }
    McHdcpCipher *cipher = mc_hdcp_machine_new_cipher(lab->tx);
    g_assert_true(!cipher || lab->ready);
    mc_hdcp_cipher_free(cipher);
}

static void give(Lab *lab, const uint8_t *bytes, size_t len)
{
    g_autofree uint8_t *exact = g_memdup2(bytes, len);

    mc_hdcp_machine_receive(lab->tx, exact, len, lab->now_us);
    pump(lab);
}

static void pass_message(Lab *lab, uint8_t operation)
{
    Packet *packet = receiver_take(lab->rx);
    gsize len = 0;

    if (!packet) { /* nothing on its way: time goes on to where something happens */
        const int64_t deadline = mc_hdcp_machine_deadline_us(lab->tx);
        lab->now_us = MAX(lab->now_us, deadline);
        mc_hdcp_machine_tick(lab->tx, lab->now_us);
        pump(lab);
        return;
    }
    lab->now_us = MAX(lab->now_us, packet->due_us);
    g_autofree uint8_t *bytes =
        g_memdup2(g_bytes_get_data(packet->bytes, NULL), g_bytes_get_size(packet->bytes));
    len = g_bytes_get_size(packet->bytes);
    packet_free(packet);
    if (operation == 100 && len)
        bytes[next(lab) % len] = next(lab);
    if (operation != 101)
        give(lab, bytes, len);
    if (operation == 102)
        give(lab, bytes, len);
}

static void inject(Lab *lab)
{
    const size_t wanted = next(lab);
    const size_t len = MIN(wanted, lab->size);

    give(lab, lab->data, len);
    lab->data += len;
    lab->size -= len;
}

static void set_type(Lab *lab)
{
    McHdcpStream streams[2] = {lab->config.streams[0], lab->config.streams[1]};

    streams[0].type = streams[1].type = 1;
    mc_hdcp_machine_set_streams(lab->tx, streams, 2, lab->now_us);
}

static void step(Lab *lab)
{
    const uint8_t operation = next(lab);

    if (operation <= 102) {
        pass_message(lab, operation);
        return;
    }
    if (operation == 103)
        inject(lab);
    else if (operation == 104)
        mc_hdcp_machine_tick(lab->tx, lab->now_us += next(lab) * 1000);
    else if (operation == 105 && lab->rx->has_ks)
        receiver_ask_reauth(lab->rx, lab->now_us);
    else if (operation == 106 && lab->rx->has_ks && lab->rx->repeater &&
             lab->rx->lists <= lab->rx->acks) /* the receiver knows its last V alone */
        receiver_send_list(lab->rx, lab->now_us);
    else if (operation == 107)
        set_type(lab);
    else if (operation == 108) {
        mc_hdcp_machine_disconnected(lab->tx);
        pump(lab);
        mc_hdcp_machine_start(lab->tx, lab->now_us);
    }
    pump(lab);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Lab lab = {.now_us = 1000000, .data = data, .size = size};
    const uint8_t kind = next(&lab);

    lab.rx = receiver_new(HDCP_TEST_DATA);
    lab.rx->version = kind % 3;
    lab.rx->precompute = kind & 4;
    lab.rx->repeater = kind & 8;
    lab.config = mc_hdcp_machine_config_default();
    lab.config.version = (kind >> 4) % 3;
    lab.config.precompute = kind & 0x40;
    lab.config.keys = load_keys();
    lab.config.pairings = kind & 0x80 ? mc_hdcp_pairings_new() : NULL;
    lab.tx = mc_hdcp_machine_new(&lab.config, NULL);
    if (lab.tx) {
        mc_hdcp_machine_start(lab.tx, lab.now_us);
        pump(&lab);
        while (lab.size)
            step(&lab);
    }
    mc_hdcp_machine_free(lab.tx);
    mc_hdcp_pairings_free(lab.config.pairings);
    receiver_free(lab.rx);
    return 0;
}
