/* SPDX-License-Identifier: MIT */
#include "kmd-shim/message-port.h"

#include <string.h>

/* Completes messages on a thread of its own, as a runtime does. */
typedef struct {
    GThreadPool *pool;
    gint inside; /* atomic: calls under way */
    gint slow;   /* atomic */
} Runtime;

typedef struct {
    const uint8_t *input;
    uint8_t *output;
    ULONG input_bytes, output_bytes;
    DXGKCB_MIRACAST_SEND_MESSAGE_CALLBACK callback;
    PVOID context;
} Call;

static void deliver(gpointer data, gpointer unused)
{
    Call *call = data;
    IO_STATUS_BLOCK block = {.Status = STATUS_SUCCESS, .Information = call->output_bytes};

    g_usleep(g_random_int_range(0, 200));
    for (ULONG i = 0; i < call->output_bytes; i++)
        call->output[i] = call->input[i % call->input_bytes];
    call->callback(call->context, &block);
    g_free(call);
}

static NTSTATUS send_message(HANDLE handle, ULONG in_bytes, VOID *in, ULONG out_bytes, VOID *out,
                             DXGKCB_MIRACAST_SEND_MESSAGE_CALLBACK callback, PVOID context)
{
    Runtime *self = handle;
    Call call = {in, out, in_bytes, out_bytes, callback, context};

    g_atomic_int_inc(&self->inside);
    g_assert_cmpuint((uintptr_t) in % 16, ==, 0);
    g_assert_cmpuint((uintptr_t) out % 16, ==, 0);
    g_thread_pool_push(self->pool, g_memdup2(&call, sizeof(call)), NULL);
    if (g_atomic_int_get(&self->slow))
        g_usleep(20000);
    (void) g_atomic_int_dec_and_test(&self->inside);
    return STATUS_PENDING;
}

static NTSTATUS report(HANDLE handle, DXGK_MIRACAST_CHUNK_INFO *info, PVOID priv, UINT bytes)
{
    return STATUS_SUCCESS;
}

typedef struct {
    McMessagePort *port;
    gint *answers;
    unsigned sent, refused;
} Sender;

static void on_done(NTSTATUS status, const void *output, UINT bytes, void *user_data)
{
    const McMsgHeader *header = output;

    g_assert_cmpint(status, ==, STATUS_SUCCESS);
    g_assert_cmpuint(bytes, ==, 100);
    g_assert_cmpuint(header->magic, ==, MC_MSG_MAGIC);
    g_atomic_int_inc((gint *) user_data);
}

static gpointer send_until_refused(gpointer user_data)
{
    Sender *self = user_data;
    McMsgMonitorPower message = {.on = 1};

    for (;;) {
        NTSTATUS status = mc_message_port_send(self->port, MC_MSG_MONITOR_POWER, &message,
                                               sizeof(message), 100, on_done, self->answers);
        if (status == STATUS_INVALID_DEVICE_STATE)
            return NULL;
        g_assert_cmpint(status, ==, STATUS_PENDING);
        if (++self->sent % 64 == 0)
            g_usleep(100);
    }
}

/* Detaching while four threads send: afterwards nobody is inside, and every message is answered. */
static void test_detach_races(void)
{
    Runtime runtime = {0};
    DXGK_MIRACAST_DISPLAY_CALLBACKS os = {&runtime, send_message, report};
    gint answers = 0;
    unsigned sent = 0;

    runtime.pool = g_thread_pool_new(deliver, NULL, 3, FALSE, NULL);
    McMessagePort *port = mc_message_port_new();
    mc_message_port_attach(port, &os);
    Sender sender[4] = {0};
    GThread *thread[4];
    for (unsigned i = 0; i < 4; i++) {
        sender[i] = (Sender){.port = port, .answers = &answers};
        thread[i] = g_thread_new("sender", send_until_refused, &sender[i]);
    }
    while (g_atomic_int_get(&answers) < 64)
        g_thread_yield();
    g_atomic_int_set(&runtime.slow, 1);
    while (g_atomic_int_get(&runtime.inside) == 0)
        g_thread_yield();
    mc_message_port_detach(port);
    g_assert_cmpint(g_atomic_int_get(&runtime.inside), ==, 0);
    for (unsigned i = 0; i < 4; i++) {
        g_thread_join(thread[i]);
        sent += sender[i].sent;
    }
    mc_message_port_free(port); /* answers still come */
    g_thread_pool_free(runtime.pool, FALSE, TRUE);
    g_assert_cmpuint((unsigned) answers, ==, sent);
}

static void test_sizes(void)
{
    g_autoptr(McMessagePort) port = mc_message_port_new();
    g_autofree uint8_t *large = g_malloc0(MC_MSG_MAX_BYTES + 1);

    g_assert_cmpint(mc_message_port_send(port, MC_MSG_CURSOR, large, 15, 0, NULL, NULL), ==,
                    STATUS_INVALID_BUFFER_SIZE);
    g_assert_cmpint(
        mc_message_port_send(port, MC_MSG_CURSOR, large, MC_MSG_MAX_BYTES + 1, 0, NULL, NULL), ==,
        STATUS_INVALID_BUFFER_SIZE);
    g_assert_cmpint(mc_message_port_send(port, MC_MSG_CURSOR, large, 16, 0, NULL, NULL), ==,
                    STATUS_INVALID_DEVICE_STATE);
    mc_message_port_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/message-port/detach-races", test_detach_races);
    g_test_add_func("/message-port/sizes", test_sizes);
    return g_test_run();
}
