/* SPDX-License-Identifier: MIT */
/* What is remembered of a sink, and what of a broken file. */
#include "umd/sink-memory.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static char *path;

static McWfdCaps *caps_of(const char *body)
{
    return mc_wfd_caps_parse(body, strlen(body));
}

static void test_key(void)
{
    g_autoptr(McWfdCaps) tv =
        caps_of("wfd_video_formats: none\r\nwfd_client_rtp_ports: RTP/AVP/UDP;"
                "unicast 19000 0 mode=play\r\n");
    g_autoptr(McWfdCaps) same = caps_of("wfd_video_formats: none\r\nwfd_client_rtp_ports: RTP/AVP/"
                                        "UDP;unicast 19002 0 mode=play\r\n");
    g_autoptr(McWfdCaps) other = caps_of("wfd_video_formats: none\r\nwfd_audio_codecs: none\r\n");
    char keys[3][MC_SINK_KEY_BYTES];

    mc_sink_memory_key(tv, keys[0]);
    mc_sink_memory_key(same, keys[1]);
    mc_sink_memory_key(other, keys[2]);
    g_assert_cmpuint(strlen(keys[0]), ==, 64);
    g_assert_cmpstr(keys[0], ==, keys[1]);
    g_assert_cmpstr(keys[0], !=, keys[2]);
}

static void test_round_trip(void)
{
    const McSinkMemory memory = {.rung = MC_RUNG_MODE, .patient = true}, nothing = {0};
    struct stat info;

    g_assert_cmpint(mc_sink_memory_load("a").rung, ==, MC_RUNG_CHOSEN);
    g_assert_true(mc_sink_memory_store("a", "A [TV]\n=", &memory));
    g_assert_true(mc_sink_memory_store("b", NULL, &memory));
    g_assert_cmpint(mc_sink_memory_load("a").rung, ==, MC_RUNG_MODE);
    g_assert_true(mc_sink_memory_load("a").patient);
    g_assert_cmpint(stat(path, &info), ==, 0);
    g_assert_cmphex(info.st_mode & 0777, ==, 0600);
    g_assert_true(mc_sink_memory_store("a", NULL, &nothing));
    g_assert_cmpint(mc_sink_memory_load("a").rung, ==, MC_RUNG_CHOSEN);
    g_assert_cmpint(mc_sink_memory_load("b").rung, ==, MC_RUNG_MODE);
}

static void test_garbage(void)
{
    static const char *const texts[] = {"",
                                        "rung=1",
                                        "[a]\nrung=99\n",
                                        "[a]\nrung=-1\n",
                                        "[a]\nrung=two\npatient=maybe\n",
                                        "\177ELF\377\376",
                                        "[["};
    const McSinkMemory memory = {.rung = MC_RUNG_SOUND};

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_assert_true(g_file_set_contents(path, texts[i], -1, NULL));
        g_assert_cmpint(mc_sink_memory_load("a").rung, ==, MC_RUNG_CHOSEN);
        g_assert_false(mc_sink_memory_load("a").patient);
        g_assert_true(mc_sink_memory_store("a", "TV", &memory));
        g_assert_cmpint(mc_sink_memory_load("a").rung, ==, MC_RUNG_SOUND);
    }
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0); /* opening one would wait for ever */
    g_assert_cmpint(mc_sink_memory_load("a").rung, ==, MC_RUNG_CHOSEN);
    g_assert_cmpint(g_unlink(path), ==, 0);
}

static void test_bounded(void)
{
    const McSinkMemory memory = {.rung = MC_RUNG_FLAVOUR};
    g_autofree char *text = NULL;
    gsize len;

    for (unsigned i = 0; i < 260; i++) {
        g_autofree char *key = g_strdup_printf("sink%u", i);
        g_assert_true(mc_sink_memory_store(key, "TV", &memory));
    }
    g_assert_cmpint(mc_sink_memory_load("sink259").rung, ==, MC_RUNG_FLAVOUR);
    g_assert_cmpint(mc_sink_memory_load("sink0").rung, ==, MC_RUNG_CHOSEN);
    g_assert_true(g_file_get_contents(path, &text, &len, NULL));
    g_assert_cmpuint(len, <, 20000);
}

int main(int argc, char **argv)
{
    g_autofree char *folder = g_dir_make_tmp("sink-memory-XXXXXX", NULL);
    g_autofree char *room = g_build_filename(folder, "miracast", NULL);
    int failed;

    g_setenv("XDG_STATE_HOME", folder, TRUE);
    path = g_build_filename(room, "sinks", NULL);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sink-memory/key", test_key);
    g_test_add_func("/sink-memory/round-trip", test_round_trip);
    g_test_add_func("/sink-memory/garbage", test_garbage);
    g_test_add_func("/sink-memory/bounded", test_bounded);
    failed = g_test_run();
    g_unlink(path);
    g_rmdir(room);
    g_rmdir(folder);
    g_free(path);
    return failed;
}
