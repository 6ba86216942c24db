/* SPDX-License-Identifier: MIT */
#include "umd/uibc.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "encoder/socket-address.h"
#include "p2p/callers.h"
#include "rtsp/uibc.h"

#define READ_BYTES 4096

_Static_assert(MC_UIBC_KEY_HID == MC_KEY_HID, "one numbering of keys");

struct McUibc {
    McOs os;
    McLink *link; /* that encrypts; else NULL */
    struct sockaddr_storage peer;
    int listen_fd, end_fd;
    uint16_t port;
    GThread *thread;
    gint enabled; /* atomic */
    void (*refused)(void *user_data);
    void *refused_data;

    GMutex lock; /* guards the four sizes */
    uint32_t picture_width_px, picture_height_px, desktop_width_px, desktop_height_px;

    /* The thread's: where the pointer was put last, on the desktop; which fingers are down. */
    int32_t x_px, y_px;
    uint32_t down[256 / 32];
    bool told; /* that it broke the rules */
};

/* ---- events ---- */

/* What every target can do and this one does not: there is no target. */
static bool says_no(const McIoctlInputEvent *event, NTSTATUS status)
{
    return status == STATUS_NOT_SUPPORTED &&
           (event->kind == MC_INPUT_POINTER_MOVE || event->kind == MC_INPUT_POINTER_BUTTON ||
            (event->kind == MC_INPUT_TOUCH && event->id == 0));
}

static void inject(McUibc *self, McIoctlInputEvent *event)
{
    mc_os_ioctl_header(&event->header, MC_IOCTL_INPUT_EVENT, sizeof(*event));
    const NTSTATUS status = mc_os_io_control(&self->os, event, sizeof(*event), NULL, 0, NULL);
    if (says_no(event, status) && g_atomic_int_compare_and_exchange(&self->enabled, 1, 0) &&
        self->refused)
        self->refused(self->refused_data);
}

/* A device's surface is the whole picture. */
static uint16_t of_side(const McUibcEvent *event, uint16_t at, uint32_t side_px)
{
    return event->shares ? (uint16_t) ((uint64_t) at * (MAX(side_px, 1u) - 1) / G_MAXUINT16) : at;
}

static void place(McUibc *self, const McUibcEvent *event, int32_t *ret_x_px, int32_t *ret_y_px)
{
    g_mutex_lock(&self->lock);
    mc_uibc_map(self->picture_width_px, self->picture_height_px, self->desktop_width_px,
                self->desktop_height_px, of_side(event, event->x, self->picture_width_px),
                of_side(event, event->y, self->picture_height_px), ret_x_px, ret_y_px);
    g_mutex_unlock(&self->lock);
}

static void move_by(McUibc *self, const McUibcEvent *event)
{
    g_mutex_lock(&self->lock);
    self->x_px = CLAMP(self->x_px + event->dx, 0, (int32_t) self->desktop_width_px - 1);
    self->y_px = CLAMP(self->y_px + event->dy, 0, (int32_t) self->desktop_height_px - 1);
    g_mutex_unlock(&self->lock);
}

/* A finger that is down and moves stays down; one that is not is a mouse's pointer, the first
 * alone. */
static void on_pointer(McUibc *self, const McUibcEvent *event)
{
    McIoctlInputEvent request = {.kind = MC_INPUT_TOUCH, .id = event->id};
    uint32_t *word = &self->down[event->id / 32];
    const uint32_t bit = 1u << event->id % 32;

    if (event->changed)
        *word = event->pressed ? *word | bit : *word & ~bit;
    request.pressed = (*word & bit) != 0;
    if (!event->changed && !request.pressed) {
        if (event->id != 0)
            return;
        request.kind = MC_INPUT_POINTER_MOVE;
    }
    place(self, event, &request.x, &request.y);
    if (event->id == 0) {
        self->x_px = request.x;
        self->y_px = request.y;
    }
    inject(self, &request);
}

static void on_event(const McUibcEvent *event, void *user_data)
{
    McUibc *self = user_data;
    McIoctlInputEvent request = {.id = event->code, .pressed = event->pressed};

    if (!g_atomic_int_get(&self->enabled)) {
        memset(self->down, 0, sizeof(self->down)); /* let go with the consent */
        return;
    }
    switch (event->kind) {
    case MC_UIBC_EVENT_POINTER:
        on_pointer(self, event);
        return;
    case MC_UIBC_EVENT_MOTION:
        move_by(self, event);
        request.kind = MC_INPUT_POINTER_MOVE;
        break;
    case MC_UIBC_EVENT_BUTTON:
        request.kind = MC_INPUT_POINTER_BUTTON;
        break;
    case MC_UIBC_EVENT_KEY:
        request.kind = MC_INPUT_KEY;
        break;
    case MC_UIBC_EVENT_SCROLL:
        request.kind = MC_INPUT_SCROLL;
        request.x = event->dx;
        request.y = event->dy;
        inject(self, &request);
        return;
    case MC_UIBC_EVENT_ZOOM:
        place(self, event, &self->x_px, &self->y_px);
        request.kind = MC_INPUT_ZOOM;
        request.id = event->factor_256;
        break;
    case MC_UIBC_EVENT_ROTATE:
        request.kind = MC_INPUT_ROTATE;
        request.id = (uint32_t) event->angle_256;
        break;
    }
    request.x = self->x_px;
    request.y = self->y_px;
    inject(self, &request);
}

