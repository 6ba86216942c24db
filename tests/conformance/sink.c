/* SPDX-License-Identifier: MIT */
#include "tests/conformance/sink.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_US (20 * G_USEC_PER_SEC)

struct Sink {
    SinkConfig config;
    int tcp, udp, stop_event;
    uint16_t rtp_port;
    GThread *thread;
    GString *in; /* the thread's: what is not a whole message yet */

    GMutex lock; /* guards all below */
    GCond changed;
    GString *said; /* all that the source sent, NULs as dots */
    unsigned cseq, datagrams, key_frames, modes;
    char session[64], url[128];
    bool silent, closed, hung_up;
};

/* ---- talking ---- */

static void send_text(Sink *self, const char *text)
{
    if (send(self->tcp, text, strlen(text), MSG_NOSIGNAL) < 0)
        return; /* the source has gone: what is counted says so */
}

/* lock held. */
static void request(Sink *self, const char *method, const char *extra, const char *body)
{
    g_autofree char *session =
        self->session[0] ? g_strdup_printf("Session: %s\r\n", self->session) : g_strdup("");
    g_autofree char *text = g_strdup_printf(
        "%s %s RTSP/1.0\r\nCSeq: %u\r\n%s%s%s%s\r\n%s", method,
        g_str_equal(method, "OPTIONS") ? "*" : self->url, ++self->cseq, session, extra,
        body ? "Content-Type: text/parameters\r\n" : "", body ? "" : "", body ? body : "");

    if (body) { /* the length goes where the blank line begins */
        g_autofree char *head = g_strndup(text, (gsize) (strstr(text, "\r\n\r\n") - text));
        g_free(text);
        text = g_strdup_printf("%s\r\nContent-Length: %zu\r\n\r\n%s", head, strlen(body), body);
    }
    send_text(self, text);
}

static void answer(Sink *self, unsigned cseq, const char *status, const char *extra,
                   const char *body)
{
    g_autofree char *text = g_strdup_printf(
        "RTSP/1.0 %s\r\nCSeq: %u\r\n%sContent-Length: %zu\r\n%s\r\n%s", status, cseq, extra,
        strlen(body), body[0] ? "Content-Type: text/parameters\r\n" : "", body);

    send_text(self, text);
}

/* ---- what the source wants; lock held ---- */

static bool falls_silent(Sink *self, SinkStep step)
{
    self->silent = self->silent || self->config.silent_at == step;
    return self->silent;
}

static void on_options(Sink *self, unsigned cseq)
{
    if (falls_silent(self, SINK_STEP_M1))
        return;
    answer(self, cseq, "200 OK", "Public: org.wfa.wfd1.0, GET_PARAMETER, SET_PARAMETER\r\n", "");
    if (!falls_silent(self, SINK_STEP_M2))
        request(self, "OPTIONS", "Require: org.wfa.wfd1.0\r\n", NULL);
}

static void on_get(Sink *self, unsigned cseq, const char *body)
{
    if (!body[0]) { /* M16 */
        if (!self->config.mute_keepalive)
            answer(self, cseq, "200 OK", "", "");
        return;
    }
    if (falls_silent(self, SINK_STEP_M3))
        return;
    g_autofree char *caps = g_strdup_printf(
        "%swfd_client_rtp_ports: RTP/AVP/UDP;unicast %u 0 mode=play\r\n",
        self->config.caps ? self->config.caps : SINK_VGA SINK_SOUND_NONE SINK_HDMI, self->rtp_port);
    answer(self, cseq, "200 OK", "", caps);
}

static void on_trigger(Sink *self, unsigned cseq, const char *body)
{
    bool setup = strstr(body, "SETUP") != NULL, end = strstr(body, "TEARDOWN") != NULL;

    if ((setup && falls_silent(self, SINK_STEP_TRIGGER)) || (end && self->config.deaf_at_end))
        return;
    answer(self, cseq, "200 OK", "", "");
    if (setup && !falls_silent(self, SINK_STEP_SETUP)) {
        g_autofree char *transport =
            g_strdup_printf("Transport: RTP/AVP/UDP;unicast;client_port=%u\r\n", self->rtp_port);
        request(self, "SETUP", transport, NULL);
    } else if (end) {
        request(self, "TEARDOWN", "", NULL);
    } else if (!setup) {
        request(self, strstr(body, "PAUSE") ? "PAUSE" : "PLAY", "", NULL);
    }
}

