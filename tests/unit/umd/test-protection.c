/* SPDX-License-Identifier: MIT */
/* Protection of a whole stream, counted in frames: the lab's HDCP receiver fails in the middle, and
 * from then on no frame leaves encrypted or as it is, but the one that was under way. */
#include "umd/protection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 60000
#define WIDTH 320
#define HEIGHT 240
#define TS 188u
#define VIDEO_PID 0x1011

typedef struct {
    /* the receiver's program */
    GPid pid;
    int to_fd, from_fd;
    GThread *reader;
    char *folder;
    /* the display path */
    McOs os;
    int frame_event, released_event;
    McFrameDesc frame;
    uint8_t *pixels;
    /* the driver */
    McMedia *media;
    McProtection *protection;
    int settled_event;
    gint withheld;      /* atomic: people were told */
    GAsyncQueue *codes; /* of failures, as people are told */
    /* the sink */
    int fd;
    uint16_t port;
    unsigned hidden, bare; /* PES of video that came, encrypted or not */
    unsigned hidden_since; /* the last one that was bare */
} Bed;

static void await_event(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    eventfd_t count;

    g_assert_cmpint(poll(&wait, 1, PATIENCE_MS), ==, 1);
    eventfd_read(fd, &count);
}

/* ---- the display path: a frame when the test says so ---- */

static NTSTATUS NTAPI next_chunk(HANDLE device, UINT timeout_ms, UINT events, HANDLE *event,
                                 UINT *size, MIRACAST_CHUNK_DATA *buffer, UINT *outstanding)
{
    Bed *bed = device;
    struct pollfd wait[2] = {{.fd = (int) (intptr_t) event[0] - 1, .events = POLLIN},
                             {.fd = bed->frame_event, .events = POLLIN}};
    MIRACAST_CHUNK_DATA head = {.ChunkInfo.ChunkType = MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE,
                                .PrivateDriverDataSize = sizeof(bed->frame)};
    eventfd_t count;

    *outstanding = 0;
    poll(wait, 2, -1); /* no heartbeat: what leaves was asked for */
    if (wait[0].revents) {
        *size = 0;
        return STATUS_WAIT_0;
    }
    eventfd_read(bed->frame_event, &count);
    head.ChunkInfo.ChunkId.FrameNumber = bed->frame.frame_id;
    memcpy(buffer, &head, offsetof(MIRACAST_CHUNK_DATA, PrivateDriverData));
    memcpy((uint8_t *) buffer + offsetof(MIRACAST_CHUNK_DATA, PrivateDriverData), &bed->frame,
           sizeof(bed->frame));
    *size = offsetof(MIRACAST_CHUNK_DATA, PrivateDriverData) + sizeof(bed->frame);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI io_control(HANDLE device, BOOL hardware, UINT in_size, VOID *in,
                                 UINT out_size, VOID *out, UINT *ret_bytes)
{
    const McIoctlHeader *header = in;

    if (header->type == MC_IOCTL_FRAME_RELEASE)
        eventfd_write(((Bed *) device)->released_event, 1);
    return STATUS_SUCCESS;
}

static VOID NTAPI report_status(HANDLE device, MIRACAST_STATUS status, NTSTATUS cause)
{
}

static VOID NTAPI report_statistic(HANDLE device, MIRACAST_STATISTIC_DATA *statistics)
{
}

static NTSTATUS NTAPI register_rate(HANDLE device, PVOID context, PFN_DATARATE_NOTIFICATION notify)
{
    return STATUS_SUCCESS;
}

/* ---- the sink ---- */

/* A PES header with an extension (its private data) is an encrypted one's. */
static void look_at(Bed *bed, const uint8_t *packet)
{
    const unsigned pid = (packet[1] & 0x1fu) << 8 | packet[2];
    const size_t at = packet[3] & 0x20 ? 5u + packet[4] : 4u;

    if (pid != VIDEO_PID || !(packet[1] & 0x40) || at + 9 > TS)
        return;
    if (packet[at + 7] & 1) {
        bed->hidden++;
        bed->hidden_since++;
    } else {
        bed->bare++;
        bed->hidden_since = 0;
    }
}

static void drain(Bed *bed)
{
    uint8_t datagram[2048];
    ssize_t n;

    while ((n = recv(bed->fd, datagram, sizeof(datagram), MSG_DONTWAIT)) > 0)
        for (size_t at = 12; at + TS <= (size_t) n; at += TS)
            look_at(bed, datagram + at);
}

/* On loopback what the sender has no more of is in our buffer. */
static void await_sent(Bed *bed)
{
    McStreamStats stats;

    for (mc_media_stats(bed->media, &stats); stats.queued_bytes; mc_media_stats(bed->media, &stats))
        g_usleep(200);
    drain(bed);
}

/* One frame, from the display path to the sink.  One that is withheld never comes: then it is not
 * waited for longer than that. */
static void show_frame(Bed *bed, int wait_ms)
{
    struct pollfd wait = {.fd = bed->fd, .events = POLLIN};
    const unsigned seen = bed->hidden + bed->bare;

    bed->frame.frame_id++;
    bed->frame.capture_ns = g_get_monotonic_time() * 1000;
    memset(bed->pixels, (int) bed->frame.frame_id * 40, WIDTH * 4 * 32);
    eventfd_write(bed->frame_event, 1);
    await_event(bed->released_event);
    while (bed->hidden + bed->bare == seen && poll(&wait, 1, wait_ms) == 1)
        drain(bed);
    await_sent(bed);
}

static void show_frames(Bed *bed, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        show_frame(bed, PATIENCE_MS);
}

/* ---- the receiver ---- */

static void tell_receiver(Bed *bed, const char *line)
{
    g_assert_cmpint(write(bed->to_fd, line, strlen(line)), ==, strlen(line));
}

/* Its pipe would be full some time. */
static gpointer read_on(gpointer user_data)
{
    char bytes[4096];

    while (read(GPOINTER_TO_INT(user_data), bytes, sizeof(bytes)) > 0)
        ;
    return NULL;
}

static uint16_t start_receiver(Bed *bed, const char *options)
{
    g_autofree char *line = g_strdup_printf("python3 %s --data %s %s", g_getenv("HDCP_RECEIVER"),
                                            g_getenv("HDCP_TEST_DATA"), options);
    g_auto(GStrv) argv = NULL;
    char text[64] = "";
    g_autoptr(GError) error = NULL;

    g_assert_true(g_shell_parse_argv(line, NULL, &argv, NULL));
    g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                             NULL, NULL, &bed->pid, &bed->to_fd, &bed->from_fd, NULL, &error);
    g_assert_no_error(error);
    for (size_t at = 0; at + 1 < sizeof(text) && !strchr(text, '\n'); at++)
        g_assert_cmpint(read(bed->from_fd, text + at, 1), ==, 1);
    g_assert_true(g_str_has_prefix(text, "listening "));
    bed->reader = g_thread_new("reader", read_on, GINT_TO_POINTER(bed->from_fd));
    return (uint16_t) atoi(text + strlen("listening "));
}

