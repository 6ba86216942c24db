/* SPDX-License-Identifier: MIT */
/* The figures of a second, and the file of --stats with readers and disks that fail it. */
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/live-line.h"
#include "host/metrics.h"
#include "host/stats-file.h"
#include "p2p/plain-text.h"

static void test_figures(void)
{
    const McMeterSummary meter = {0};
    McFigures figures = {0};

    mc_figures_step(&figures, &(McStatusSnapshot){.frames_encoded = 10, .bytes_sent = 50000},
                    &meter, 1000000);
    g_assert_cmpfloat(figures.fps, ==, 0); /* since when, is not known */
    mc_figures_step(&figures, &(McStatusSnapshot){.frames_encoded = 24, .bytes_sent = 75000},
                    &meter, 1500000);
    g_assert_cmpfloat_with_epsilon(figures.fps, 28, 0.001);
    g_assert_cmpfloat_with_epsilon(figures.kbps, 400, 0.001);
    mc_figures_step(&figures, &(McStatusSnapshot){.frames_encoded = 3}, &meter, 2500000);
    g_assert_cmpfloat(figures.fps, ==, 0); /* a stream that began anew, and not the other way */
}

/* Whoever looks, and however: each figure is in the line (but for a detail), in the statistics and
 * in the metrics. */
static void test_three_outputs(void)
{
    static const struct {
        const char *live, *stats, *metrics;
    } items[] = {
        {"1280x720@60 28.3 fps ", "\"fps\":28.3,", "\nmiracast_fps 28.3\n"},
        {"@60 ", "\"mode_fps\":60,", "\nmiracast_mode_fps 60\n"},
        {" 2011/", "\"kbps\":2011,", "\nmiracast_bitrate_got_bits 2011000\n"},
        {"/4300 kbit/s", "\"kbps_asked\":4300,", "\nmiracast_bitrate_asked_bits 4300000\n"},
        {" loss 2.5%", "\"rtcp_loss_percent\":2.5,", "\nmiracast_rtcp_loss_ratio 0.025\n"},
        {" 31 capture", "\"capture\":31,", "\nmiracast_frames_unfetched_total 31\n"},
        {" 32 pace", "\"pace\":32,", "\nmiracast_frames_dropped_total 32\n"},
        {" 33 queue", "\"queue\":33,", "\nmiracast_datagrams_dropped_total 33\n"},
        {" 34 refused", "\"refused\":34}", "\nmiracast_datagrams_refused_total 34\n"},
        {"", "\"datagrams_duplicated\":35,", "\nmiracast_datagrams_duplicated_total 35\n"},
        {" idr 7 ", "\"idr_frames\":7,", "\nmiracast_idr_frames_total 7\n"},
        {"(8 asked)", "\"idr_requests\":8,", "\nmiracast_idr_requests_total 8\n"},
        {" a/v +12 ms", "\"av_offset_us\":12000,", "\nmiracast_av_offset_seconds 0.012\n"},
        {" capture 1.0/2.0", "\"capture\":{\"p50_us\":1000,\"p95_us\":2000,",
         "{stage=\"capture\",quantile=\"0.95\"} 0.002000\n"},
        {" convert 1.1/2.1", "\"convert\":{\"p50_us\":1100,\"p95_us\":2100}",
         "{stage=\"convert\",quantile=\"0.5\"} 0.001100\n"},
        {" encode 1.2/2.2", "\"h264\":{\"p50_us\":1200,\"p95_us\":2200}",
         "{stage=\"encode\",quantile=\"0.95\"} 0.002200\n"},
        {" mux 1.3/2.3", "\"mux\":{\"p50_us\":1300,\"p95_us\":2300}",
         "{stage=\"mux\",quantile=\"0.5\"} 0.001300\n"},
        {" send 1.4/2.4", "\"network\":{\"p50_us\":1400,\"p95_us\":2400}",
         "{stage=\"send\",quantile=\"0.95\"} 0.002400\n"},
    };
    const McMeterSummary meter = {.stage = {[MC_STAGE_CAPTURE] = {1000, 2000, 3000, 9}},
                                  .frames_unfetched = 31};
    McStatusSnapshot now = {.width_px = 1280,
                            .height_px = 720,
                            .fps = 60,
                            .bitrate_kbps = 4300,
                            .rtcp_loss_permille = 25,
                            .frames_dropped = 32,
                            .datagrams_dropped = 33,
                            .refusals = 34,
                            .datagrams_duplicated = 35,
                            .idr_frames = 7,
                            .idr_requests = 8,
                            .av_offset_us = 12000,
                            .convert = {1100, 2100},
                            .encode = {1200, 2200},
                            .mux = {1300, 2300},
                            .send = {1400, 2400},
                            .encoder = "x264enc"};
    McFigures figures = {0};

    mc_figures_step(&figures, &now, &meter, 10 * G_USEC_PER_SEC);
    now.frames_encoded += 283;
    now.bytes_sent += 2011 * 1250;
    mc_figures_step(&figures, &now, &meter, 20 * G_USEC_PER_SEC);
    g_autofree char *live = mc_live_text(&figures), *stats = mc_stats_text(NULL, &figures),
                    *metrics = mc_metrics_text(&figures);
    for (size_t i = 0; i < G_N_ELEMENTS(items); i++) {
        if (!strstr(live, items[i].live))
            g_error("no \"%s\" in %s", items[i].live, live);
        if (!strstr(stats, items[i].stats))
            g_error("no \"%s\" in %s", items[i].stats, stats);
        if (!strstr(metrics, items[i].metrics))
            g_error("no \"%s\" in %s", items[i].metrics, metrics);
    }
}

