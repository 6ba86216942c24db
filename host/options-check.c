/* SPDX-License-Identifier: MIT */
/* What the options' values may be: tables of words, numbers and texts, and the few that have a form
 * of their own.  Whatever is wrong is said before anything is opened or waited for. */
#include <arpa/inet.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "encoder/ts-flavour.h"
#include "host/options.h"
#include "p2p/listener.h"

#define MODE_MIN_PX 16u
#define MODE_MAX_PX 4096u
#define MAX_FPS 240u
#define YEAR_S 31536000
#define PATH_BYTES 4096u
#define PIN_MIN_DIGITS 4u
#define PIN_MAX_DIGITS 15u

static const char *const links[] = {"auto", "lan", "loopback", "mice", "p2p", NULL};
static const char *const drivers[] = {"wpas", "dbus", "nm", NULL};
static const char *const pairings[] = {"auto", "pbc", "enter-pin", "show-pin", NULL};
static const char *const securities[] = {"auto", "open", "encrypt", "request", "pin", NULL};
static const char *const consents[] = {"ask", "allow", "deny", NULL};
static const char *const sounds[] = {"auto", "both",    "none", "test",
                                     "beep", "silence", "file", NULL};
const char *const mc_options_encoders[] = {"x264", "openh264", "vaapi", "v4l2", NULL};

static const struct {
    const char *option;
    size_t at;
    const char *const *words;
} words[] = {
    {"--link", offsetof(McOptions, link), links},
    {"--pairing", offsetof(McOptions, pairing), pairings},
    {"--security", offsetof(McOptions, security), securities},
    {"--audio", offsetof(McOptions, audio), sounds},
    {"--input", offsetof(McOptions, input), consents},
};

/* 0 stands for what is chosen when the option is not given. */
static const struct {
    const char *option;
    size_t at;
    int least, most;
} numbers[] = {
    {"--channel", offsetof(McOptions, channel_mhz), 2412, 7125},
    {"--control-port", offsetof(McOptions, control_port), 1, G_MAXUINT16},
    {"--bitrate", offsetof(McOptions, bitrate_kbps), 100, 240000},
    {"--duration", offsetof(McOptions, duration_s), 1, YEAR_S},
    {"--wait", offsetof(McOptions, wait_s), 1, YEAR_S},
    {"--keepalive", offsetof(McOptions, keepalive_s), 1, 55},
    {"--fps", offsetof(McOptions, fps), 1, (int) MAX_FPS},
};

/* Bytes with the NUL, as whoever takes them has room. */
#define ROOM_OF(type, field) sizeof(((type *) NULL)->field)
static const struct {
    const char *option;
    size_t at, room;
    bool is_read; /* a file that must be there */
} texts[] = {
    {"--link", offsetof(McOptions, link), ROOM_OF(McLinkConfig, kind), false},
    {"--p2p-backend", offsetof(McOptions, driver), ROOM_OF(McLinkConfig, driver), false},
    {"--interface", offsetof(McOptions, interface), ROOM_OF(McLinkConfig, interface), false},
    {"--wpa-control", offsetof(McOptions, control), ROOM_OF(McLinkConfig, control), false},
    {"--pairing", offsetof(McOptions, pairing), ROOM_OF(McLinkConfig, pairing), false},
    {"--security", offsetof(McOptions, security), ROOM_OF(McLinkConfig, security), false},
    {"--allow", offsetof(McOptions, allow), ROOM_OF(McLinkConfig, allow), false},
    {"--capture", offsetof(McOptions, capture), PATH_BYTES, false},
    {"--audio", offsetof(McOptions, audio), ROOM_OF(McUmdOptions, audio), false},
    {"--mode", offsetof(McOptions, mode), PATH_BYTES, false},
    {"--encoder", offsetof(McOptions, encoder), ROOM_OF(McUmdOptions, encoder), false},
    {"--input", offsetof(McOptions, input), PATH_BYTES, false},
    {"--srtp", offsetof(McOptions, srtp), ROOM_OF(McUmdOptions, srtp_key), true},
    {"--srtp-fingerprint", offsetof(McOptions, srtp_fingerprint), PATH_BYTES, false},
    {"--sdp", offsetof(McOptions, sdp), ROOM_OF(McUmdOptions, sdp), false},
    {"--ts-flavour", offsetof(McOptions, ts_flavour), PATH_BYTES, false},
    {"--metrics", offsetof(McOptions, metrics), PATH_BYTES, false},
    {"--hdcp-keys", offsetof(McOptions, hdcp_keys), ROOM_OF(McUmdOptions, hdcp_keys), true},
    {"--hdcp-srm", offsetof(McOptions, hdcp_srm), ROOM_OF(McUmdOptions, hdcp_srm), true},
    {"--hdcp-pairings", offsetof(McOptions, hdcp_pairings), ROOM_OF(McUmdOptions, hdcp_pairings),
     false},
    {"--protect", offsetof(McOptions, protect), PATH_BYTES, false},
    {"--stats", offsetof(McOptions, stats), PATH_BYTES, false},
    {"--trace", offsetof(McOptions, trace), PATH_BYTES, false},
    {"--umd", offsetof(McOptions, umd), PATH_BYTES, false},
};

