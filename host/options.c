/* SPDX-License-Identifier: MIT */
#include "host/options.h"

#include <stdio.h>
#include <string.h>

#include "encoder/fingerprint.h"
#include "encoder/ts-flavour.h"

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

static bool check_flavour(const char *name, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    const McTsFlavour *flavour;

    if (!name || mc_ts_flavour(name))
        return true;
    for (unsigned i = 0; (flavour = mc_ts_flavour_at(i)); i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "", flavour->name);
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "--ts-flavour does not know '%s'; it knows %s", name, names->str);
    return false;
}

static void copy_path(char *to, size_t size, const char *from)
{
    g_strlcpy(to, from ? from : "", size);
}

/* Both kinds of "dtls" make keys with the receiver; anything else is a file with one. */
static bool set_srtp(McOptions *self, GError **error)
{
    McUmdOptions *umd = &self->umd_options;

    umd->srtp_passive = !g_strcmp0(self->srtp, "dtls-passive");
    umd->srtp_dtls = umd->srtp_passive || !g_strcmp0(self->srtp, "dtls");
    copy_path(umd->srtp_key, sizeof(umd->srtp_key), umd->srtp_dtls ? NULL : self->srtp);
    copy_path(umd->sdp, sizeof(umd->sdp), self->sdp);
    if (!self->srtp_fingerprint ||
        (umd->srtp_dtls && mc_fingerprint_parse(self->srtp_fingerprint, umd->srtp_fingerprint)))
        return true;
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "--srtp-fingerprint wants --srtp dtls, and the SHA-256 of the receiver's "
                        "certificate in hex");
    return false;
}

static void set_default(char **option, const char *value)
{
    if (!*option)
        *option = g_strdup(value);
}

static void set_hdcp(McOptions *self)
{
    McUmdOptions *umd = &self->umd_options;

    if (self->hdcp_keys && !self->hdcp_pairings) {
        g_autofree char *folder = g_build_filename(g_get_user_state_dir(), "miracast", NULL);
        if (g_mkdir_with_parents(folder, 0700) == 0)
            self->hdcp_pairings = g_build_filename(folder, "hdcp-pairings", NULL);
    }
    copy_path(umd->hdcp_keys, sizeof(umd->hdcp_keys), self->hdcp_keys);
    copy_path(umd->hdcp_srm, sizeof(umd->hdcp_srm), self->hdcp_srm);
    copy_path(umd->hdcp_pairings, sizeof(umd->hdcp_pairings), self->hdcp_pairings);
}

static bool parse_protect(McOptions *self, GError **error)
{
    char *end = self->protect;

    self->protect_from_s = self->protect_to_s = -1;
    if (!self->protect)
        return true;
    self->protect_from_s = g_ascii_strtod(self->protect, &end);
    if (end != self->protect && *end == '-' && end[1])
        self->protect_to_s = g_ascii_strtod(end + 1, &end);
    if (end != self->protect && !*end && self->protect_from_s >= 0)
        return true;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "--protect wants seconds such as 0 or 2-4, not \"%s\"", self->protect);
    return false;
}

static bool shows_file(const McOptions *self)
{
    return g_str_has_prefix(self->capture, "file:");
}

bool mc_options_show_desktop(const McOptions *self)
{
    return !g_str_has_prefix(self->capture, "test") && !shows_file(self);
}

static const char *default_sound(const McOptions *self)
{
    return mc_options_show_desktop(self) ? "auto" : shows_file(self) ? "file" : "test";
}

static bool check_sound(const McOptions *self, GError **error)
{
    if (strcmp(self->audio, "file") || shows_file(self))
        return true;
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "--audio file is a file's own sound, and wants --capture file:PATH");
    return false;
}