/* By what a terminal shows, and never within a character. */
static void test_cut(void)
{
    static const struct {
        const char *line, *shown;
        unsigned columns;
    } rows[] = {
        {"", "", 0},
        {"live", "", 0},
        {"live", "liv", 3},
        {"live", "live", 4},
        {"live", "live", G_MAXUINT},
        {"Büro 12", "Büro", 4},
        {"\u5ba2\u5385 TV", "\u5ba2", 3}, /* two columns each */
        {"\u5ba2\u5385 TV", "\u5ba2\u5385", 4},
        {"e\u0301t", "e\u0301", 1}, /* an accent that takes none */
        {"\U0001f4fa!", "\U0001f4fa", 2},
        {"a\xff"
         "b",
         "a\ufffd", 2}, /* no UTF-8 */
        {"a\xe5\xae", "a\ufffd", 2},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *shown = mc_live_cut(rows[i].line, rows[i].columns);
        g_assert_cmpstr(shown, ==, rows[i].shown);
    }
}

static McStatsResult write_one(McStatsFile *file, const char **ret_why)
{
    const McFigures figures = {.time_us = 7, .now = {.encoder = "x264enc"}};

    return mc_stats_file_write(file, NULL, &figures, ret_why);
}

/* The largest line there can be fits where a pipe has room at all. */
static void test_line(void)
{
    char sink[256];
    McFigures figures;

    memset(sink, 'n', sizeof(sink) - 1);
    sink[sizeof(sink) - 1] = '\0';
    memset(&figures, 0xff, sizeof(figures));
    memset(figures.now.encoder, 'x', sizeof(figures.now.encoder));
    figures.now.encoder[sizeof(figures.now.encoder) - 1] = '\0';
    figures.fps = figures.kbps = 1e9;
    g_autofree char *text = mc_stats_text(sink, &figures);
    g_assert_cmpuint(strlen(text), <=, PIPE_BUF);
    g_assert_cmpint(text[0], ==, '{');
    g_assert_true(g_str_has_suffix(text, "}\n"));
    g_assert_cmpuint(strcspn(text, "\n"), ==, strlen(text) - 1);
}

