/* SPDX-License-Identifier: MIT */
/* Kernel messages into a session of the real driver: the first two bytes are the size of the
 * output, the rest is the message.  Both are blocks of their exact size, so that a byte beyond is
 * seen. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmd-shim/abi/message.h"
#include "tests/conformance/sink.h"
#include "tests/fuzz/fuzz.h"
#include "umd/context.h"
#include "umd/dispatcher.h"

/* ---- a system that grants everything ---- */

static VOID NTAPI ignore_status(HANDLE device, MIRACAST_STATUS status, NTSTATUS detail)
{
}

static NTSTATUS NTAPI grant(HANDLE device, BOOL hardware_access, UINT in_size, VOID *in,
                            UINT out_size, VOID *out, UINT *ret_bytes)
{
    if (ret_bytes)
        *ret_bytes = 0;
    return STATUS_SUCCESS;
}

static VOID NTAPI ignore_statistic(HANDLE device, MIRACAST_STATISTIC_DATA *statistic)
{
}

static NTSTATUS NTAPI no_chunk(HANDLE device, UINT timeout_ms, UINT n_events, HANDLE *events,
                               UINT *size, MIRACAST_CHUNK_DATA *buffer, UINT *ret_outstanding)
{
    return STATUS_INSTANCE_NOT_AVAILABLE;
}

static NTSTATUS NTAPI no_rates(HANDLE device, PVOID context, PFN_DATARATE_NOTIFICATION notify)
{
    return STATUS_NOT_SUPPORTED;
}

static McContext *context;
static Sink *sink;

static void close_session(void)
{
    mc_context_free(context);
    sink_free(sink);
}

/* The sink falls silent before SETUP: the negotiator lives, and media has no stream yet. */
static void open_session(void)
{
    const MIRACAST_CALLBACKS callbacks = {ignore_status, grant, ignore_statistic, no_chunk,
                                          no_rates};
    const SinkConfig config = {.silent_at = SINK_STEP_SETUP};
    McUmdOptions options = {.audio = "none", .response_ms = 1000000};
    MIRACAST_SESSION_INFO info;
    NTSTATUS status;
    int fd;

    context = mc_context_new(&sink, &callbacks, &status);
    mc_context_configure(context, &options);
    sink = sink_new(&config, &fd);
    if (!NT_SUCCESS(mc_context_start(context, fd, NULL, &info)))
        abort();
    atexit(close_session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    UINT bytes = 77;

    if (!context)
        open_session();
    if (size < 2)
        return 0;
    UINT out_size = (UINT) (data[0] | data[1] << 8) % (2 * sizeof(McStatusSnapshot));
    UINT in_size = (UINT) size - 2;
    uint8_t *out = malloc(out_size ? out_size : 1), *in = malloc(in_size ? in_size : 1);
    memset(out, 0xa5, out_size);
    memcpy(in, data + 2, in_size);
    NTSTATUS status = mc_dispatch(context, in, in_size, out_size ? out : NULL, out_size, &bytes);
    if (bytes > out_size)
        abort();
    for (UINT i = NT_SUCCESS(status) ? bytes : 0; i < out_size; i++)
        if (out[i] != 0xa5)
            abort(); /* more than it says, or beside an error */
    free(in);
    free(out);
    return 0;
}
