/* SPDX-License-Identifier: MIT */
#include "host/options.h"

#include <string.h>

#include "encoder/fingerprint.h"

#ifndef MC_INSTALLED_UMD
#define MC_INSTALLED_UMD ""
#endif

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

static void set_defaults(McOptions *self)
{
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
}

static void set_driver_options(McOptions *self)
{
    McUmdOptions *umd = &self->umd_options;

    umd->bitrate_kbps = (uint32_t) self->bitrate_kbps;
    umd->keepalive_s = (uint32_t) self->keepalive_s;
    umd->high_profile = self->high_profile;
    if (self->keepalive_s) /* a lab that wants quick keep-alives wants a quick verdict too */
        umd->response_ms = (uint32_t) MIN(5000, self->keepalive_s * 1000);
    /* "both" is what "auto" captures, without moving it (host/sound-route.h). */
    copy_path(umd->audio, sizeof(umd->audio), strcmp(self->audio, "both") ? self->audio : "auto");
    copy_path(umd->encoder, sizeof(umd->encoder), self->encoder);
    copy_path(umd->ts_flavour, sizeof(umd->ts_flavour), self->ts_flavour);
    set_hdcp(self);
}

/* ---- the table ---- */

static void add_ways(GOptionContext *context, McOptions *self)
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
        {NULL}};

    g_option_context_add_main_entries(context, entries, NULL);
}

static void add_content(GOptionContext *context, McOptions *self)
{
    const GOptionEntry entries[] = {
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
        {"ts-flavour", 0, 0, G_OPTION_ARG_STRING, &self->ts_flavour,
         "shape of the MPEG-TS: android, gnd, pcr-video, filled, unbounded [the sink's]", "NAME"},
        {"high-profile", 0, 0, G_OPTION_ARG_NONE, &self->high_profile,
         "use high profile where the sink offers it", NULL},
        {"fps", 0, 0, G_OPTION_ARG_INT, &self->fps, "most pictures a second that are captured [60]",
         "FPS"},
        {NULL}};

    g_option_context_add_main_entries(context, entries, NULL);
}

static void add_protection(GOptionContext *context, McOptions *self)
{
    const GOptionEntry entries[] = {
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
        {NULL}};

    g_option_context_add_main_entries(context, entries, NULL);
}

static void add_session(GOptionContext *context, McOptions *self)
{
    const GOptionEntry entries[] = {
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
        {NULL}};

    g_option_context_add_main_entries(context, entries, NULL);
}

/* ---- the line ---- */

static bool takes_sink(const char *link)
{
    return !strcmp(link, "mice") || !strcmp(link, "p2p") || !strcmp(link, "auto") ||
           !strcmp(link, "loopback");
}

static bool check_sink(const McOptions *self, GError **error)
{
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
    return true;
}

/* The words after the options; the first is the program's name.  NULL: with the reason. */
static char **read_line(McOptions *self, const char *command, int argc, char **argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new("[SINK…]");
    g_autofree char *name = g_strdup_printf("miracast %s", command);
    g_auto(GStrv) words = g_new0(char *, (gsize) argc + 2);

    words[0] = g_strdup(name);
    for (int i = 0; i < argc; i++)
        words[i + 1] = g_strdup(argv[i]);
    add_ways(context, self);
    add_content(context, self);
    add_protection(context, self);
    add_session(context, self);
    g_set_prgname(name);
    return g_option_context_parse_strv(context, &words, error) ? g_steal_pointer(&words) : NULL;
}

/* What is wrong in itself is told before what is wrong together with other things. */
static bool take(McOptions *self, const char *command, char **names, GError **error)
{
    const unsigned n_names = g_strv_length(names);
    const bool is_demo = !strcmp(command, "demo");

    if (is_demo && !mc_options_refuse_sinks(self, n_names, error))
        return false;
    if (!mc_options_check_given(self, is_demo, names, error) ||
        !mc_options_take_sinks(self, names, n_names, error) || !check_sink(self, error))
        return false;
    set_defaults(self);
    if (!mc_options_check_values(self, error))
        return false;
    set_driver_options(self);
    return set_srtp(self, error) && mc_options_set_sinks(self, names, n_names, error) &&
           mc_options_check_listens(self, error);
}

bool mc_options_parse(McOptions *self, const char *command, int argc, char **argv, GError **error)
{
    g_auto(GStrv) words = read_line(self, command, argc, argv, error);

    if (!words)
        return false;
    /* It stays where what follows looks like an option. */
    const bool ends_options = !g_strcmp0(words[1], "--");
    return take(self, command, words + (ends_options ? 2 : 1), error);
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