static void test_no_room(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(McStatsFile) file = mc_stats_file_new("/dev/full", &error);
    const char *why = NULL;

    g_assert_no_error(error);
    g_assert_cmpint(write_one(file, &why), ==, MC_STATS_ENDED);
    g_assert_cmpstr(why, ==, g_strerror(ENOSPC));
    g_assert_cmpint(write_one(file, &why), ==, MC_STATS_WRITTEN); /* it was said */
    g_assert_null(mc_stats_file_new("/nowhere/stats", &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

/* A pipe stands where standard output was. */
typedef struct {
    int kept, read_fd;
} Pipe;

static void set_up(Pipe *self, gconstpointer data)
{
    int fds[2];

    fflush(stdout);
    g_assert_cmpint(pipe(fds), ==, 0);
    self->kept = dup(STDOUT_FILENO);
    dup2(fds[1], STDOUT_FILENO);
    close(fds[1]);
    self->read_fd = fds[0];
}

static void restore(Pipe *self)
{
    if (self->kept >= 0)
        dup2(self->kept, STDOUT_FILENO);
    if (self->kept >= 0)
        close(self->kept);
    self->kept = -1;
}

static void tear_down(Pipe *self, gconstpointer data)
{
    restore(self);
    if (self->read_fd >= 0)
        close(self->read_fd);
}

static void test_unread(Pipe *self, gconstpointer data)
{
    g_autoptr(McStatsFile) file = mc_stats_file_new("-", NULL);
    const char *why;

    const McStatsResult first = write_one(file, &why);
    close(self->read_fd);
    self->read_fd = -1;
    const McStatsResult second = write_one(file, &why), third = write_one(file, &why);
    restore(self); /* what asserts write is read again */
    g_assert_cmpint(first, ==, MC_STATS_WRITTEN);
    g_assert_cmpint(second, ==, MC_STATS_UNREAD);
    g_assert_cmpint(third, ==, MC_STATS_WRITTEN);
}

/* Nobody takes anything out: no call waits, and what is in the pipe are whole lines. */
static void test_slow(Pipe *self, gconstpointer data)
{
    g_autoptr(McStatsFile) file = mc_stats_file_new("-", NULL);
    g_autoptr(GString) seen = g_string_new(NULL);
    char buffer[4096];
    const char *why;
    ssize_t n;

    for (int i = 0; i < 1000; i++)
        write_one(file, &why);
    restore(self); /* and with it the pipe's last writer goes */
    while ((n = read(self->read_fd, buffer, sizeof(buffer))) > 0)
        g_string_append_len(seen, buffer, n);
    g_auto(GStrv) lines = g_strsplit(seen->str, "\n", -1);
    const guint count = g_strv_length(lines) - 1;
    g_assert_cmpuint(count, >, 10);
    g_assert_cmpuint(count, <, 1000);
    for (guint i = 0; i < count; i++)
        g_assert_cmpstr(lines[i], ==, lines[0]);
    g_assert_cmpstr(lines[count], ==, "");
}

/* A name of any characters leaves the line JSON, and itself. */
static void test_names(void)
{
    static const char *const names[] = {"K\u00fcche", "a\"b\\c", "\xff\x1b[2J\n\xc2\x9b",
                                        "\\u0041"};
    const McFigures figures = {0};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = mc_stats_text(names[i], &figures);
        g_autofree char *plain = mc_plain_text(names[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) root = json_from_string(text, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(json_object_get_string_member(json_node_get_object(root), "sink"), ==,
                        plain);
    }
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* as host/main has it, nearly */
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stats/figures", test_figures);
    g_test_add_func("/stats/three-outputs", test_three_outputs);
    g_test_add_func("/stats/line", test_line);
    g_test_add_func("/stats/cut", test_cut);
    g_test_add_func("/stats/no-room", test_no_room);
    g_test_add("/stats/unread", Pipe, NULL, set_up, test_unread, tear_down);
    g_test_add("/stats/slow", Pipe, NULL, set_up, test_slow, tear_down);
    g_test_add_func("/stats/names", test_names);
    return g_test_run();
}
