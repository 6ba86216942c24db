/* SPDX-License-Identifier: MIT */
/* The Prometheus endpoint: its text, where it listens, and peers that do not behave. */
#include "host/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void test_text(void)
{
    const McFigures figures = {.now = {.live = 1,
                                       .bytes_sent = 1234567890123,
                                       .trip_us = -1,
                                       .encoder = "x264enc",
                                       .encode = {6600, 9100},
                                       .rtcp_loss_permille = 20,
                                       .radio_kbps = 65000,
                                       .radio_failed = 3}};
    g_autofree char *text = mc_metrics_text(&figures);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    g_assert_nonnull(strstr(text, "\nmiracast_live 1\n"));
    g_assert_nonnull(strstr(text, "\nmiracast_bytes_sent_total 1234567890123\n"));
    g_assert_nonnull(strstr(text, "\nmiracast_round_trip_seconds -1\n"));
    g_assert_nonnull(strstr(text, "\nmiracast_rtcp_loss_ratio 0.02\n"));
    g_assert_nonnull(strstr(text, "\nmiracast_radio_bits 65000000\n"));
    g_assert_nonnull(strstr(text, "\nmiracast_radio_failed_total 3\n"));
    g_assert_nonnull(
        strstr(text, "\nmiracast_stage_seconds{stage=\"encode\",quantile=\"0.95\"} 0.009100\n"));
    g_assert_true(g_str_has_suffix(text, "\n"));
    for (unsigned i = 0; lines[i]; i++) /* name, or name{labels}, and one value */
        g_assert_true(
            !*lines[i] || lines[i][0] == '#' ||
            g_regex_match_simple("^miracast_[a-z_]+(\\{[a-z0-9_=\".,]+\\})? -?[0-9.e+-]+$",
                                 lines[i], 0, 0));
}

static void test_where(void)
{
    static const char *const bad[] = {"",
                                      "9464",
                                      "0.0.0.0:9464",
                                      "192.168.1.2:1",
                                      "::1:9464",
                                      "localhost:1",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:",
                                      "127.0.0.1:-1"};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(mc_metrics_new(bad[i], &error));
        g_assert_nonnull(error);
    }
}

static int dial(unsigned port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    g_assert_cmpint(connect(fd, (struct sockaddr *) &addr, sizeof(addr)), ==, 0);
    return fd;
}

static char *ask(unsigned port, const char *request)
{
    GString *out = g_string_new(NULL);
    int fd = dial(port);
    char buffer[4096];
    ssize_t n;

    g_assert_cmpint(send(fd, request, strlen(request), MSG_NOSIGNAL), ==,
                    (ssize_t) strlen(request));
    while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
        g_string_append_len(out, buffer, n);
    close(fd);
    return g_string_free(out, FALSE);
}

static void test_answers(void)
{
    const McFigures figures = {.now = {.live = 1}};
    g_autoptr(McMetrics) metrics = mc_metrics_new("127.0.0.1:0", NULL);
    const unsigned port = mc_metrics_port(metrics);

    mc_metrics_update(metrics, &figures);
    close(dial(port)); /* says nothing and goes */
    g_autofree char *found = ask(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    g_assert_true(g_str_has_prefix(found, "HTTP/1.1 200 OK\r\n"));
    g_assert_nonnull(strstr(found, "\nmiracast_live 1\n"));
    g_autofree char *other = ask(port, "GET /etc/passwd HTTP/1.1\r\n\r\n");
    g_assert_true(g_str_has_prefix(other, "HTTP/1.1 404 "));
    g_autofree char *long_request = g_strnfill(5000, 'x');
    g_autofree char *none = ask(port, long_request);
    g_assert_null(strstr(none, "200 OK"));
}

/* ---- no descriptor left ---- */

#define REFUSALS 4
#define PAUSE_US (100 * G_TIME_SPAN_MILLISECOND) /* of p2p/callers */

static gint refusals; /* atomic: so often accept4() fails from now on */

/* The system's, but for that. */
int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    if (g_atomic_int_get(&refusals) > 0) {
        g_atomic_int_add(&refusals, -1);
        errno = EMFILE;
        return -1;
    }
    return (int) syscall(SYS_accept4, fd, addr, len, flags);
}

/* A scrape that there is no descriptor for is answered when there is one, and nothing spins until
 * then. */
static void test_no_descriptor(void)
{
    g_autoptr(McMetrics) metrics = mc_metrics_new("127.0.0.1:0", NULL);
    const int64_t start_us = g_get_monotonic_time();

    g_atomic_int_set(&refusals, REFUSALS);
    g_autofree char *found =
        ask(mc_metrics_port(metrics), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    g_assert_true(g_str_has_prefix(found, "HTTP/1.1 200 OK\r\n"));
    g_assert_cmpint(g_get_monotonic_time() - start_us, >=, REFUSALS * PAUSE_US * 9 / 10);
}

/* ---- a crowd that says nothing ---- */

#define CROWD 60 /* more than are listened to at once */

static void test_crowd(void)
{
    const McFigures figures = {.now = {.live = 1}};
    g_autoptr(McMetrics) metrics = mc_metrics_new("127.0.0.1:0", NULL);
    const unsigned port = mc_metrics_port(metrics);
    int fds[CROWD];

    mc_metrics_update(metrics, &figures);
    for (int i = 0; i < CROWD; i++)
        fds[i] = dial(port);
    g_autofree char *found = ask(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    g_assert_true(g_str_has_prefix(found, "HTTP/1.1 200 OK\r\n"));
    for (int i = 0; i < CROWD; i++)
        close(fds[i]);
}

/* ---- one who never comes to the point ---- */

#define DRIP_US 5000
#define DRIPS_MAX 2000 /* fewer than what is read of a request: only its end stops the drip */
#define DRIPS_HEARD 20 /* by then it has the server's ear */

typedef struct {
    int fd, drips;
    GAsyncQueue *heard;
} Dripper;

static gpointer drip(gpointer user_data)
{
    Dripper *self = user_data;

    while (self->drips < DRIPS_MAX && send(self->fd, "G", 1, MSG_NOSIGNAL) == 1) {
        if (++self->drips == DRIPS_HEARD)
            g_async_queue_push(self->heard, self);
        g_usleep(DRIP_US);
    }
    g_async_queue_push(self->heard, self); /* hung up on earlier: nobody waits for more */
    return NULL;
}

/* The end does not wait for it. */
static void test_dripper(void)
{
    McMetrics *metrics = mc_metrics_new("127.0.0.1:0", NULL);
    g_autoptr(GAsyncQueue) heard = g_async_queue_new();
    Dripper dripper = {.fd = dial(mc_metrics_port(metrics)), .heard = heard};
    GThread *thread = g_thread_new("drip", drip, &dripper);

    g_async_queue_pop(heard);
    mc_metrics_free(metrics);
    g_thread_join(thread);
    close(dripper.fd);
    g_assert_cmpint(dripper.drips, <, DRIPS_MAX);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/metrics/text", test_text);
    g_test_add_func("/metrics/where", test_where);
    g_test_add_func("/metrics/answers", test_answers);
    g_test_add_func("/metrics/no-descriptor", test_no_descriptor);
    g_test_add_func("/metrics/crowd", test_crowd);
    g_test_add_func("/metrics/dripper", test_dripper);
    return g_test_run();
}