/* ---- connection ---- */

/* Negative: the session is over. */
static int accept_sink(McUibc *self)
{
    struct sockaddr_storage addr;
    const int one = 1;
    int fd;

    while ((fd = mc_callers_next(self->listen_fd, self->end_fd, SOCK_NONBLOCK, &addr)) >= 0 &&
           !mc_socket_address_same_host(&addr, &self->peer))
        close(fd);
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

/* False: the connection is over. */
static bool read_some(McUibc *self, int fd, McUibcReader *reader)
{
    uint8_t buffer[READ_BYTES];
    g_autoptr(GError) error = NULL;
    ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    if (mc_uibc_reader_feed(reader, buffer, (size_t) n, &error))
        return true;
    if (!self->told) /* a sink that comes again and again is no news */
        g_message("[uibc.malformed] %s; its connection is closed", error->message);
    self->told = true;
    return false;
}

static bool open_body(const uint8_t *body, size_t len, GByteArray *out, void *user_data)
{
    return mc_link_open(user_data, body, len, out);
}

/* What was pressed would stay so. */
static void release_all(McUibc *self)
{
    McIoctlInputEvent request = {.kind = MC_INPUT_RELEASE};

    inject(self, &request);
}

/* False: the session is over. */
static bool serve(McUibc *self, int fd)
{
    g_autoptr(McUibcReader) reader = mc_uibc_reader_new(on_event, self);
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = self->end_fd, .events = POLLIN}};

    if (self->link)
        mc_uibc_reader_set_open(reader, open_body, self->link);
    for (;;) {
        poll(fds, 2, -1);
        if (fds[1].revents)
            return false;
        if (fds[0].revents && !read_some(self, fd, reader))
            return true;
    }
}

static gpointer run(gpointer user_data)
{
    McUibc *self = user_data;
    bool going = true;
    int fd;

    while (going && (fd = accept_sink(self)) >= 0) {
        going = serve(self, fd);
        close(fd);
        memset(self->down, 0, sizeof(self->down));
        release_all(self);
    }
    return NULL;
}

/* ---- life ---- */

static bool open_port(McUibc *self, const char *local_ip)
{
    struct sockaddr_storage addr;
    socklen_t len;

    if (!mc_socket_address_parse(local_ip, 0, &addr, &len))
        return false;
    self->listen_fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    self->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->listen_fd < 0 || self->end_fd < 0 ||
        bind(self->listen_fd, (struct sockaddr *) &addr, len) < 0 ||
        listen(self->listen_fd, 1) < 0 ||
        getsockname(self->listen_fd, (struct sockaddr *) &addr, &len) < 0)
        return false;
    self->port = mc_socket_address_port(&addr);
    return true;
}

McUibc *mc_uibc_new(const McOs *os, McLink *link, const char *local_ip, const char *peer_ip,
                    void (*refused)(void *user_data), void *user_data)
{
    g_autoptr(McUibc) self = g_new0(McUibc, 1);

    self->os = *os;
    self->link = link && mc_link_encrypts(link) ? link : NULL;
    self->refused = refused;
    self->refused_data = user_data;
    self->listen_fd = self->end_fd = -1;
    g_mutex_init(&self->lock);
    if (!mc_socket_address_parse(peer_ip, 0, &self->peer, &(socklen_t){0}) ||
        !open_port(self, local_ip))
        return NULL;
    self->thread = g_thread_try_new("mc-uibc", run, self, NULL);
    return self->thread ? g_steal_pointer(&self) : NULL;
}

void mc_uibc_free(McUibc *self)
{
    if (!self)
        return;
    if (self->thread) {
        eventfd_write(self->end_fd, 1);
        g_thread_join(self->thread);
    }
    if (self->listen_fd >= 0)
        close(self->listen_fd);
    if (self->end_fd >= 0)
        close(self->end_fd);
    g_mutex_clear(&self->lock);
    g_free(self);
}

uint16_t mc_uibc_port(const McUibc *self)
{
    return self->port;
}

void mc_uibc_enable(McUibc *self, bool enabled)
{
    const bool was = g_atomic_int_exchange(&self->enabled, enabled);

    if (was && !enabled)
        release_all(self);
}

void mc_uibc_set_picture(McUibc *self, uint32_t picture_width_px, uint32_t picture_height_px,
                         uint32_t desktop_width_px, uint32_t desktop_height_px)
{
    g_mutex_lock(&self->lock);
    self->picture_width_px = picture_width_px;
    self->picture_height_px = picture_height_px;
    self->desktop_width_px = MAX(desktop_width_px, 1u);
    self->desktop_height_px = MAX(desktop_height_px, 1u);
    g_mutex_unlock(&self->lock);
}
