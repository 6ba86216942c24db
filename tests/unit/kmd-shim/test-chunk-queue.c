/* SPDX-License-Identifier: MIT */
#include "kmd-shim/chunk-queue.h"

#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define HEAD 28u

static MIRACAST_CHUNK_INFO info_of(uint64_t number)
{
    return (MIRACAST_CHUNK_INFO){.ChunkType = MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE,
                                 .ChunkId.FrameNumber = number};
}

static NTSTATUS push(McChunkQueue *queue, uint64_t number, const void *priv, UINT bytes)
{
    MIRACAST_CHUNK_INFO info = info_of(number);

    return mc_chunk_queue_push(queue, &info, priv, bytes);
}

static uint64_t number_at(const uint8_t *packet)
{
    MIRACAST_CHUNK_INFO info;

    memcpy(&info, packet, sizeof(info));
    return info.ChunkId.FrameNumber;
}

static NTSTATUS get(McChunkQueue *queue, UINT timeout_ms, uint8_t *buffer, UINT *size)
{
    return mc_chunk_queue_get(queue, timeout_ms, 0, NULL, size, (MIRACAST_CHUNK_DATA *) buffer,
                              NULL);
}

static HANDLE handle_of(int fd)
{
    return (HANDLE) (intptr_t) (fd + 1);
}

/* Two packets of odd sizes into a buffer that is itself at an odd address. */
static void test_unaligned(void)
{
    g_autoptr(McChunkQueue) queue = mc_chunk_queue_new(8, 64);
    uint8_t memory[200], *buffer = memory + 1;
    UINT size = 199, outstanding = 9, bytes;

    g_assert_cmpint(push(queue, 1, "abc", 3), ==, STATUS_SUCCESS);
    g_assert_cmpint(push(queue, 2, "defgh", 5), ==, STATUS_SUCCESS);
    g_assert_cmpint(push(queue, 3, NULL, 0), ==, STATUS_SUCCESS);
    g_assert_cmpint(mc_chunk_queue_get(queue, 0, 0, NULL, &size, (void *) buffer, &outstanding), ==,
                    STATUS_SUCCESS);
    g_assert_cmpuint(size, ==, 3 * HEAD + 8);
    g_assert_cmpuint(outstanding, ==, 0);
    g_assert_cmpuint(number_at(buffer), ==, 1);
    memcpy(&bytes, buffer + 24, 4);
    g_assert_cmpuint(bytes, ==, 3);
    g_assert_cmpmem(buffer + HEAD, 3, "abc", 3);
    g_assert_cmpuint(number_at(buffer + 31), ==, 2);
    g_assert_cmpmem(buffer + 31 + HEAD, 5, "defgh", 5);
    g_assert_cmpuint(number_at(buffer + 64), ==, 3);
}

static void test_as_many_as_fit(void)
{
    g_autoptr(McChunkQueue) queue = mc_chunk_queue_new(8, 64);
    uint8_t buffer[100];
    UINT size = 100, outstanding = 0;

    for (unsigned i = 1; i <= 5; i++)
        g_assert_cmpint(push(queue, i, "0123456789", 10), ==, STATUS_SUCCESS);
    g_assert_cmpint(mc_chunk_queue_get(queue, 0, 0, NULL, &size, (void *) buffer, &outstanding), ==,
                    STATUS_SUCCESS);
    g_assert_cmpuint(size, ==, 76);
    g_assert_cmpuint(outstanding, ==, 3);
    size = 100;
    g_assert_cmpint(get(queue, 0, buffer, &size), ==, STATUS_SUCCESS);
    g_assert_cmpuint(number_at(buffer), ==, 3);
}

static void test_small_buffer(void)
{
    g_autoptr(McChunkQueue) queue = mc_chunk_queue_new(8, 64);
    uint8_t buffer[100];
    UINT size = 37;

    push(queue, 1, "0123456789", 10);
    g_assert_cmpint(get(queue, 0, buffer, &size), ==, STATUS_BUFFER_TOO_SMALL);
    g_assert_cmpuint(size, ==, 38);
    g_assert_cmpint(get(queue, 0, buffer, &size), ==, STATUS_SUCCESS);
    g_assert_cmpuint(number_at(buffer), ==, 1);
}