static void on_set(Sink *self, unsigned cseq, const char *body)
{
    const char *url = strstr(body, "wfd_presentation_URL: ");

    if (strstr(body, "wfd_trigger_method")) {
        on_trigger(self, cseq, body);
        return;
    }
    if (url)
        sscanf(url, "wfd_presentation_URL: %127s", self->url);
    if (strstr(body, "wfd_video_formats") || strstr(body, "wfd_video_formats2")) {
        if (falls_silent(self, SINK_STEP_M4))
            return;
        if (self->modes++ < self->config.refuse_modes) {
            answer(self, cseq, "303 See Other", "", "wfd_video_formats: 415\r\n");
            return;
        }
    }
    answer(self, cseq, "200 OK", "", "");
}

/* SETUP's answer brings the session's name, and PLAY follows. */
static void on_answer(Sink *self, const char *head)
{
    const char *session = strstr(head, "Session: ");

    if (!session || self->session[0])
        return;
    g_strlcpy(self->session, session + strlen("Session: "), sizeof(self->session));
    self->session[strcspn(self->session, ";\r\n")] = '\0';
    if (!falls_silent(self, SINK_STEP_PLAY))
        request(self, "PLAY", "", NULL);
}

static void on_message(Sink *self, const char *head, const char *body)
{
    const char *cseq_at = strstr(head, "CSeq: ");
    unsigned cseq = cseq_at ? (unsigned) atoi(cseq_at + strlen("CSeq: ")) : 0;

    g_string_append(self->said, head);
    g_string_append(self->said, "\r\n\r\n");
    g_string_append(self->said, body);
    if (self->silent)
        return;
    if (g_str_has_prefix(head, "RTSP/1.0"))
        on_answer(self, head);
    else if (g_str_has_prefix(head, "OPTIONS"))
        on_options(self, cseq);
    else if (g_str_has_prefix(head, "GET_PARAMETER"))
        on_get(self, cseq, body);
    else
        on_set(self, cseq, body);
}

/* ---- the thread ---- */

static void take_messages(Sink *self)
{
    for (char *end; (end = strstr(self->in->str, "\r\n\r\n"));) {
        g_autofree char *head = g_strndup(self->in->str, (gsize) (end - self->in->str));
        const char *length_at = strstr(head, "Content-Length: ");
        gsize length = length_at ? (gsize) atoi(length_at + strlen("Content-Length: ")) : 0;
        gsize whole = strlen(head) + 4 + length;
        if (self->in->len < whole)
            return;
        g_autofree char *body = g_strndup(end + 4, length);
        g_string_erase(self->in, 0, (gssize) whole);
        g_mutex_lock(&self->lock);
        on_message(self, head, body);
        g_cond_broadcast(&self->changed);
        g_mutex_unlock(&self->lock);
    }
}

static bool read_tcp(Sink *self)
{
    char buffer[8192];
    ssize_t n = recv(self->tcp, buffer, sizeof(buffer), MSG_DONTWAIT);

    if (n > 0)
        g_string_append_len(self->in, buffer, n);
    take_messages(self);
    if (n != 0)
        return true;
    g_mutex_lock(&self->lock);
    self->closed = true;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    return false;
}

static unsigned count_key_frames(const uint8_t *data, size_t size)
{
    unsigned found = 0;

    for (size_t i = 12; i + 4 <= size; i++)
        if (!data[i] && !data[i + 1] && data[i + 2] == 1 && (data[i + 3] & 0x9f) == 7)
            found++;
    return found;
}

static void read_udp(Sink *self)
{
    uint8_t buffer[2048];
    ssize_t n;

    while ((n = recv(self->udp, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
        g_mutex_lock(&self->lock);
        self->datagrams++;
        self->key_frames += count_key_frames(buffer, (size_t) n);
        g_cond_broadcast(&self->changed);
        g_mutex_unlock(&self->lock);
    }
}

static gpointer run_sink(gpointer user_data)
{
    Sink *self = user_data;
    struct pollfd fds[] = {{.fd = self->stop_event, .events = POLLIN},
                           {.fd = self->udp, .events = POLLIN},
                           {.fd = self->tcp, .events = POLLIN}};

    while (!fds[0].revents) {
        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
            continue;
        if (fds[1].revents)
            read_udp(self);
        if (fds[2].revents && !read_tcp(self))
            fds[2].fd = -1;
    }
    return NULL;
}

/* ---- life ---- */

static int bind_loopback(int type, uint16_t *ret_port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *) &addr, sizeof(addr)), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *) &addr, &len), ==, 0);
    *ret_port = ntohs(addr.sin_port);
    return fd;
}