/* ---- the driver ---- */

static void on_progress(const char *step, const char *text, void *user_data)
{
    Bed *bed = user_data;

    g_test_message("%s: %s", step, text);
    if (strstr(text, "is not shown"))
        g_atomic_int_set(&bed->withheld, 1);
    if (*text == '[')
        g_async_queue_push(bed->codes, g_strndup(text + 1, strcspn(text + 1, "]")));
}

static void on_settled(void *user_data)
{
    eventfd_write(((Bed *) user_data)->settled_event, 1);
}

static void on_failed(const GError *error, void *user_data)
{
    g_error("the media failed: %s", error->message);
}

static McUmdOptions options_of(Bed *bed, bool revoked)
{
    McUmdOptions options = {.on_progress = on_progress, .user_data = bed};
    g_autofree char *from = g_build_filename(g_getenv("HDCP_TEST_DATA"), "test-keys.txt", NULL);
    g_autofree char *keys = g_build_filename(bed->folder, "keys", NULL);
    g_autofree char *srm = g_build_filename(bed->folder, "srm", NULL);
    g_autofree char *text = NULL;
    gsize len = 0;

    g_assert_true(g_file_get_contents(from, &text, &len, NULL));
    g_assert_true(g_file_set_contents_full(keys, text, (gssize) len, G_FILE_SET_CONTENTS_CONSISTENT,
                                           0600, NULL));
    g_strlcpy(options.hdcp_keys, keys, sizeof(options.hdcp_keys));
    if (revoked) {
        g_autofree char *line =
            g_strdup_printf("python3 %s --data %s --write-srm %s 0909090900",
                            g_getenv("HDCP_RECEIVER"), g_getenv("HDCP_TEST_DATA"), srm);
        g_assert_true(g_spawn_command_line_sync(line, NULL, NULL, NULL, NULL));
        g_strlcpy(options.hdcp_srm, srm, sizeof(options.hdcp_srm));
    }
    return options;
}

static void open_sink(Bed *bed)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    const int bytes = 4 << 20;

    bed->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(bed->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    g_assert_cmpint(bind(bed->fd, (struct sockaddr *) &address, len), ==, 0);
    g_assert_cmpint(getsockname(bed->fd, (struct sockaddr *) &address, &len), ==, 0);
    bed->port = ntohs(address.sin_port);
}

static void open_display(Bed *bed)
{
    const MIRACAST_CALLBACKS callbacks = {report_status, io_control, report_statistic, next_chunk,
                                          register_rate};

    bed->frame_event = eventfd(0, EFD_CLOEXEC);
    bed->released_event = eventfd(0, EFD_CLOEXEC);
    bed->settled_event = eventfd(0, EFD_CLOEXEC);
    bed->pixels = g_malloc0(WIDTH * HEIGHT * 4);
    bed->frame = (McFrameDesc){.size = sizeof(McFrameDesc),
                               .version = MC_FRAME_VERSION,
                               .pixels = (uint64_t) (uintptr_t) bed->pixels,
                               .width_px = WIDTH,
                               .height_px = HEIGHT,
                               .stride_bytes = WIDTH * 4,
                               .fourcc = MC_FOURCC_BGRX};
    g_assert_cmpint(mc_os_init(&bed->os, bed, &callbacks), ==, STATUS_SUCCESS);
}