static bool finish(McOptions *self, GError **error)
{
    static const char *const links[] = {"auto", "lan", "loopback", "mice", "p2p", NULL};
    static const char *const drivers[] = {"", "wpas", "dbus", "nm", NULL};
    static const char *const pairings[] = {"auto", "pbc", "enter-pin", "show-pin", NULL};
    static const char *const securities[] = {"auto", "open", "encrypt", "request", "pin", NULL};
    static const char *const consents[] = {"ask", "allow", "deny", NULL};
    static const char *const sounds[] = {"auto", "both",    "none", "test",
                                         "beep", "silence", "file", NULL};

    set_default(&self->link, self->sink ? "auto" : "lan"); /* a name is looked for everywhere */
    set_default(&self->listen, strcmp(self->link, "p2p") && strcmp(self->link, "auto")
                                   ? "127.0.0.1:7236"
                                   : "0.0.0.0:7236");
    set_default(&self->driver, "");
    set_default(&self->interface, "");
    set_default(&self->control, "");
    set_default(&self->pairing, "auto");
    set_default(&self->allow, "");
    set_default(&self->capture, g_getenv("WAYLAND_DISPLAY") ? "portal" : "x11");
    set_default(&self->audio, default_sound(self));
    set_default(&self->encoder, "");
    set_default(&self->input, "ask");
    set_default(&self->sink, "");
    set_default(&self->security, "auto");
    if (!check_word("--link", self->link, links, error) ||
        !check_word("--p2p-backend", self->driver, drivers, error) ||
        !check_word("--pairing", self->pairing, pairings, error) ||
        !check_range("--channel", self->channel_mhz, 7125, error) ||
        !check_word("--security", self->security, securities, error) ||
        !check_range("--control-port", self->control_port, 65535, error) ||
        !check_word("--audio", self->audio, sounds, error) || !check_sound(self, error) ||
        !check_word("--input", self->input, consents, error) || !parse_mode(self, error) ||
        !parse_protect(self, error) || !check_flavour(self->ts_flavour, error) ||
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
    /* "both" is what "auto" captures, without moving it (host/sound-route.h). */
    g_strlcpy(self->umd_options.audio, strcmp(self->audio, "both") ? self->audio : "auto",
              sizeof(self->umd_options.audio));
    g_strlcpy(self->umd_options.encoder, self->encoder, sizeof(self->umd_options.encoder));
    g_strlcpy(self->umd_options.ts_flavour, self->ts_flavour ? self->ts_flavour : "",
              sizeof(self->umd_options.ts_flavour));
    set_hdcp(self);
    return set_srtp(self, error);
}

static bool takes_sink(const char *link)
{
    return !strcmp(link, "mice") || !strcmp(link, "p2p") || !strcmp(link, "auto") ||
           !strcmp(link, "loopback");
}

bool mc_options_parse(McOptions *self, const char *command, int argc, char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"link", 0, 0, G_OPTION_ARG_STRING, &self->link,
         "how the sink is reached: mice, p2p (Wi-Fi Direct), auto (mice, else p2p), lan, loopback "
         "[auto with a sink, else "
         "lan]",
         "KIND"},
        {"p2p-backend", 0, 0, G_OPTION_ARG_STRING, &self->driver,
         "p2p: who drives the card: wpas, dbus, nm [by looking]", "NAME"},
        {"interface", 0, 0, G_OPTION_ARG_STRING, &self->interface, "p2p: Wi-Fi interface", "NAME"},
        {"wpa-control", 0, 0, G_OPTION_ARG_FILENAME, &self->control,
         "p2p: wpa_supplicant's control socket, or its directory", "PATH"},
        {"pairing", 0, 0, G_OPTION_ARG_STRING, &self->pairing,
         "p2p: auto, pbc, enter-pin (the sink shows it), show-pin [auto]", "WORD"},
        {"channel", 0, 0, G_OPTION_ARG_INT, &self->channel_mhz,
         "p2p: channel of the group [chosen]", "MHZ"},
        {"drop-wifi", 0, 0, G_OPTION_ARG_NONE, &self->drop_wifi,
         "p2p: the other Wi-Fi connection may end", NULL},
        {"security", 0, 0, G_OPTION_ARG_STRING, &self->security,
         "mice: auto, open, encrypt, request, pin [auto]", "WORD"},
        {"pin", 0, 0, G_OPTION_ARG_STRING, &self->pin, "the PIN that the sink shows", "PIN"},
        {"control-port", 0, 0, G_OPTION_ARG_INT, &self->control_port,
         "mice: the sink's control port [7250]", "PORT"},
        {"listen", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->listens,
         "where the sink dials in; once for each sink [127.0.0.1:7236]", "ADDR:PORT"},
        {"allow", 0, 0, G_OPTION_ARG_STRING, &self->allow, "only this peer may connect", "ADDR"},
        {"capture", 0, 0, G_OPTION_ARG_FILENAME, &self->capture,
         "what is shown: x11, x11:DISPLAY, x11:MONITOR, x11,window=ID-OR-TITLE, portal, "
         "portal:choose, kms, kms:SCREEN, file:PATH, file:PATH,loop, test, test:noise, test:still, "
         "test:sync",
         "WHAT"},
        {"audio", 0, 0, G_OPTION_ARG_STRING, &self->audio,
         "sound: auto, both, none, test, beep, silence [of the file, else auto]", "WHAT"},
        {"input", 0, 0, G_OPTION_ARG_STRING, &self->input,
         "may the sink move pointer and keys here: ask, allow, deny [ask]", "WORD"},
        {"mode", 0, 0, G_OPTION_ARG_STRING, &self->mode,
         "picture size and rate, where the sink offers it", "WxH[@FPS]"},
        {"bitrate", 0, 0, G_OPTION_ARG_INT, &self->bitrate_kbps, "video bit rate in kbit/s",
         "KBPS"},
        {"encoder", 0, 0, G_OPTION_ARG_STRING, &self->encoder,
         "H.264 encoder that is tried first: x264, openh264, vaapi, v4l2", "NAME"},
        {"srtp", 0, 0, G_OPTION_ARG_FILENAME, &self->srtp,
         "protect RTP with this key file, or with keys that are made with the receiver",
         "FILE|dtls|dtls-passive"},
        {"srtp-fingerprint", 0, 0, G_OPTION_ARG_STRING, &self->srtp_fingerprint,
         "with --srtp dtls: SHA-256 of the receiver's certificate [any]", "HEX"},
        {"hdcp-keys", 0, 0, G_OPTION_ARG_FILENAME, &self->hdcp_keys,
         "an HDCP licensee's keys, to protect content that must be", "FILE|MODULE"},
        {"hdcp-srm", 0, 0, G_OPTION_ARG_FILENAME, &self->hdcp_srm, "list of revoked HDCP receivers",
         "FILE"},
        {"hdcp-pairings", 0, 0, G_OPTION_ARG_FILENAME, &self->hdcp_pairings,
         "HDCP receivers met before [in the user's state folder]", "FILE"},
        {"protect", 0, 0, G_OPTION_ARG_STRING, &self->protect,
         "treat the desktop as protected content, from and to these seconds", "FROM[-TO]"},
        {"sdp", 0, 0, G_OPTION_ARG_FILENAME, &self->sdp,
         "with --srtp: write an SDP with the key here, for stock receivers", "FILE"},
        {"ts-flavour", 0, 0, G_OPTION_ARG_STRING, &self->ts_flavour,
         "shape of the MPEG-TS: android, gnd, pcr-video, filled, unbounded [the sink's]", "NAME"},
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
        {"metrics", 0, 0, G_OPTION_ARG_STRING, &self->metrics,
         "answer Prometheus here, on loopback alone", "ADDR:PORT"},
        {"trace", 0, 0, G_OPTION_ARG_FILENAME, &self->trace,
         "write the RTSP dialogue and the packets (pcapng) here", "DIR"},
        {"umd", 0, 0, G_OPTION_ARG_FILENAME, &self->umd, "driver module to load", "PATH"},
        {"window", 0, 0, G_OPTION_ARG_NONE, &self->window,
         "demo: show what the sink sees in a window of this display", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &self->quiet, "no live line", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("[SINK…]");
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
    char **names = copy[0] ? copy + 1 : copy;
    const unsigned n_names = g_strv_length(names);
    if (!strcmp(command, "demo") && !mc_options_refuse_sinks(self, n_names, error))
        return false;
    if (!mc_options_take_sinks(self, names, n_names, error))
        return false;
    if (self->sink && self->link && !takes_sink(self->link)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "'%s' is no option; with --link %s the sink is not named", self->sink,
                    self->link);
        return false;
    }
    if ((!g_strcmp0(self->link, "mice") || !g_strcmp0(self->link, "auto")) && !self->sink) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "--link %s wants the sink's address or name", self->link);
        return false;
    }
    return finish(self, error) && mc_options_set_sinks(self, names, n_names, error);
}

void mc_options_clear(McOptions *self)
{
    if (self->pin)
        explicit_bzero(self->pin, strlen(self->pin));
    for (char **s = (char **) &self->link; s <= &self->umd; s++)
        g_clear_pointer(s, g_free);
    mc_options_clear_sinks(self);
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
