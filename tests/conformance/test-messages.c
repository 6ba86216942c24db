/* SPDX-License-Identifier: MIT */
/* C-27..C-41: messages of the display path to the driver. */
#include <sys/mman.h>

#include "kmd-shim/abi/message.h"
#include "tests/conformance/conformance.h"
#include "tests/unit/host/driver-calls.h"

#define HEADER(msg_type, bytes)                                                                    \
    {                                                                                              \
        MC_MSG_MAGIC, MC_MSG_VERSION, msg_type, bytes, 1                                           \
    }

static void await(Sent *sent)
{
    BED_EVENTUALLY(g_atomic_int_get(&sent->completions));
    g_assert_cmpint(g_atomic_int_get(&sent->completions), ==, 1);
}

/* ---- the driver ---- */

#define THREADS 8
#define EACH 400

static NTSTATUS call_driver(const void *in, UINT in_size, void *out, UINT out_size, UINT *ret_bytes)
{
    return bed_umd()->HandleKernelModeMessage(bed_umd_context(), in_size, (void *) in, out_size,
                                              out, ret_bytes);
}

static gpointer run_random(gpointer user_data)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(GPOINTER_TO_UINT(user_data));
    McMsgQueryStatus query = {HEADER(MC_MSG_QUERY_STATUS, sizeof(query))};

    for (unsigned i = 0; i < EACH; i++) {
        union {
            McMsgHeader header;
            uint32_t word[16];
        } wild;
        McStatusSnapshot snapshot = {0};
        UINT bytes = 77;

        g_assert_cmpint(call_driver(&query, sizeof(query), &snapshot, sizeof(snapshot), &bytes), ==,
                        STATUS_SUCCESS);
        g_assert_cmpuint(bytes, ==, sizeof(snapshot)); /* its own output and count */
        g_assert_cmpuint(snapshot.version, ==, MC_STATUS_VERSION);
        g_assert_cmpuint(snapshot.width_px, ==, 640);
        for (unsigned j = 0; j < G_N_ELEMENTS(wild.word); j++)
            wild.word[j] = g_rand_int_range(random, 0, 4);
        UINT size = (UINT) g_rand_int_range(random, 0, sizeof(wild));
        wild.header = (McMsgHeader) HEADER((uint16_t) g_rand_int_range(random, 0, 10), size);
        if (wild.header.type == MC_MSG_LINK_CONTROL || wild.header.type == MC_MSG_DISPLAY_MODE ||
            wild.header.type == MC_MSG_MONITOR_POWER)
            continue; /* these move the session that is being looked at */
        bytes = 77;
        call_driver(&wild, size, NULL, 0, &bytes);
        g_assert_cmpuint(bytes, ==, 0);
    }
    return NULL;
}