static void connect_pair(Sink *self, int *ret_source_fd)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint16_t port;
    int listener = bind_loopback(SOCK_STREAM, &port);

    g_assert_cmpint(listen(listener, 1), ==, 0);
    addr.sin_port = htons(port);
    self->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(connect(self->tcp, (struct sockaddr *) &addr, sizeof(addr)), ==, 0);
    *ret_source_fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    g_assert_cmpint(*ret_source_fd, >=, 0);
    close(listener);
}

Sink *sink_new(const SinkConfig *config, int *ret_source_fd)
{
    Sink *self = g_new0(Sink, 1);
    int room = 4 << 20;

    self->config = *config;
    self->in = g_string_new(NULL);
    self->said = g_string_new(NULL);
    g_strlcpy(self->url, "rtsp://localhost/wfd1.0", sizeof(self->url));
    g_mutex_init(&self->lock);
    g_cond_init(&self->changed);
    self->stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->udp = bind_loopback(SOCK_DGRAM, &self->rtp_port);
    setsockopt(self->udp, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    connect_pair(self, ret_source_fd);
    self->thread = g_thread_new("sink", run_sink, self);
    return self;
}

void sink_free(Sink *self)
{
    if (!self)
        return;
    eventfd_write(self->stop_event, 1);
    g_thread_join(self->thread);
    for (int *fd = (int[]){self->tcp, self->udp, self->stop_event, -1}; *fd >= 0; fd++)
        close(*fd);
    g_string_free(self->in, TRUE);
    g_string_free(self->said, TRUE);
    g_cond_clear(&self->changed);
    g_mutex_clear(&self->lock);
    g_free(self);
}

/* ---- for the test ---- */

void sink_set(Sink *self, const char *body)
{
    g_mutex_lock(&self->lock);
    request(self, "SET_PARAMETER", "", body);
    g_mutex_unlock(&self->lock);
}

void sink_ask(Sink *self, const char *method)
{
    g_mutex_lock(&self->lock);
    request(self, method, "", NULL);
    g_mutex_unlock(&self->lock);
}

void sink_hang_up(Sink *self)
{
    shutdown(self->tcp, SHUT_RDWR);
}

static unsigned count_locked(Sink *self, const char *text)
{
    unsigned n = 0;

    for (const char *at = self->said->str; (at = strstr(at, text)); at += strlen(text))
        n++;
    return n;
}

unsigned sink_count(Sink *self, const char *text)
{
    g_mutex_lock(&self->lock);
    unsigned n = count_locked(self, text);
    g_mutex_unlock(&self->lock);
    return n;
}

bool sink_await(Sink *self, const char *text, unsigned count)
{
    int64_t end_us = g_get_monotonic_time() + PATIENCE_US;
    bool timely = true;

    g_mutex_lock(&self->lock);
    while (count_locked(self, text) < count && timely)
        timely = g_cond_wait_until(&self->changed, &self->lock, end_us);
    bool seen = count_locked(self, text) >= count;
    g_mutex_unlock(&self->lock);
    return seen;
}

char *sink_said(Sink *self)
{
    g_mutex_lock(&self->lock);
    char *said = g_strdup(self->said->str);
    g_mutex_unlock(&self->lock);
    return said;
}

static bool await_number(Sink *self, const unsigned *number, unsigned count)
{
    int64_t end_us = g_get_monotonic_time() + PATIENCE_US;
    bool timely = true;

    g_mutex_lock(&self->lock);
    while (*number < count && timely)
        timely = g_cond_wait_until(&self->changed, &self->lock, end_us);
    bool seen = *number >= count;
    g_mutex_unlock(&self->lock);
    return seen;
}

bool sink_await_datagrams(Sink *self, unsigned count)
{
    return await_number(self, &self->datagrams, count);
}

bool sink_await_key_frames(Sink *self, unsigned count)
{
    return await_number(self, &self->key_frames, count);
}

static unsigned number(Sink *self, const unsigned *field)
{
    g_mutex_lock(&self->lock);
    unsigned n = *field;
    g_mutex_unlock(&self->lock);
    return n;
}

unsigned sink_datagrams(Sink *self)
{
    return number(self, &self->datagrams);
}

unsigned sink_key_frames(Sink *self)
{
    return number(self, &self->key_frames);
}

bool sink_closed(Sink *self)
{
    g_mutex_lock(&self->lock);
    bool closed = self->closed;
    g_mutex_unlock(&self->lock);
    return closed;
}
