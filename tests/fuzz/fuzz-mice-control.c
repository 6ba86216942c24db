/* SPDX-License-Identifier: MIT */
/* A sink's bytes on the MICE control channel and in its input's records: the first byte is the mode
 * and what is done besides, the second how the rest is cut. */
#include "tests/fuzz/fuzz.h"

#include "p2p/mice/control.h"

#define START_US 1000000

static void drain(McMiceControl *control, int64_t now_us)
{
    McMiceEvent event;
    GBytes *bytes;

    for (;;) {
        g_autoptr(GError) error = NULL;
        if (!mc_mice_control_event(control, &event, &error))
            break;
        g_assert_true((event == MC_MICE_EVENT_FAILED) == (error != NULL));
        if (event == MC_MICE_EVENT_WANT_PIN)
            mc_mice_control_pin(control, "12345678", now_us);
    }
    while ((bytes = mc_mice_control_output(control)))
        g_bytes_unref(bytes);
}

static void run_channel(uint8_t what, size_t piece, const uint8_t *data, size_t size)
{
    const McMiceConfig config = {.name = "PC",
                                 .rtsp_port = 7236,
                                 .security = (McMiceSecurity) (what % 4),
                                 .address_bytes = 4};
    McMiceControl *control = mc_mice_control_new(&config, START_US, NULL);
    int64_t now_us = START_US;

    for (size_t at = 0; at < size; at += piece) {
        mc_mice_control_feed(control, data + at, MIN(piece, size - at), now_us);
        drain(control, now_us);
        if (what & 0x10)
            mc_mice_control_time(control, now_us += 300000);
    }
    if (what & 0x20)
        mc_mice_control_stop(control);
    else
        mc_mice_control_eof(control);
    drain(control, now_us);
    if (mc_mice_control_encrypts(control)) {
        g_autoptr(GByteArray) plain = g_byte_array_new();
        g_assert_false(mc_mice_control_open(control, data, size, plain)); /* nobody had the keys */
    }
    mc_mice_control_free(control);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    run_channel(data[0], data[1] ? data[1] : size, data + 2, size - 2);
    return 0;
}
