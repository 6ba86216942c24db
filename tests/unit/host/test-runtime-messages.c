/* SPDX-License-Identifier: MIT */
/* Messages to the driver: when they come, that each is completed once, and what Stop waits for. */
#include "tests/unit/host/driver-calls.h"

static NTSTATUS post(Fixture *f, Sent *sent, uint32_t number)
{
    sent->f = f;
    sent->in = number;
    return send_to(f, sent);
}

static void must_post(Fixture *f, Sent *sent, uint32_t number)
{
    g_assert_cmpint(post(f, sent, number), ==, STATUS_PENDING);
}

/* Answers 2 n; odd thirds fail. */
static NTSTATUS on_echo(TestUmd *umd, UINT in_size, VOID *in, UINT out_size, VOID *out,
                        UINT *ret_bytes)
{
    uint32_t number;

    g_assert_cmpuint(in_size, ==, sizeof(number));
    memcpy(&number, in, sizeof(number));
    number *= 2;
    *ret_bytes = sizeof(number);
    if (out_size >= sizeof(number))
        memcpy(out, &number, sizeof(number));
    return number % 3 ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

static void assert_echo(const Sent *sent)
{
    bool ok = sent->in * 2 % 3 != 0;

    g_assert_cmpint(sent->status, ==, ok ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED);
    g_assert_cmpuint(sent->information, ==, sizeof(sent->out)); /* C-40, beside an error too */
    g_assert_cmpuint(sent->out, ==, sent->in * 2);
}

/* C-29, C-30: sent before and inside Start. */
static NTSTATUS on_start_send(TestUmd *umd)
{
    Fixture *f = umd->test;
    static Sent inside[8];

    memset(inside, 0, sizeof(inside));
    for (unsigned i = 0; i < G_N_ELEMENTS(inside); i++)
        must_post(f, &inside[i], i);
    g_usleep(20 * G_TIME_SPAN_MILLISECOND); /* time for delivering them too early */
    for (unsigned i = 0; i < G_N_ELEMENTS(inside); i++)
        g_assert_cmpint(g_atomic_int_get(&inside[i].completions), ==, 0);
    return STATUS_SUCCESS;
}

static void test_held(void)
{
    Fixture f;
    Sent before[8] = {0}, after = {0};

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_message = on_echo;
    f.umd->on_start = on_start_send;
    for (unsigned i = 0; i < G_N_ELEMENTS(before); i++)
        must_post(&f, &before[i], 100 + i);
    fixture_must_start(&f);
    EVENTUALLY(g_atomic_int_get(&f.umd->messages) == 16);
    must_post(&f, &after, 7);
    EVENTUALLY(g_atomic_int_get(&after.completions));
    for (unsigned i = 0; i < G_N_ELEMENTS(before); i++) {
        EVENTUALLY(g_atomic_int_get(&before[i].completions) == 1);
        assert_echo(&before[i]);
    }
    assert_echo(&after);
    fixture_close(&f);
}

/* C-31, C-32, also when another session follows. */
static void test_dropped(void)
{
    Fixture f;
    Sent sent[64] = {0}, fresh = {0};

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_message = on_echo;
    fixture_must_start(&f);
    mc_runtime_stop(f.runtime);
    for (unsigned i = 0; i < G_N_ELEMENTS(sent); i++)
        must_post(&f, &sent[i], i);
    fixture_must_start(&f);
    must_post(&f, &fresh, 1);
    EVENTUALLY(g_atomic_int_get(&fresh.completions));
    assert_echo(&fresh);
    g_assert_cmpint(f.umd->messages, ==, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(sent); i++) {
        EVENTUALLY(g_atomic_int_get(&sent[i].completions));
        g_assert_cmpint(sent[i].status, ==, STATUS_CANCELLED);
        g_assert_cmpuint(sent[i].information, ==, 0);
    }
    fixture_close(&f);
}

static NTSTATUS on_start_fail(TestUmd *umd)
{
    return STATUS_IO_TIMEOUT;
}

/* U3: a Start that failed lets go of what was held; no Stop follows. */
static void test_failed_start(void)
{
    Fixture f;
    Sent sent = {0}, later = {0};

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_start = on_start_fail;
    must_post(&f, &sent, 1);
    fixture_must_not_start(&f, MC_RUNTIME_ERROR_START);
    EVENTUALLY(g_atomic_int_get(&sent.completions));
    g_assert_cmpint(sent.status, ==, STATUS_CANCELLED);
    g_assert_true(fixture_closed(&f));
    f.umd->on_start = NULL;
    fixture_must_start(&f);
    must_post(&f, &later, 1);
    EVENTUALLY(g_atomic_int_get(&later.completions));
    g_assert_cmpint(later.status, ==, STATUS_SUCCESS);
    g_assert_cmpint(f.umd->stops, ==, 0);
    fixture_close(&f);
}

/* Never started: what is held is completed by the end. */
static void test_never_started(void)
{
    Fixture f;
    Sent sent = {0};

    fixture_init(&f);
    fixture_open(&f);
    must_post(&f, &sent, 1);
    fixture_close(&f);
    g_assert_cmpint(sent.completions, ==, 1);
    g_assert_cmpint(sent.status, ==, STATUS_CANCELLED);
    g_assert_cmpint(post(&f, &sent, 2), ==, STATUS_INVALID_HANDLE);
    g_assert_cmpint(sent.completions, ==, 1);
}

static Sent sent_early;

static void on_create_send(FakeKmd *kmd)
{
    must_post(kmd->test, &sent_early, 1);
}

/* Sent inside CreateContext, after which the driver makes no context. */
static void test_no_driver(void)
{
    g_autoptr(GError) error = NULL;
    Fixture f;

    fixture_init(&f);
    f.kmd.on_create = on_create_send;
    memset(&sent_early, 0, sizeof(sent_early));
    g_setenv("TEST_UMD", "create-fails", TRUE);
    g_assert_null(mc_runtime_new(&f.config, &error));
    g_unsetenv("TEST_UMD");
    g_assert_error(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_UMD_CREATE);
    g_assert_cmpint(sent_early.completions, ==, 1);
    g_assert_cmpint(sent_early.status, ==, STATUS_CANCELLED);
    fixture_close(&f);
}

/* ---- Stop waits for handlers ---- */

static gint io_control_in_stop;

static NTSTATUS on_message_block(TestUmd *umd, UINT in_size, VOID *in, UINT out_size, VOID *out,
                                 UINT *ret_bytes)
{
    Fixture *f = umd->test;

    EVENTUALLY(mc_runtime_state(f->runtime) == MiracastStopPending);
    g_assert_cmpint(g_atomic_int_get(&umd->stops), ==, 0);
    /* C-45: fails at once; waiting would be a deadlock, for Stop waits for us. */
    g_atomic_int_set(&io_control_in_stop, io_control(umd));
    fixture_wait_gate(f);
    return STATUS_SUCCESS;
}

static gpointer run_stop_thread(gpointer runtime)
{
    mc_runtime_stop(runtime);
    return NULL;
}

static void test_drain(void)
{
    Fixture f;
    Sent sent = {0};

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_message = on_message_block;
    fixture_must_start(&f);
    must_post(&f, &sent, 1);
    EVENTUALLY(g_atomic_int_get(&f.umd->handlers));
    GThread *stop = g_thread_new("stop", run_stop_thread, f.runtime);
    EVENTUALLY(g_atomic_int_get(&io_control_in_stop));
    g_assert_cmpint(io_control_in_stop, ==, STATUS_INVALID_DEVICE_STATE);
    g_usleep(20 * G_TIME_SPAN_MILLISECOND);
    g_assert_cmpint(g_atomic_int_get(&f.umd->stops), ==, 0);
    fixture_open_gate(&f);
    g_thread_join(stop);
    g_assert_cmpint(f.umd->stops, ==, 1);
    EVENTUALLY(g_atomic_int_get(&sent.completions) == 1);
    g_assert_cmpint(sent.status, ==, STATUS_SUCCESS);
    fixture_close(&f);
}

/* C-31: what still waits when Stop begins is not for the next session either. */
static void test_waiting_at_stop(void)
{
    Fixture f;
    Sent sent = {0}, waits = {0};

    fixture_init(&f);
    f.config.delivery_threads = 1;
    fixture_open(&f);
    f.umd->on_message = on_message_block;
    fixture_must_start(&f);
    must_post(&f, &sent, 1);
    EVENTUALLY(g_atomic_int_get(&f.umd->handlers));
    must_post(&f, &waits, 2);
    fixture_open_gate(&f);
    mc_runtime_stop(f.runtime);
    EVENTUALLY(g_atomic_int_get(&waits.completions));
    g_assert_cmpint(waits.status, ==, STATUS_CANCELLED);
    g_assert_cmpint(f.umd->messages, ==, 1);
    fixture_close(&f);
}

/* ---- from inside a completion, and from inside a handler ---- */

static VOID on_done_again(PVOID context, PIO_STATUS_BLOCK block)
{
    Sent *sent = context;
    Fixture *f = sent->f;

    if (g_atomic_int_add(&sent->completions, 1) < 99)
        g_assert_cmpint(f->kmd.os.DxgkCbMiracastSendMessage(f->kmd.os.MiracastHandle, 4, &sent->in,
                                                            0, NULL, on_done_again, sent),
                        ==, STATUS_PENDING);
}

static NTSTATUS on_io_send(FakeKmd *kmd, ULONG in_size, VOID *in, ULONG out_size, VOID *out,
                           ULONG *ret_bytes)
{
    return kmd->os.DxgkCbMiracastSendMessage(kmd->os.MiracastHandle, 0, NULL, 0, NULL, NULL, NULL);
}

/* U6: the miniport answers an I/O control with another message. */
static NTSTATUS on_message_io(TestUmd *umd, UINT in_size, VOID *in, UINT out_size, VOID *out,
                              UINT *ret_bytes)
{
    if (in_size)
        g_assert_cmpint(io_control(umd), ==, STATUS_PENDING);
    return STATUS_SUCCESS;
}

static void test_nested(void)
{
    Fixture f;
    Sent sent = {0};

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_message = on_message_io;
    f.kmd.on_io_control = on_io_send;
    fixture_must_start(&f);
    sent.f = &f;
    f.kmd.os.DxgkCbMiracastSendMessage(f.kmd.os.MiracastHandle, 4, &sent.in, 0, NULL, on_done_again,
                                       &sent);
    EVENTUALLY(g_atomic_int_get(&sent.completions) == 100);
    EVENTUALLY(g_atomic_int_get(&f.umd->messages) == 200); /* those without a callback too */
    fixture_close(&f);
}

/* The driver's word is not taken for how much it wrote. */
static NTSTATUS on_message_boast(TestUmd *umd, UINT in_size, VOID *in, UINT out_size, VOID *out,
                                 UINT *ret_bytes)
{
    *ret_bytes = 0xffffffffu;
    return STATUS_SUCCESS;
}

static void test_bounds(void)
{
    Fixture f;
    Sent sent[1100] = {0};
    unsigned taken = 0;
    uint8_t byte = 0;
    HANDLE handle;

    fixture_init(&f);
    fixture_open(&f);
    handle = f.kmd.os.MiracastHandle;
    f.umd->on_message = on_message_boast;
    DXGKCB_MIRACAST_SEND_MESSAGE send_message = f.kmd.os.DxgkCbMiracastSendMessage;
    g_assert_cmpint(send_message(handle, 1, NULL, 0, NULL, NULL, NULL), ==,
                    STATUS_INVALID_PARAMETER);
    g_assert_cmpint(send_message(handle, 0, NULL, 1, NULL, NULL, NULL), ==,
                    STATUS_INVALID_PARAMETER);
    g_assert_cmpint(send_message(handle, 0xffffffffu, &byte, 0, NULL, NULL, NULL), ==,
                    STATUS_INVALID_BUFFER_SIZE);
    g_assert_cmpint(send_message(&f, 0, NULL, 0, NULL, NULL, NULL), ==, STATUS_INVALID_HANDLE);
    g_assert_cmpint(send_message(NULL, 0, NULL, 0, NULL, NULL, NULL), ==, STATUS_INVALID_HANDLE);
    for (unsigned i = 0; i < G_N_ELEMENTS(sent); i++) {
        NTSTATUS status = post(&f, &sent[i], i);
        taken += status == STATUS_PENDING;
        g_assert_true(status == STATUS_PENDING || status == STATUS_INSUFFICIENT_RESOURCES);
    }
    g_assert_cmpuint(taken, ==, 1024);
    fixture_must_start(&f);
    for (unsigned i = 0; i < taken; i++) {
        EVENTUALLY(g_atomic_int_get(&sent[i].completions) == 1);
        g_assert_cmpuint(sent[i].information, ==, sizeof(sent[i].out));
    }
    fixture_close(&f);
    for (unsigned i = taken; i < G_N_ELEMENTS(sent); i++)
        g_assert_cmpint(sent[i].completions, ==, 0);
}

/* ---- C-27, C-28, C-38: eight senders through many sessions ---- */

#define SENDERS 8
#define EACH 2000

typedef struct {
    Fixture *f;
    Sent *sent; /* EACH */
    gint *left; /* atomic: senders that are not done */
} Sender;

static gpointer run_sender(gpointer user_data)
{
    Sender *self = user_data;

    for (unsigned i = 0; i < EACH; i++) {
        NTSTATUS status;
        while ((status = post(self->f, &self->sent[i], i)) == STATUS_INSUFFICIENT_RESOURCES)
            g_thread_yield();
        g_assert_cmpint(status, ==, STATUS_PENDING);
    }
    g_atomic_int_add(self->left, -1);
    return NULL;
}

static void test_storm(void)
{
    Fixture f;
    Sender senders[SENDERS];
    GThread *threads[SENDERS];
    gint left = SENDERS;
    unsigned delivered = 0, cancelled = 0, sessions = 0;

    fixture_init(&f);
    f.config.delivery_threads = 8;
    fixture_open(&f);
    f.umd->on_message = on_echo;
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (Sender){&f, g_new0(Sent, EACH), &left};
        threads[i] = g_thread_new("sender", run_sender, &senders[i]);
    }
    do {
        fixture_must_start(&f);
        g_usleep(2000);
        if (sessions == 0)
            EVENTUALLY(g_atomic_int_get(&f.umd->messages));
        mc_runtime_stop(f.runtime);
        sessions++;
    } while (g_atomic_int_get(&left));
    for (unsigned i = 0; i < SENDERS; i++)
        g_thread_join(threads[i]);
    g_test_message("%u sessions, %d handlers at once", sessions, f.umd->most_handlers);
    int messages = f.umd->messages;
    fixture_close(&f);
    for (unsigned i = 0; i < SENDERS * EACH; i++) {
        const Sent *sent = &senders[i / EACH].sent[i % EACH];
        g_assert_cmpint(sent->completions, ==, 1);
        if (sent->status == STATUS_CANCELLED) {
            cancelled++;
        } else {
            assert_echo(sent);
            delivered++;
        }
    }
    g_test_message("%u delivered, %u cancelled", delivered, cancelled);
    g_assert_cmpuint(delivered, ==, messages);
    g_assert_cmpuint(delivered, >, 0);
    for (unsigned i = 0; i < SENDERS; i++)
        g_free(senders[i].sent);
}