static Bed *bed_new(const char *receiver_options, bool revoked)
{
    static McWfdDecision decision = {
        .n_video = 1,
        .video[0] = {.mode = {.width_px = WIDTH, .height_px = HEIGHT, .fps = 30}, .level_idc = 31}};
    Bed *bed = g_new0(Bed, 1);
    g_autoptr(GError) error = NULL;

    bed->codes = g_async_queue_new_full(g_free);
    bed->folder = g_dir_make_tmp("protection-XXXXXX", NULL);
    open_display(bed);
    open_sink(bed);
    McUmdOptions options = options_of(bed, revoked);
    bed->media = mc_media_new(&bed->os, &options, "127.0.0.1", on_failed, bed, &error);
    g_assert_no_error(error);
    bed->protection = mc_protection_new(&options, bed->media, on_settled, bed, &error);
    g_assert_no_error(error);
    mc_protection_connect(bed->protection, "HDCP2.1", "127.0.0.1",
                          start_receiver(bed, receiver_options));
    while (!mc_protection_settled(bed->protection))
        await_event(bed->settled_event);
    g_assert_true(mc_protection_want(bed->protection, true, 0));
    g_assert_true(mc_media_play(bed->media, "127.0.0.1", bed->port, &decision, &error));
    g_assert_no_error(error);
    return bed;
}

static void bed_free(Bed *bed)
{
    mc_protection_stop(bed->protection);
    mc_media_free(bed->media);
    mc_protection_free(bed->protection);
    close(bed->to_fd); /* end of its commands */
    waitpid(bed->pid, NULL, 0);
    g_thread_join(bed->reader);
    for (int *fd = (int[]){bed->from_fd, bed->fd, bed->frame_event, bed->released_event,
                           bed->settled_event, -1};
         *fd >= 0; fd++)
        close(*fd);
    for (const char *const *name = (const char *const[]){"keys", "srm", NULL}; *name; name++) {
        g_autofree char *path = g_build_filename(bed->folder, *name, NULL);
        g_unlink(path);
    }
    g_rmdir(bed->folder);
    g_async_queue_unref(bed->codes);
    g_free(bed->folder);
    g_free(bed->pixels);
    g_free(bed);
}

/* ---- cases ---- */

typedef struct {
    const char *name, *receiver, *commands;
    const char *code; /* NULL: it tries for long */
    bool revoked;
} Case;

static const Case cases[] = {
    {"lost", "", "close\n", "hdcp.disconnected", false},
    {"wrong-h", "", "fault wrong-h\nreauth\n", "hdcp.h-prime", false},
    {"late-l", "", "slow 0.05 100000\nreauth\n", NULL, false},
    {"wrong-l", "", "fault wrong-l\nreauth\n", "hdcp.locality", false},
    {"revoked", "--repeater", "list 1\n", "hdcp.revoked", true},
    {"wrong-v", "--repeater", "fault wrong-v\nlist 2\n", "hdcp.v-prime", false},
    {"silent", "", "fault silent\nreauth\n", "hdcp.timeout", false},
};

/* A frame is shown, sent and looked at before the next one: so many frames passed between the
 * failure and the end of protected content.  The one under way when it became known may be. */
static void test_stops(const void *data)
{
    const Case *c = data;
    Bed *bed = bed_new(c->receiver, c->revoked);

    show_frames(bed, 5);
    g_assert_cmpuint(bed->hidden, >=, 5);
    g_assert_cmpuint(bed->bare, ==, 0);
    tell_receiver(bed, c->commands);
    while (!g_atomic_int_get(&bed->withheld))
        show_frame(bed, 100);
    await_sent(bed);
    const unsigned hidden = bed->hidden, bare = bed->bare;
    show_frames(bed, 5); /* the notice goes on */
    if (c->code) {
        g_autofree char *code = g_async_queue_timeout_pop(bed->codes, PATIENCE_MS * 1000);
        g_assert_cmpstr(code, ==, c->code);
    }
    show_frames(bed, 5); /* and after the last try */
    g_test_message("%u encrypted, %u not; %u encrypted after", hidden, bare, bed->hidden - hidden);
    g_assert_cmpuint(bed->hidden, <=, hidden + 1);
    g_assert_cmpuint(bed->hidden_since, ==, 0);
    g_assert_cmpuint(bed->bare, >=, bare + 9);
    bed_free(bed);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(g_getenv("HDCP_TEST_DATA") && g_getenv("HDCP_RECEIVER"));
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("/protection/stops/%s", cases[i].name);
        g_test_add_data_func(name, &cases[i], test_stops);
    }
    return g_test_run();
}