static const char *text_at(const McOptions *self, size_t at)
{
    return *(char *const *) (const void *) ((const char *) self + at);
}

G_GNUC_PRINTF(2, 3) static bool bad(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (error)
        *error = g_error_new_valist(G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, format, args);
    va_end(args);
    return false;
}

/* ---- as given ---- */

/* text: NULL: not given. */
static bool check_text(const char *option, const char *text, size_t room, GError **error)
{
    if (text && !*text)
        return bad(error, "%s wants a value, not an empty one", option);
    if (text && strlen(text) >= room)
        return bad(error, "%s takes %zu bytes at most", option, room - 1);
    return true;
}

static bool check_file(const char *option, const char *path, GError **error)
{
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        return bad(error, "%s wants a file; '%s' is a folder", option, path);
    if (g_access(path, R_OK) == 0)
        return true;
    return bad(error, "%s: '%s' cannot be read: %s", option, path, g_strerror(errno));
}

static bool makes_keys(const char *srtp)
{
    return !strcmp(srtp, "dtls") || !strcmp(srtp, "dtls-passive");
}

static bool check_names(char **names, GError **error)
{
    for (; *names; names++) {
        if (!**names)
            return bad(error, "a sink's name or address is empty");
        if (strlen(*names) >= ROOM_OF(McLinkConfig, sink))
            return bad(error, "a sink's name has %zu bytes at most",
                       ROOM_OF(McLinkConfig, sink) - 1);
    }
    return true;
}

/* The PIN itself is not shown. */
static bool check_pin(const char *pin, GError **error)
{
    unsigned digits = 0;

    if (!pin || !strcmp(pin, "-"))
        return true;
    for (const char *c = pin; *c; c++) {
        if (!g_ascii_isdigit(*c) && *c != ' ' && *c != '-')
            return bad(error, "--pin wants digits, or - to read them from standard input");
        digits += g_ascii_isdigit(*c) != 0;
    }
    if (digits < PIN_MIN_DIGITS || digits > PIN_MAX_DIGITS)
        return bad(error, "--pin wants the %u to %u digits that the sink shows", PIN_MIN_DIGITS,
                   PIN_MAX_DIGITS);
    return true;
}

bool mc_options_check_given(const McOptions *self, bool is_demo, char **names, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *text = text_at(self, texts[i].at);
        if (!check_text(texts[i].option, text, texts[i].room, error))
            return false;
        if (text && texts[i].is_read && !makes_keys(text) &&
            !check_file(texts[i].option, text, error))
            return false;
    }
    if (self->window && !is_demo)
        return bad(error, "--window is the demo's; a cast's picture is at the sink");
    return check_names(names, error) && check_pin(self->pin, error);
}

/* ---- words and numbers ---- */

static bool check_word(const char *option, const char *value, const char *const *known,
                       GError **error)
{
    if (g_strv_contains(known, value))
        return true;
    g_autofree char *all = g_strjoinv(", ", (char **) known);
    return bad(error, "%s does not know '%s'; it knows %s", option, value, all);
}

static bool check_flavour(const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const McTsFlavour *flavour;

    if (!name)
        return true;
    for (unsigned i = 0; (flavour = mc_ts_flavour_at(i)); i++)
        g_ptr_array_add(names, (gpointer) flavour->name);
    g_ptr_array_add(names, NULL);
    return check_word("--ts-flavour", name, (const char *const *) names->pdata, error);
}

static bool check_number(const char *option, int value, int least, int most, GError **error)
{
    return !value || (value >= least && value <= most)
               ? true
               : bad(error, "%s wants %d to %d, or 0 for what is chosen without it", option, least,
                     most);
}