/* Handlers do run at once (C-27): each waits for the others. */
static NTSTATUS on_message_meet(TestUmd *umd, UINT in_size, VOID *in, UINT out_size, VOID *out,
                                UINT *ret_bytes)
{
    EVENTUALLY(g_atomic_int_get(&umd->most_handlers) == 4);
    return STATUS_SUCCESS;
}

static void test_at_once(void)
{
    Fixture f;
    Sent sent[4] = {0};

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_message = on_message_meet;
    fixture_must_start(&f);
    for (unsigned i = 0; i < G_N_ELEMENTS(sent); i++)
        must_post(&f, &sent[i], i);
    for (unsigned i = 0; i < G_N_ELEMENTS(sent); i++)
        EVENTUALLY(g_atomic_int_get(&sent[i].completions));
    fixture_close(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/runtime/messages/held", test_held);
    g_test_add_func("/runtime/messages/dropped", test_dropped);
    g_test_add_func("/runtime/messages/failed-start", test_failed_start);
    g_test_add_func("/runtime/messages/never-started", test_never_started);
    g_test_add_func("/runtime/messages/no-driver", test_no_driver);
    g_test_add_func("/runtime/messages/drain", test_drain);
    g_test_add_func("/runtime/messages/waiting-at-stop", test_waiting_at_stop);
    g_test_add_func("/runtime/messages/nested", test_nested);
    g_test_add_func("/runtime/messages/bounds", test_bounds);
    g_test_add_func("/runtime/messages/at-once", test_at_once);
    g_test_add_func("/runtime/messages/storm", test_storm);
    return g_test_run();
}
