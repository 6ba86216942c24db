/* SPDX-License-Identifier: MIT */
/* The sink's bytes of a whole session over a real socket, cut after each of them: the session ends,
 * says so once, and leaves nothing.  Up to PLAY every byte is a cut; behind it, where a stream
 * begins each time, every BEHIND_PLAY-th. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtsp/message.h"
#include "umd/session.h"

#define BEHIND_PLAY 40
#define AT_ONCE 8 /* they mostly wait */

/* ---- the operating system's side ---- */

typedef struct {
    GMutex lock;
    GCond changed;
    unsigned statuses;
} Host;

static VOID report_status(HANDLE device, MIRACAST_STATUS status, NTSTATUS cause)
{
    Host *host = device;

    g_mutex_lock(&host->lock);
    host->statuses++;
    g_cond_signal(&host->changed);
    g_mutex_unlock(&host->lock);
}

static NTSTATUS io_control(HANDLE device, BOOL hardware, UINT in_bytes, VOID *in, UINT out_bytes,
                           VOID *out, UINT *ret_bytes)
{
    McDisplayInfo info = {
        .size = sizeof(info), .width_px = 640, .height_px = 480, .refresh_mhz = 30000};

    if (out)
        memcpy(out, &info, MIN(out_bytes, sizeof(info)));
    if (ret_bytes)
        *ret_bytes = MIN(out_bytes, sizeof(info));
    return STATUS_SUCCESS;
}

static VOID report_statistic(HANDLE device, MIRACAST_STATISTIC_DATA *stat)
{
}

/* No picture ever comes; the pump wakes up when it is to end. */
static NTSTATUS next_chunk(HANDLE device, UINT timeout_ms, UINT n, HANDLE *events, UINT *size,
                           MIRACAST_CHUNK_DATA *buffer, UINT *outstanding)
{
    struct timeval wait = {.tv_usec = timeout_ms * 1000};
    int stop = (int) (intptr_t) events[0] - 1;
    fd_set set;

    FD_ZERO(&set);
    FD_SET(stop, &set);
    *size = 0;
    return select(stop + 1, &set, NULL, NULL, &wait) > 0 ? STATUS_WAIT_0 : STATUS_TIMEOUT;
}

static NTSTATUS register_rate(HANDLE device, PVOID context, PFN_DATARATE_NOTIFICATION notify)
{
    return STATUS_NOT_SUPPORTED;
}

static const MIRACAST_CALLBACKS callbacks = {report_status, io_control, report_statistic,
                                             next_chunk, register_rate};

/* ---- the sink: what it says once it has heard so many messages ---- */

#define M3                                                                                         \
    "wfd_video_formats: 00 00 01 01 00000001 00000000 00000000 00 0000 0000 00 none none\r\n"      \
    "wfd_audio_codecs: none\r\n"                                                                   \
    "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 19000 0 mode=play\r\n"

static const struct {
    unsigned heard;
    const char *says;
} script[] = {
    {1, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: org.wfa.wfd1.0, GET_PARAMETER, SET_PARAMETER\r\n\r\n"
        "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nRequire: org.wfa.wfd1.0\r\n\r\n"},
    {3, "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: text/parameters\r\nContent-Length: "
        "170\r\n\r\n" M3},
    {4, "RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n"},
    {5, "RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n"
        "SETUP rtsp://127.0.0.1/wfd1.0/streamid=0 RTSP/1.0\r\nCSeq: 2\r\n"
        "Transport: RTP/AVP/UDP;unicast;client_port=19000\r\n\r\n"},
    {6, "PLAY rtsp://127.0.0.1/wfd1.0/streamid=0 RTSP/1.0\r\nCSeq: 3\r\n\r\n"},
    {7, "TEARDOWN rtsp://127.0.0.1/wfd1.0/streamid=0 RTSP/1.0\r\nCSeq: 4\r\n\r\n"},
};

typedef struct {
    int fd;
    size_t cut;
} Sink;

/* False: the cut is reached, or the source is gone. */
static bool say(Sink *sink, size_t *said, const char *text)
{
    size_t bytes = MIN(strlen(text), sink->cut - *said);

    if (bytes && send(sink->fd, text, bytes, MSG_NOSIGNAL) != (ssize_t) bytes)
        return false;
    *said += bytes;
    return *said < sink->cut;
}