static void c27(void)
{
    GThread *threads[THREADS];
    McMsgEncoderControl control = {HEADER(MC_MSG_ENCODER_CONTROL, sizeof(control)),
                                   MC_ENCODER_SET_BITRATE, 1234};
    McMsgQueryStatus query = {HEADER(MC_MSG_QUERY_STATUS, sizeof(query))};
    McStatusSnapshot snapshot;
    UINT bytes;
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    for (unsigned i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("sender", run_random, GUINT_TO_POINTER(i + 1));
    for (unsigned i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(call_driver(&control, sizeof(control), NULL, 0, &bytes), ==, STATUS_SUCCESS);
    call_driver(&query, sizeof(query), &snapshot, sizeof(snapshot), &bytes);
    g_assert_cmpuint(snapshot.bitrate_kbps, ==, 1234); /* no update is lost */
    g_assert_cmpuint(bed_count(BED_STATUS), ==, 0);
    bed_close(&bed);
}

/* ---- the host ---- */

static gpointer run_sender(gpointer user_data)
{
    Fixture *f = user_data;

    while (!g_atomic_int_get(&f->gate))
        f->kmd.os.DxgkCbMiracastSendMessage(f->kmd.os.MiracastHandle, 0, NULL, 0, NULL, NULL, NULL);
    return NULL;
}

/* The driver counts handlers beside Create, Destroy, Start, Stop. */
static void c28(void)
{
    GThread *threads[4];
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("sender", run_sender, &f);
    for (unsigned i = 0; i < 100; i++) {
        fixture_must_start(&f);
        if (i % 4 == 0)
            EVENTUALLY(g_atomic_int_get(&f.umd->handlers) || g_atomic_int_get(&f.umd->messages));
        mc_runtime_stop(f.runtime);
    }
    fixture_open_gate(&f);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(f.umd->messages, >, 0);
    fixture_close(&f); /* asserts that there was no breach */
}

static Sent in_start;

static NTSTATUS on_start_send(TestUmd *umd)
{
    in_start = (Sent){0};
    g_assert_cmpint(send_to(umd->test, &in_start), ==, STATUS_PENDING);
    g_usleep(20 * G_TIME_SPAN_MILLISECOND); /* time to deliver it too early: that is a breach */
    return g_atomic_int_get(&in_start.completions) ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

static void c29(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_start = on_start_send;
    fixture_must_start(&f);
    await(&in_start);
    g_assert_cmpint(in_start.status, ==, STATUS_SUCCESS);
    fixture_close(&f);
}

static void c30(void)
{
    Sent early = {0};
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    g_assert_cmpint(send_to(&f, &early), ==, STATUS_PENDING);
    g_usleep(20 * G_TIME_SPAN_MILLISECOND);
    g_assert_cmpint(f.umd->messages, ==, 0);
    fixture_must_start(&f);
    await(&early);
    g_assert_cmpint(early.status, ==, STATUS_SUCCESS);
    fixture_close(&f);
}

static Sent in_stop;

static void on_stop_send(TestUmd *umd)
{
    in_stop = (Sent){0};
    send_to(umd->test, &in_stop);
    g_usleep(20 * G_TIME_SPAN_MILLISECOND);
}

static void c31(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_stop = on_stop_send;
    fixture_must_start(&f);
    mc_runtime_stop(f.runtime);
    await(&in_stop);
    g_assert_cmphex((guint32) in_stop.status, ==, (guint32) STATUS_CANCELLED);
    g_assert_cmpint(f.umd->messages, ==, 0);
    f.umd->on_stop = NULL;
    fixture_must_start(&f); /* nor is it the next session's */
    fixture_close(&f);
}

static void c32(void)
{
    Sent late = {0};
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    fixture_must_start(&f);
    mc_runtime_stop(f.runtime);
    g_assert_cmpint(send_to(&f, &late), ==, STATUS_PENDING);
    await(&late);
    g_assert_false(NT_SUCCESS(late.status));
    g_assert_cmpuint(late.information, ==, 0);
    g_assert_cmpint(f.umd->messages, ==, 0);
    fixture_close(&f);
}

/* Every size from nothing to beyond the answer, its end on a guard page, through all of the stack.
 */
static void c33(void)
{
    McMsgQueryStatus query = {HEADER(MC_MSG_QUERY_STATUS, sizeof(query))};
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    uint8_t *area =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    Bed bed = {0};

    g_assert_true(area != MAP_FAILED && mprotect(area + page, page, PROT_NONE) == 0);
    bed_open(&bed);
    bed_play(&bed, NULL);
    for (UINT size = 0; size < sizeof(McStatusSnapshot) + 32; size++) {
        uint8_t *out = area + page - size;
        Sent sent = {0};
        bool fits = size >= sizeof(McStatusSnapshot);

        memset(area, 0xa5, page);
        g_assert_cmpint(bed_send(&query, sizeof(query), size ? out : NULL, size, on_done, &sent),
                        ==, STATUS_PENDING);
        await(&sent);
        g_assert_cmphex((guint32) sent.status, ==,
                        (guint32) (fits ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL));
        g_assert_cmpuint(sent.information, ==, fits ? sizeof(McStatusSnapshot) : 0);
        for (uint8_t *p = area; p < (fits ? out : area + page); p++)
            g_assert_cmpuint(*p, ==, 0xa5);
        for (uint8_t *p = fits ? out + sizeof(McStatusSnapshot) : area + page; p < area + page; p++)
            g_assert_cmpuint(*p, ==, 0xa5);
    }
    bed_close(&bed);
    munmap(area, 2 * page);
}

static void c34(void)
{
    McMsgQueryStatus wrong = {HEADER(MC_MSG_QUERY_STATUS, sizeof(wrong))};
    McMsgDisplayMode mode = {HEADER(MC_MSG_DISPLAY_MODE, sizeof(mode)), 640, 480, 23000, 0};
    Sent version = {0}, value = {0}, type = {0}, size = {0};
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    wrong.header.version = 2;
    bed_send(&wrong, sizeof(wrong), NULL, 0, on_done, &version);
    await(&version);
    g_assert_cmphex((guint32) version.status, ==, (guint32) STATUS_REVISION_MISMATCH);
    wrong.header.version = MC_MSG_VERSION;
    wrong.header.type = 999;
    bed_send(&wrong, sizeof(wrong), NULL, 0, on_done, &type);
    await(&type);
    g_assert_cmphex((guint32) type.status, ==, (guint32) STATUS_NOT_SUPPORTED);
    bed_send(&wrong, 7, NULL, 0, on_done, &size);
    await(&size);
    g_assert_cmphex((guint32) size.status, ==, (guint32) STATUS_BUFFER_TOO_SMALL);
    bed_send(&mode, sizeof(mode), NULL, 0, on_done, &value);
    await(&value);
    g_assert_cmphex((guint32) value.status, ==, (guint32) STATUS_INVALID_PARAMETER);
    g_assert_cmpuint(bed_count(BED_STATUS), ==, 0); /* the session lives */
    bed_close(&bed);
}

static NTSTATUS on_message_gate(TestUmd *umd, UINT in_size, VOID *in, UINT out_size, VOID *out,
                                UINT *ret_bytes)
{
    fixture_wait_gate(umd->test);
    return STATUS_SUCCESS;
}

/* All handlers are stuck, and sending goes on. */
static void c35(void)
{
    Sent sent[32] = {0};
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_message = on_message_gate;
    fixture_must_start(&f);
    for (unsigned i = 0; i < G_N_ELEMENTS(sent); i++)
        g_assert_cmpint(send_to(&f, &sent[i]), ==, STATUS_PENDING);
    g_assert_cmpint(sent[31].completions, ==, 0);
    fixture_open_gate(&f);
    for (unsigned i = 0; i < G_N_ELEMENTS(sent); i++)
        await(&sent[i]);
    fixture_close(&f);
}

/* ---- the display path's side: a system that completes as a test wants ---- */

typedef struct {
    gint calls;
    NTSTATUS status;
    UINT bytes;
} Answer;

static void on_answer(NTSTATUS status, const void *output, UINT bytes, void *user_data)
{
    Answer *answer = user_data;

    answer->status = status;
    answer->bytes = bytes;
    g_assert_true(bytes == 0 || output != NULL);
    g_atomic_int_inc(&answer->calls);
}

static gint early_sends;

static NTSTATUS send_early(HANDLE handle, ULONG in_size, VOID *in, ULONG out_size, VOID *out,
                           DXGKCB_MIRACAST_SEND_MESSAGE_CALLBACK done, PVOID context)
{
    IO_STATUS_BLOCK block = {.Status = STATUS_SUCCESS, .Information = out_size};

    if (out_size)
        memset(out, 0x5a, out_size);
    done(context, &block); /* all is freed by now */
    g_atomic_int_inc(&early_sends);
    return STATUS_PENDING;
}

static NTSTATUS report_nothing(HANDLE handle, DXGK_MIRACAST_CHUNK_INFO *info, PVOID priv,
                               UINT bytes)
{
    return STATUS_SUCCESS;
}

static McMessagePort *port_on(DXGKCB_MIRACAST_SEND_MESSAGE send_message)
{
    DXGK_MIRACAST_DISPLAY_CALLBACKS os = {&early_sends, send_message, report_nothing};
    McMessagePort *port = mc_message_port_new();

    mc_message_port_attach(port, &os);
    return port;
}

static void c36(void)
{
    McMsgQueryStatus query = {0};
    McMessagePort *port = port_on(send_early);
    Answer answer = {0};

    g_assert_cmpint(mc_message_port_send(port, MC_MSG_QUERY_STATUS, &query, sizeof(query), 100,
                                         on_answer, &answer),
                    ==, STATUS_PENDING);
    g_assert_cmpint(answer.calls, ==, 1);
    g_assert_cmpuint(answer.bytes, ==, 100);
    mc_message_port_free(port);
}

static VOID on_done_free(PVOID context, PIO_STATUS_BLOCK block)
{
    uint32_t *both = context;

    g_assert_cmpuint(both[0], ==, 0xfeedface); /* as it was sent */
    memset(both, 0, 2 * sizeof(*both));
    g_free(both); /* who touches it from here on is caught by the sanitizer */
}

/* Buffers that die in the completion, also of messages that are dropped. */
static void c37(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    for (unsigned round = 0; round < 20; round++) {
        fixture_must_start(&f);
        for (unsigned i = 0; i < 50; i++) {
            uint32_t *both = g_new0(uint32_t, 2);
            both[0] = 0xfeedface;
            g_assert_cmpint(f.kmd.os.DxgkCbMiracastSendMessage(f.kmd.os.MiracastHandle, 4, both, 4,
                                                               both + 1, on_done_free, both),
                            ==, STATUS_PENDING);
        }
        mc_runtime_stop(f.runtime);
    }
    fixture_close(&f);
}

static void c38(void)
{
    enum { N = 2000 };
    Sent *sent = g_new0(Sent, N);
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    fixture_must_start(&f);
    for (unsigned i = 0; i < N; i++) {
        while (send_to(&f, &sent[i]) != STATUS_PENDING)
            g_thread_yield();
        if (i % 500 == 250) {
            mc_runtime_stop(f.runtime);
            fixture_must_start(&f);
        }
    }
    fixture_close(&f);
    for (unsigned i = 0; i < N; i++)
        g_assert_cmpint(sent[i].completions, ==, 1);
    g_free(sent);
}

static gpointer run_port(gpointer user_data)
{
    McMsgQueryStatus query = {0};
    Answer answer = {0};

    for (unsigned i = 0; i < 2000; i++)
        mc_message_port_send(user_data, MC_MSG_QUERY_STATUS, &query, sizeof(query), 64, on_answer,
                             &answer);
    g_assert_cmpint(answer.calls, ==, 2000);
    return NULL;
}

static void c39(void)
{
    GThread *threads[8];
    McMessagePort *port = port_on(send_early);

    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("port", run_port, port);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    mc_message_port_free(port);
}

static NTSTATUS on_message_count(TestUmd *umd, UINT in_size, VOID *in, UINT out_size, VOID *out,
                                 UINT *ret_bytes)
{
    uint32_t n;

    memcpy(&n, in, sizeof(n));
    *ret_bytes = n;
    return n & 1 ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

static void c40(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_message = on_message_count;
    fixture_must_start(&f);
    for (uint32_t n = 0; n <= 6; n++) { /* more than there is room for is not believed */
        Sent sent = {.in = n};
        send_to(&f, &sent);
        await(&sent);
        g_assert_cmpuint(sent.information, ==, MIN(n, 4));
    }
    fixture_close(&f);
}

/* Whoever reports encoded and sent pictures sends no message, and is no completion's thread. */
static void c41(void)
{
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    MC_COMMITVIDPN commit = {
        .TargetId = MC_DISPLAY_TARGET_ID, .Width = 800, .Height = 600, .RefreshMilliHertz = 30000};
    g_assert_cmpint(mc_runtime_commit_vidpn(bed.runtime, &commit), ==, STATUS_SUCCESS);
    BED_EVENTUALLY(bed_count(BED_MESSAGE) > 0);
    bed_stop(&bed);
    g_autoptr(GArray) log = bed_log();
    g_autoptr(GHashTable) real_time = g_hash_table_new(NULL, NULL);
    unsigned sends = 0;
    for (guint i = 0; i < log->len; i++) {
        const BedCall *call = &g_array_index(log, BedCall, i);
        if (call->kind == BED_PROCESSED || call->kind == BED_SENT)
            g_hash_table_add(real_time, call->thread);
    }
    for (guint i = 0; i < log->len; i++) {
        const BedCall *call = &g_array_index(log, BedCall, i);
        if (call->kind != BED_KMD_SEND && call->kind != BED_MESSAGE)
            continue;
        sends += call->kind == BED_KMD_SEND;
        g_assert_false(g_hash_table_contains(real_time, call->thread));
    }
    g_assert_cmpuint(sends, >, 0);
    bed_close(&bed);
}

static const Statement statements[] = {
    {"C-27-concurrent-handle-kmd-message", c27},
    {"C-28-never-beside-the-four", c28},
    {"C-29-held-during-start", c29},
    {"C-30-held-before-start", c30},
    {"C-31-dropped-during-stop", c31},
    {"C-32-dropped-after-stop", c32},
    {"C-33-output-never-overruns", c33},
    {"C-34-failure-reaches-the-kmd", c34},
    {"C-35-send-never-waits", c35},
    {"C-36-early-completion", c36},
    {"C-37-buffers-are-the-kmds", c37},
    {"C-38-one-completion-each", c38},
    {"C-39-completions-at-once", c39},
    {"C-40-information-is-the-count", c40},
    {"C-41-never-in-real-time", c41},
};

CONFORMANCE_MAIN(statements)