static void test_arguments(void)
{
    g_autoptr(McChunkQueue) queue = mc_chunk_queue_new(8, 4);
    HANDLE events[5] = {handle_of(0), handle_of(0), handle_of(0), handle_of(0), handle_of(0)};
    HANDLE none = NULL, closed = handle_of(1000000);
    uint8_t buffer[100];
    UINT size = 100;

    g_assert_cmpint(push(queue, 1, "12345", 5), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(push(queue, 1, NULL, 1), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(mc_chunk_queue_get(queue, 0, 5, events, &size, (void *) buffer, NULL), ==,
                    STATUS_INVALID_PARAMETER);
    g_assert_cmpint(mc_chunk_queue_get(queue, 0, 1, NULL, &size, (void *) buffer, NULL), ==,
                    STATUS_INVALID_PARAMETER);
    g_assert_cmpint(mc_chunk_queue_get(queue, 0, 0, NULL, NULL, (void *) buffer, NULL), ==,
                    STATUS_INVALID_PARAMETER);
    g_assert_cmpint(mc_chunk_queue_get(queue, 0, 1, &none, &size, (void *) buffer, NULL), ==,
                    STATUS_INVALID_HANDLE);
    size = 100;
    g_assert_cmpint(mc_chunk_queue_get(queue, 100, 1, &closed, &size, (void *) buffer, NULL), ==,
                    STATUS_INVALID_HANDLE);
    size = 0;
    g_assert_cmpint(get(queue, 0, NULL, &size), ==, STATUS_TIMEOUT);
}

static void note_lost(const MIRACAST_CHUNK_INFO *info, const void *priv, UINT bytes, void *user)
{
    GString *text = user;

    g_string_append_printf(text, "%u:%.*s ", (unsigned) info->ChunkId.FrameNumber, (int) bytes,
                           bytes ? (const char *) priv : "");
}

static void test_overflow(void)
{
    g_autoptr(GString) lost = g_string_new("");
    g_autoptr(McChunkQueue) queue = mc_chunk_queue_new(3, 4);
    uint8_t buffer[200];
    UINT size = 200;

    mc_chunk_queue_set_on_lost(queue, note_lost, lost);
    push(queue, 1, "a", 1);
    push(queue, 2, NULL, 0);
    push(queue, 3, "ccc", 3);
    g_assert_cmpint(push(queue, 4, "d", 1), ==, STATUS_NO_MEMORY);
    g_assert_cmpstr(lost->str, ==, "1:a 2: 3:ccc ");
    g_assert_cmpint(push(queue, 5, "e", 1), ==, STATUS_SUCCESS);
    g_assert_cmpint(get(queue, INFINITE, buffer, &size), ==, STATUS_CONNECTION_RESET);
    g_assert_cmpuint(size, ==, 0);
    size = 200;
    g_assert_cmpint(get(queue, INFINITE, buffer, &size), ==, STATUS_SUCCESS);
    g_assert_cmpuint(size, ==, HEAD + 1);
    g_assert_cmpuint(number_at(buffer), ==, 5);
    size = 200;
    g_assert_cmpint(get(queue, 0, buffer, &size), ==, STATUS_TIMEOUT);
}

static void test_reset_once(void)
{
    g_autoptr(GString) lost = g_string_new("");
    g_autoptr(McChunkQueue) queue = mc_chunk_queue_new(3, 4);
    uint8_t buffer[200];
    UINT size = 200;

    mc_chunk_queue_set_on_lost(queue, note_lost, lost);
    push(queue, 7, "x", 1);
    mc_chunk_queue_reset(queue);
    mc_chunk_queue_reset(queue);
    g_assert_cmpstr(lost->str, ==, "7:x ");
    g_assert_cmpint(get(queue, 0, buffer, &size), ==, STATUS_CONNECTION_RESET);
    size = 200;
    g_assert_cmpint(get(queue, 0, buffer, &size), ==, STATUS_TIMEOUT);
    push(queue, 8, "y", 1);
    g_clear_pointer(&queue, mc_chunk_queue_free);
    g_assert_cmpstr(lost->str, ==, "7:x 8:y ");
}

static void test_events(void)
{
    g_autoptr(McChunkQueue) queue = mc_chunk_queue_new(3, 4);
    int fd[4];
    HANDLE events[4];
    uint8_t buffer[100];
    UINT size;

    for (unsigned i = 0; i < 4; i++)
        events[i] = handle_of(fd[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    eventfd_write(fd[3], 1);
    eventfd_write(fd[1], 5);
    for (unsigned i = 0; i < 4; i++) {
        static const NTSTATUS expected[] = {STATUS_SUCCESS, STATUS_WAIT_1, STATUS_WAIT_3,
                                            STATUS_TIMEOUT};
        if (i == 0)
            push(queue, 1, NULL, 0); /* the chunk goes first */
        size = 100;
        g_assert_cmpint(mc_chunk_queue_get(queue, 0, 4, events, &size, (void *) buffer, NULL), ==,
                        expected[i]);
        g_assert_cmpuint(size, ==, i == 0 ? HEAD : 0);
    }
    eventfd_write(fd[0], 1);
    size = 100;
    g_assert_cmpint(mc_chunk_queue_get(queue, INFINITE, 4, events, &size, (void *) buffer, NULL),
                    ==, STATUS_WAIT_0);
    g_assert_cmpuint(size, ==, 0);
    for (unsigned i = 0; i < 4; i++)
        close(fd[i]);
}

static void test_timeout(void)
{
    g_autoptr(McChunkQueue) queue = mc_chunk_queue_new(3, 4);
    int64_t begin_us = g_get_monotonic_time();
    uint8_t buffer[100];
    UINT size = 100;

    g_assert_cmpint(get(queue, 60, buffer, &size), ==, STATUS_TIMEOUT);
    int64_t took_us = g_get_monotonic_time() - begin_us;
    g_assert_cmpint(took_us, >=, 60000);
    g_assert_cmpint(took_us, <, 30 * G_USEC_PER_SEC); /* ms are no seconds */
}

static gpointer wait_forever(gpointer user_data)
{
    uint8_t buffer[100];
    UINT size = 100;

    return GINT_TO_POINTER(get(user_data, INFINITE, buffer, &size));
}

static void test_close_releases_waiters(void)
{
    g_autoptr(McChunkQueue) queue = mc_chunk_queue_new(3, 4);
    uint8_t buffer[100];
    UINT size = 100;
    GThread *waiter[3];

    for (unsigned i = 0; i < 3; i++)
        waiter[i] = g_thread_new("waiter", wait_forever, queue);
    g_usleep(20000); /* likely inside poll by now; right either way */
    mc_chunk_queue_close(queue);
    for (unsigned i = 0; i < 3; i++)
        g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(waiter[i])), ==,
                        STATUS_INSTANCE_NOT_AVAILABLE);
    g_assert_cmpint(push(queue, 1, NULL, 0), ==, STATUS_INSTANCE_NOT_AVAILABLE);
    g_assert_cmpint(get(queue, INFINITE, buffer, &size), ==, STATUS_INSTANCE_NOT_AVAILABLE);
}

#define PUSHES 20000u

static gint all_pushed; /* atomic */

static gpointer push_many(gpointer user_data)
{
    unsigned failures = 0;

    for (uint64_t i = 1; i <= PUSHES; i++)
        if (push(user_data, i, &i, sizeof(i)) == STATUS_NO_MEMORY)
            failures++;
    g_atomic_int_set(&all_pushed, 1);
    return GUINT_TO_POINTER(failures);
}

static void count_lost(const MIRACAST_CHUNK_INFO *info, const void *priv, UINT bytes, void *user)
{
    g_assert_cmpuint(*(const uint64_t *) priv, ==, info->ChunkId.FrameNumber);
    g_atomic_int_inc((gint *) user);
}

/* Every chunk is either read, in order, or told as lost; resets never outnumber overflows. */
static void test_threads(void)
{
    gint lost = 0;
    g_autoptr(McChunkQueue) queue = mc_chunk_queue_new(16, 8);
    uint8_t buffer[200];
    unsigned got = 0, resets = 0;
    uint64_t last = 0;

    mc_chunk_queue_set_on_lost(queue, count_lost, &lost);
    GThread *pusher = g_thread_new("pusher", push_many, queue);
    for (bool done = false; !done;) {
        UINT size = sizeof(buffer);
        const bool is_last = g_atomic_int_get(&all_pushed);
        NTSTATUS status = get(queue, 20, buffer, &size);
        resets += status == STATUS_CONNECTION_RESET;
        done = is_last && status == STATUS_TIMEOUT;
        for (UINT pos = 0; status == STATUS_SUCCESS && pos < size; pos += HEAD + 8, got++) {
            g_assert_cmpuint(number_at(buffer + pos), >, last);
            last = number_at(buffer + pos);
        }
    }
    unsigned failures = GPOINTER_TO_UINT(g_thread_join(pusher));
    g_assert_cmpuint(got + (unsigned) lost + failures, ==, PUSHES);
    g_assert_cmpuint(resets, <=, failures);
    g_assert_true((failures > 0) == (resets > 0));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chunk-queue/unaligned", test_unaligned);
    g_test_add_func("/chunk-queue/as-many-as-fit", test_as_many_as_fit);
    g_test_add_func("/chunk-queue/small-buffer", test_small_buffer);
    g_test_add_func("/chunk-queue/arguments", test_arguments);
    g_test_add_func("/chunk-queue/overflow", test_overflow);
    g_test_add_func("/chunk-queue/reset-once", test_reset_once);
    g_test_add_func("/chunk-queue/events", test_events);
    g_test_add_func("/chunk-queue/timeout", test_timeout);
    g_test_add_func("/chunk-queue/close-releases-waiters", test_close_releases_waiters);
    g_test_add_func("/chunk-queue/threads", test_threads);
    return g_test_run();
}