static unsigned count_messages(McRtspReader *reader)
{
    unsigned n = 0;

    for (;;) {
        g_auto(McRtspMessage) message = {0};
        if (mc_rtsp_reader_next(reader, &message, NULL) != MC_RTSP_MESSAGE)
            return n;
        n++;
    }
}

static gpointer run_sink(gpointer data)
{
    Sink *sink = data;
    g_autoptr(McRtspReader) reader = mc_rtsp_reader_new();
    uint8_t buffer[4096];
    unsigned heard = 0, step = 0;
    size_t said = 0;
    ssize_t n;

    while (said < sink->cut && (n = recv(sink->fd, buffer, sizeof(buffer), 0)) > 0) {
        mc_rtsp_reader_feed(reader, buffer, (size_t) n);
        heard += count_messages(reader);
        while (step < G_N_ELEMENTS(script) && heard >= script[step].heard &&
               say(sink, &said, script[step].says))
            step++;
        if (step == G_N_ELEMENTS(script))
            break;
    }
    close(sink->fd);
    return NULL;
}

/* ---- one session ---- */

/* One at a time: what is accepted is what was connected. */
static void connect_pair(int listener, int ret_fds[2])
{
    static GMutex lock;
    struct sockaddr_in addr;
    socklen_t len = sizeof(addr);
    int one = 1;

    g_assert_cmpint(getsockname(listener, (struct sockaddr *) &addr, &len), ==, 0);
    ret_fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_mutex_lock(&lock);
    g_assert_cmpint(connect(ret_fds[1], (struct sockaddr *) &addr, sizeof(addr)), ==, 0);
    setsockopt(ret_fds[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    ret_fds[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    g_mutex_unlock(&lock);
    g_assert_cmpint(ret_fds[0], >=, 0);
}

static void cut_at(int listener, size_t cut)
{
    Host host = {0};
    McOs os;
    McUmdOptions options = {.audio = "none"};
    MIRACAST_SESSION_INFO info;
    int fds[2];

    g_mutex_init(&host.lock);
    g_cond_init(&host.changed);
    mc_os_init(&os, &host, &callbacks);
    connect_pair(listener, fds);
    Sink sink = {.fd = fds[1], .cut = cut};
    GThread *thread = g_thread_new("sink", run_sink, &sink);
    McSession *session = mc_session_new(&os, &options, NULL, fds[0], NULL);

    if (NT_SUCCESS(mc_session_start(session, &info))) {
        int64_t end_us = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
        g_mutex_lock(&host.lock);
        while (!host.statuses)
            if (!g_cond_wait_until(&host.changed, &host.lock, end_us))
                g_error("cut after %zu bytes: the session goes on for a minute", cut);
        g_mutex_unlock(&host.lock);
        mc_session_stop(session);
        g_assert_cmpuint(host.statuses, ==, 1);
    } else {
        g_assert_cmpuint(host.statuses, ==, 0); /* its result says it (U13) */
    }
    mc_session_free(session);
    g_thread_join(thread);
    close(fds[0]);
    g_cond_clear(&host.changed);
    g_mutex_clear(&host.lock);
}

static void run_cut(gpointer cut_plus_1, gpointer listener)
{
    cut_at(*(int *) listener, GPOINTER_TO_SIZE(cut_plus_1) - 1);
}

static unsigned descriptors(void)
{
    g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned n = 0;

    while (folder && g_dir_read_name(folder))
        n++;
    return n;
}

int main(int argc, char **argv)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t all = 0, to_play = 0;
    unsigned sessions = 0;

    g_assert_cmpint(bind(listener, (struct sockaddr *) &addr, sizeof(addr)), ==, 0);
    g_assert_cmpint(listen(listener, 4), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(script); i++) {
        to_play = i < 5 ? all + strlen(script[i].says) : to_play;
        all += strlen(script[i].says);
    }
    cut_at(listener, all); /* what libraries keep for ever is open now */
    unsigned before = descriptors();
    GThreadPool *pool = g_thread_pool_new(run_cut, &listener, AT_ONCE, TRUE, NULL);
    for (size_t cut = 0; cut < all; cut += cut < to_play - 1 ? 1 : BEHIND_PLAY, sessions++)
        g_thread_pool_push(pool, GSIZE_TO_POINTER(cut + 1), NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    g_assert_cmpuint(descriptors(), ==, before);
    g_print("%u sessions cut within %zu bytes\n", sessions, all);
    close(listener);
    return 0;
}
