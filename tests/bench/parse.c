/* SPDX-License-Identifier: MIT */
/* bench-parse BODY: how fast an RTSP message and the parameters in it are read.  BODY is a file
 * with a sink's answer to M3. */
#include <string.h>

#include "rtsp/caps.h"
#include "rtsp/message.h"
#include "tests/bench/samples.h"

#define BATCH 32
#define BATCHES 1000

static void measure_messages(GBytes *bytes)
{
    static double values[BATCHES];
    McRtspReader *reader = mc_rtsp_reader_new();
    gsize len;
    const uint8_t *data = g_bytes_get_data(bytes, &len);

    for (unsigned i = 0; i < BATCHES; i++) {
        int64_t start_ns = now_ns();
        for (unsigned k = 0; k < BATCH; k++) {
            g_auto(McRtspMessage) message = {0};
            mc_rtsp_reader_feed(reader, data, len);
            if (mc_rtsp_reader_next(reader, &message, NULL) != MC_RTSP_MESSAGE)
                exit(1);
        }
        values[i] = (double) (now_ns() - start_ns) / BATCH;
    }
    mc_rtsp_reader_free(reader);
    samples_print("rtsp-message", (unsigned) len, values, BATCHES);
}

static void measure_parameters(const char *body, size_t len)
{
    static double values[BATCHES];

    for (unsigned i = 0; i < BATCHES; i++) {
        int64_t start_ns = now_ns();
        for (unsigned k = 0; k < BATCH; k++)
            mc_wfd_caps_free(mc_wfd_caps_parse(body, len));
        values[i] = (double) (now_ns() - start_ns) / BATCH;
    }
    samples_print("parameters", (unsigned) len, values, BATCHES);
}

int main(int argc, char **argv)
{
    g_autofree char *body = NULL;
    gsize len;

    if (argc != 2 || !g_file_get_contents(argv[1], &body, &len, NULL)) {
        fputs("usage: bench-parse BODY\n", stderr);
        return 2;
    }
    g_autoptr(GBytes) message = mc_rtsp_finish(mc_rtsp_begin_response(200, 3), body);
    measure_messages(message);
    measure_parameters(body, len);
    return 0;
}
