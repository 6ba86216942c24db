/* SPDX-License-Identifier: MIT */
#include "host/options.h"

#include <stdio.h>
#include <string.h>

#ifndef MC_INSTALLED_UMD
#define MC_INSTALLED_UMD ""
#endif

static bool parse_mode(McOptions *self, GError **error)
{
    unsigned width, height, fps = 0;
    int used = 0;

    if (!self->mode)
        return true;
    int n = sscanf(self->mode, "%5ux%5u%n@%3u%n", &width, &height, &used, &fps, &used);
    if (n < 2 || self->mode[used] || width < 16 || height < 16) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--mode wants WxH or WxH@FPS, for example 1280x720@30; '%s' is neither",
                    self->mode);
        return false;
    }
    self->umd_options.mode_width_px = width;
    self->umd_options.mode_height_px = height;
    self->umd_options.mode_fps = fps;
    return true;
}

static bool check_word(const char *option, const char *value, const char *const *words,
                       GError **error)
{
    for (; *words; words++)
        if (!strcmp(value, *words))
            return true;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s does not know '%s'", option,
                value);
    return false;
}

static bool check_range(const char *option, int value, int most, GError **error)
{
    if (value >= 0 && value <= most)
        return true;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s wants 0 to %d", option, most);
    return false;
}

static void set_default(char **option, const char *value)
{
    if (!*option)
        *option = g_strdup(value);
}

static bool finish(McOptions *self, GError **error)
{
    static const char *const links[] = {"lan", "loopback", NULL};
    static const char *const sounds[] = {"auto", "none", "test", "silence", NULL};

    set_default(&self->link, "lan");
    set_default(&self->listen, "127.0.0.1:7236");
    set_default(&self->allow, "");
    set_default(&self->capture, "x11");
    set_default(&self->audio, strcmp(self->capture, "test") ? "auto" : "test");
    set_default(&self->encoder, "");
    if (!check_word("--link", self->link, links, error) ||
        !check_word("--audio", self->audio, sounds, error) || !parse_mode(self, error) ||
        !check_range("--bitrate", self->bitrate_kbps, 240000, error) ||
        !check_range("--duration", self->duration_s, 31536000, error) ||
        !check_range("--wait", self->wait_s, 31536000, error) ||
        !check_range("--keepalive", self->keepalive_s, 55, error) ||
        !check_range("--fps", self->fps, 240, error))
        return false;
    self->umd_options.bitrate_kbps = (uint32_t) self->bitrate_kbps;
    self->umd_options.keepalive_s = (uint32_t) self->keepalive_s;
    self->umd_options.high_profile = self->high_profile;
    if (self->keepalive_s) /* a lab that wants quick keep-alives wants a quick verdict too */
        self->umd_options.response_ms = (uint32_t) MIN(5000, self->keepalive_s * 1000);
    g_strlcpy(self->umd_options.audio, self->audio, sizeof(self->umd_options.audio));
    g_strlcpy(self->umd_options.encoder, self->encoder, sizeof(self->umd_options.encoder));
    return true;
}

bool mc_options_parse(McOptions *self, const char *command, int argc, char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"link", 0, 0, G_OPTION_ARG_STRING, &self->link, "how the sink is reached: lan, loopback",
         "KIND"},
        {"listen", 0, 0, G_OPTION_ARG_STRING, &self->listen,
         "where the sink dials in [127.0.0.1:7236]", "ADDR:PORT"},
        {"allow", 0, 0, G_OPTION_ARG_STRING, &self->allow, "only this peer may connect", "ADDR"},
        {"capture", 0, 0, G_OPTION_ARG_STRING, &self->capture,
         "what is shown: x11, x11:DISPLAY, test", "WHAT"},
        {"audio", 0, 0, G_OPTION_ARG_STRING, &self->audio, "sound: auto, none, test, silence",
         "WHAT"},
        {"mode", 0, 0, G_OPTION_ARG_STRING, &self->mode,
         "picture size and rate, where the sink offers it", "WxH[@FPS]"},
        {"bitrate", 0, 0, G_OPTION_ARG_INT, &self->bitrate_kbps, "video bit rate in kbit/s",
         "KBPS"},
        {"encoder", 0, 0, G_OPTION_ARG_STRING, &self->encoder, "H.264 encoder: x264, openh264",
         "NAME"},
        {"high-profile", 0, 0, G_OPTION_ARG_NONE, &self->high_profile,
         "use high profile where the sink offers it", NULL},
        {"fps", 0, 0, G_OPTION_ARG_INT, &self->fps, "most pictures a second that are captured [60]",
         "FPS"},
        {"duration", 0, 0, G_OPTION_ARG_INT, &self->duration_s,
         "end after so many seconds of streaming", "SECONDS"},
        {"wait", 0, 0, G_OPTION_ARG_INT, &self->wait_s, "give up when no sink dials in [no limit]",
         "SECONDS"},
        {"keepalive", 0, 0, G_OPTION_ARG_INT, &self->keepalive_s,
         "seconds between keep-alives [25]", "SECONDS"},
        {"stats", 0, 0, G_OPTION_ARG_FILENAME, &self->stats,
         "one JSON object a second, - for standard output", "FILE"},
        {"trace", 0, 0, G_OPTION_ARG_FILENAME, &self->trace, "write the RTSP dialogue here", "DIR"},
        {"umd", 0, 0, G_OPTION_ARG_FILENAME, &self->umd, "driver module to load", "PATH"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &self->quiet, "no live line", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autofree char *name = g_strdup_printf("miracast %s", command);
    g_autoptr(GPtrArray) args = g_ptr_array_new();
    g_auto(GStrv) copy = NULL;

    g_ptr_array_add(args, g_strdup(name));
    for (int i = 0; i < argc; i++)
        g_ptr_array_add(args, g_strdup(argv[i]));
    g_ptr_array_add(args, NULL);
    copy = (char **) g_ptr_array_steal(args, NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_set_prgname(name);
    if (!g_option_context_parse_strv(context, &copy, error))
        return false;
    if (copy[0] && copy[1]) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "'%s' is no option; a sink by name needs Wi-Fi Direct, which is not there yet",
                    copy[1]);
        return false;
    }
    return finish(self, error);
}

void mc_options_clear(McOptions *self)
{
    for (char **s = (char **) &self->link; s <= &self->umd; s++)
        g_clear_pointer(s, g_free);
}

char *mc_options_umd_path(const McOptions *self)
{
    const char *env = g_getenv("MIRACAST_UMD");
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = program ? g_path_get_dirname(program) : NULL;

    if (self->umd)
        return g_strdup(self->umd);
    if (env && *env)
        return g_strdup(env);
    if (folder) {
        g_autofree char *beside = g_build_filename(folder, "..", "umd", "miracast-umd.so", NULL);
        if (g_file_test(beside, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&beside);
    }
    return g_strdup(MC_INSTALLED_UMD);
}
