/* SPDX-License-Identifier: MIT */
/* What Create and Start take is taken away from them, one thing after the other, and what their
 * callbacks answer becomes an error: nothing may be left behind. Then sinks that hang at each step
 * of the negotiation, and a thousand sessions.  Usage: faults [CYCLES]
 *
 * Taken away are memory, threads and descriptors that our own code asks for by functions that can
 * say no (g_try_malloc, g_thread_try_new, eventfd, socket, timerfd_create). GLib ends the process
 * when the small memory that it and we take by g_new cannot be had: that is its design and ours, as
 * a process without a few bytes can neither explain nor clean up. */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "tests/conformance/bed.h"
#include "tests/unit/host/runtime-fixture.h"

#define EXPORT __attribute__((visibility("default")))

static gint armed;          /* atomic: calls are counted */
static gint countdown = -1; /* atomic: the call that brings it to 0 fails */
static gint fired;          /* atomic */

/* Only for our own code: what GLib and GStreamer cannot bear is not our subject. */
static bool is_ours(void *caller)
{
    Dl_info info;

    return dladdr(caller, &info) && info.dli_fname &&
           (strstr(info.dli_fname, "miracast-umd") || strstr(info.dli_fname, "faults"));
}

static bool fails(void *caller)
{
    if (!g_atomic_int_get(&armed) || !is_ours(caller))
        return false;
    if (g_atomic_int_add(&countdown, -1) != 0)
        return false;
    g_atomic_int_set(&fired, 1);
    return true;
}

#define CALLER __builtin_return_address(0)
#define REAL(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))

EXPORT gpointer g_try_malloc(gsize n)
{
    return fails(CALLER) ? NULL : REAL(g_try_malloc)(n);
}

EXPORT gpointer g_try_malloc0(gsize n)
{
    return fails(CALLER) ? NULL : REAL(g_try_malloc0)(n);
}

EXPORT gpointer g_try_malloc0_n(gsize n, gsize size)
{
    return fails(CALLER) ? NULL : REAL(g_try_malloc0_n)(n, size);
}

EXPORT GThread *g_thread_try_new(const gchar *name, GThreadFunc func, gpointer data, GError **error)
{
    if (!fails(CALLER))
        return REAL(g_thread_try_new)(name, func, data, error);
    g_set_error_literal(error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN, "taken away");
    return NULL;
}

EXPORT int eventfd(unsigned value, int flags)
{
    return fails(CALLER) ? (errno = EMFILE, -1) : REAL(eventfd)(value, flags);
}

EXPORT int timerfd_create(int clock, int flags)
{
    return fails(CALLER) ? (errno = EMFILE, -1) : REAL(timerfd_create)(clock, flags);
}

EXPORT int socket(int domain, int type, int protocol)
{
    return fails(CALLER) ? (errno = EMFILE, -1) : REAL(socket)(domain, type, protocol);
}

/* ---- what may not be left ---- */

typedef struct {
    unsigned fds, tasks, files; /* files: mapped ones */
} Held;

/* Files, not their mappings, which the kernel splits and joins; without those that have no name any
 * more, as the code that Orc compiles for GStreamer when it is first wanted. */
static unsigned mapped_files(void)
{
    g_autofree char *maps = NULL;
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    g_assert_true(g_file_get_contents("/proc/self/maps", &maps, NULL, NULL));
    for (const char *at = maps; (at = strstr(at, " /")); at++) {
        g_autofree char *name = g_strndup(at + 1, strcspn(at, "\n") - 1);
        if (!g_str_has_suffix(name, " (deleted)"))
            g_hash_table_add(names, g_steal_pointer(&name));
    }
    return g_hash_table_size(names);
}

static Held held_now(void)
{
    return (Held){bed_entries("fd"), bed_entries("task"), mapped_files()};
}

