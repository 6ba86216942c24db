/* SPDX-License-Identifier: MIT */
/* The Prometheus endpoint: its text, where it listens, and peers that do not behave. */
#include "host/metrics.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/metrics/text", test_text);
    g_test_add_func("/metrics/where", test_where);
    g_test_add_func("/metrics/answers", test_answers);
    return g_test_run();
}