static bool check_tables(const McOptions *self, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (!check_word(words[i].option, text_at(self, words[i].at), words[i].words, error))
            return false;
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        const int value = *(const int *) (const void *) ((const char *) self + numbers[i].at);
        if (!check_number(numbers[i].option, value, numbers[i].least, numbers[i].most, error))
            return false;
    }
    return true;
}

bool mc_options_check_radio(const char *driver, const char *interface, const char *control,
                            GError **error)
{
    if (driver && *driver && !check_word("--p2p-backend", driver, drivers, error))
        return false;
    return check_text("--interface", interface, ROOM_OF(McLinkConfig, interface), error) &&
           check_text("--wpa-control", control, ROOM_OF(McLinkConfig, control), error);
}

/* ---- forms of their own ---- */

/* Digits, and nothing before them. */
static bool read_number(const char **text, unsigned least, unsigned most, unsigned *ret)
{
    char *end = NULL;

    if (!g_ascii_isdigit(**text))
        return false;
    const guint64 value = g_ascii_strtoull(*text, &end, 10);
    *text = end;
    *ret = (unsigned) MIN(value, G_MAXUINT);
    return value >= least && value <= most;
}

static bool read_mode(McOptions *self, GError **error)
{
    McUmdOptions *umd = &self->umd_options;
    const char *text = self->mode;

    if (!text)
        return true;
    bool ok = read_number(&text, MODE_MIN_PX, MODE_MAX_PX, &umd->mode_width_px) && *text++ == 'x' &&
              read_number(&text, MODE_MIN_PX, MODE_MAX_PX, &umd->mode_height_px);
    if (ok && *text == '@') {
        text++;
        ok = read_number(&text, 1, MAX_FPS, &umd->mode_fps);
    }
    if (ok && !*text)
        return true;
    return bad(error,
               "--mode wants WxH or WxH@FPS, for example 1280x720@30, of %u to %u pixels and 1 to "
               "%u pictures a second; '%s' is neither",
               MODE_MIN_PX, MODE_MAX_PX, MAX_FPS, self->mode);
}

/* Plain numbers: no sign, no infinity. */
static bool read_seconds(char **text, double *ret)
{
    char *end = *text;

    if (!g_ascii_isdigit(**text))
        return false;
    *ret = g_ascii_strtod(*text, &end);
    *text = end;
    return isfinite(*ret) && *ret <= YEAR_S;
}

static bool read_protect(McOptions *self, GError **error)
{
    char *text = self->protect;

    self->protect_from_s = self->protect_to_s = -1;
    if (!text)
        return true;
    bool ok = read_seconds(&text, &self->protect_from_s);
    if (ok && *text == '-') {
        text++;
        ok = read_seconds(&text, &self->protect_to_s) && self->protect_to_s > self->protect_from_s;
    }
    if (ok && !*text)
        return true;
    return bad(error, "--protect wants seconds such as 0 or 2-4, the later one last, not \"%s\"",
               self->protect);
}

/* As callers' addresses are written, with which it is compared. */
static bool read_allow(McOptions *self, GError **error)
{
    char text[INET6_ADDRSTRLEN];

    if (!*self->allow)
        return true;
    if (!mc_listener_peer_parse(self->allow, text))
        return bad(error, "--allow wants an address such as 192.0.2.7 or 2001:db8::7, not '%s'",
                   self->allow);
    g_free(self->allow);
    self->allow = g_strdup(text);
    return true;
}

static bool check_sound(const McOptions *self, GError **error)
{
    if (strcmp(self->audio, "file") || g_str_has_prefix(self->capture, "file:"))
        return true;
    return bad(error, "--audio file is a file's own sound, and wants --capture file:PATH");
}

bool mc_options_check_values(McOptions *self, GError **error)
{
    if (*self->encoder && !check_word("--encoder", self->encoder, mc_options_encoders, error))
        return false;
    if (*self->driver && !check_word("--p2p-backend", self->driver, drivers, error))
        return false;
    return check_tables(self, error) && check_sound(self, error) &&
           check_flavour(self->ts_flavour, error) && read_mode(self, error) &&
           read_protect(self, error) && read_allow(self, error);
}

bool mc_options_check_listens(const McOptions *self, GError **error)
{
    McListenAddress address;

    for (unsigned i = 0; i < self->n_sinks; i++)
        if (!mc_listen_address_parse(self->sinks[i].listen, &address, NULL))
            return bad(error, "--listen wants an address and port such as 192.0.2.1:7236, not '%s'",
                       self->sinks[i].listen);
    if (self->sdp && !self->srtp)
        return bad(error, "--sdp describes a protected stream, and wants --srtp");
    return true;
}