static void assert_same(Held before, const char *what)
{
    int64_t end_us = g_get_monotonic_time() + BED_PATIENCE_US;

    while (bed_entries("task") > before.tasks && g_get_monotonic_time() < end_us)
        g_usleep(500); /* joined, but procfs lags */
    Held now = held_now();
    if (now.fds != before.fds || now.tasks > before.tasks || now.files != before.files)
        g_error("%s left %u descriptors, %u threads, %u mapped files more", what,
                now.fds - before.fds, now.tasks - before.tasks, now.files - before.files);
}

/* ---- faults ---- */

static void set_armed(bool on)
{
    g_atomic_int_set(&armed, on);
}

/* One session to the end of its Start, or as far as it comes. */
static bool try_session(void)
{
    SinkConfig quiet = {.silent_at = SINK_STEP_SETUP};
    Bed bed = {.options.response_ms = 2000, .arm = set_armed};

    bool ok = bed_try_open(&bed) && bed_start(&bed, &quiet);
    bed_close(&bed);
    return ok;
}

static void take_away(Held before)
{
    unsigned n = 0, survived = 0;

    do {
        g_atomic_int_set(&countdown, (gint) n++);
        g_atomic_int_set(&fired, 0);
        survived += try_session() && g_atomic_int_get(&fired);
        g_autofree char *what = g_strdup_printf("resource %u", n);
        assert_same(before, what);
    } while (g_atomic_int_get(&fired));
    g_print("%u resources of Create and Start failed in turn (%u could be done without): nothing "
            "was left\n",
            n - 1, survived);
    g_assert_cmpuint(n, >, 10);
}

static gint fault_countdown; /* atomic */

/* Only while Create and Start run: the end's own questions are not what fails here. */
static bool fault(BedKind kind)
{
    if (!g_atomic_int_get(&armed))
        return false;
    if (g_atomic_int_add(&fault_countdown, -1) != 0)
        return false;
    g_atomic_int_set(&fired, 1);
    return true;
}

static void fail_callbacks(Held before)
{
    unsigned n = 0;

    g_atomic_int_set(&countdown, -1);
    do {
        g_atomic_int_set(&fault_countdown, (gint) n++);
        g_atomic_int_set(&fired, 0);
        bed_set_fault(fault);
        try_session();
        bed_set_fault(NULL);
        g_autofree char *what = g_strdup_printf("callback %u", n);
        assert_same(before, what);
    } while (g_atomic_int_get(&fired));
    g_print("%u answers of the other side failed in turn: nothing was left\n", n - 1);
    g_assert_cmpuint(n, >, 5);
}

/* ---- sinks that hang ---- */

/* The last that a source says before it waits for this step of the sink's. */
static const char *const last_words[SINK_STEPS] = {
    [SINK_STEP_M1] = "OPTIONS * ",
    [SINK_STEP_M2] = "OPTIONS * ",
    [SINK_STEP_M3] = "GET_PARAMETER ",
    [SINK_STEP_M4] = "wfd_presentation_URL",
    [SINK_STEP_TRIGGER] = "wfd_trigger_method: SETUP",
    [SINK_STEP_SETUP] = "wfd_trigger_method: SETUP",
    [SINK_STEP_PLAY] = "server_port=",
};
static SinkStep hanging;

static gpointer run_stop(gpointer user_data)
{
    Bed *bed = user_data;

    g_assert_true(sink_await(bed->sink, last_words[hanging], 1));
    int64_t begin_us = g_get_monotonic_time();
    mc_runtime_stop(bed->runtime);
    return GSIZE_TO_POINTER(g_get_monotonic_time() - begin_us);
}

/* The limits are 1 s and 3 s.  False: it took longer, as on a machine that does other things too.
 */
static bool hang_at(SinkStep step, Held before)
{
    SinkConfig config = {.silent_at = step, .deaf_at_end = true};
    Bed bed = {0};
    BedCall destroy, destroyed;

    hanging = step;
    bed_open(&bed);
    bed.sink = sink_new(&config, &bed.rtsp_fd);
    GThread *stop = NULL;
    if (step <= SINK_STEP_M3)
        stop = g_thread_new("stop", run_stop, &bed);
    bool ok = mc_runtime_start(bed.runtime, bed.rtsp_fd, &bed.stats, &bed.info, &bed.status, NULL);
    g_assert_cmpint(ok, ==, step > SINK_STEP_M3);
    int64_t stop_us = GPOINTER_TO_SIZE(stop ? g_thread_join(stop) : run_stop(&bed));
    g_clear_pointer(&bed.runtime, mc_runtime_free);
    g_assert_true(bed_find(BED_DESTROY, 0, &destroy) && bed_find(BED_DESTROYED, 0, &destroyed));
    g_print("sink hangs at step %d: Stop %" G_GINT64_FORMAT " ms, Destroy %" G_GINT64_FORMAT
            " ms\n",
            (int) step, stop_us / 1000, (destroyed.time_us - destroy.time_us) / 1000);
    const bool in_time =
        stop_us < 2 * G_USEC_PER_SEC && destroyed.time_us - destroy.time_us < 3 * G_USEC_PER_SEC;
    bed_close(&bed);
    assert_same(before, "a sink that hangs");
    return in_time;
}

/* ---- cycles ---- */

static size_t heap_bytes(void)
{
    return mallinfo2().uordblks; /* zeros under a sanitizer, which looks for leaks itself */
}

static void cycle(Bed *bed, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        SinkConfig none = {0};
        bed_must_start(bed, &none);
        bed_stop(bed);
        bed_forget(); /* what was written down is the test's memory */
    }
}

static void run_cycles(unsigned count)
{
    Bed bed = {0};

    bed_open(&bed);
    cycle(&bed, MAX(count / 10, 10));
    Held before = held_now();
    size_t heap = heap_bytes();
    int64_t begin_us = g_get_monotonic_time();
    cycle(&bed, count);
    int64_t grown = (int64_t) heap_bytes() - (int64_t) heap;
    assert_same(before, "a thousand sessions");
    g_print("%u sessions in %" G_GINT64_FORMAT " ms: %" G_GINT64_FORMAT " bytes of heap more\n",
            count, (g_get_monotonic_time() - begin_us) / 1000, grown);
    g_assert_cmpint(grown, <, 64 * 1024); /* 64 bytes a session would show */
    bed_close(&bed);
}

/* The runtime alone, with a driver that does nothing: as many in a moment. */
static void run_plain_cycles(unsigned count)
{
    size_t heap = 0;
    Held before = {0};
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    for (unsigned i = 0; i < count + 100; i++) {
        fixture_must_start(&f);
        mc_runtime_stop(f.runtime);
        if (i == 99) {
            before = held_now();
            heap = heap_bytes();
        }
    }
    int64_t grown = (int64_t) heap_bytes() - (int64_t) heap;
    assert_same(before, "sessions of the runtime alone");
    g_print("%u sessions of the runtime alone: %" G_GINT64_FORMAT " bytes of heap more\n", count,
            grown);
    g_assert_cmpint(grown, <, 64 * 1024);
    fixture_close(&f);
}

/* CYCLES: sessions of the real driver; a thousand take a minute. */
int main(int argc, char **argv)
{
    unsigned cycles = argc > 1 ? (unsigned) atoi(argv[1]) : 1000;

    g_log_set_always_fatal(G_LOG_FATAL_MASK); /* session.stop-overrun is a warning */
    try_session();                            /* libraries keep what they opened once */
    run_plain_cycles(1000);
    run_cycles(cycles);
    Held before = held_now();
    take_away(before);
    fail_callbacks(before);
    for (SinkStep step = SINK_STEP_M1; step < SINK_STEPS; step++)
        for (unsigned i = 0; !hang_at(step, before); i++)
            g_assert_cmpuint(i, <, 5);
    return 0;
}
