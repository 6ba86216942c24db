/* SPDX-License-Identifier: MIT */
/* "wpas": wpa_supplicant's control socket by libwpa_client: one connection for commands, one for
 * events. P2P commands and events belong to p2p-dev-<if> where the driver has a P2P device of its
 * own, to <if> otherwise. */
#include "p2p/supplicant.h"

#include <errno.h>
#include <glib-unix.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wpa_ctrl.h>

#include "p2p/controller.h"
#include "p2p/lease.h"
#include "p2p/link.h"
#include "p2p/station.h"
#include "p2p/wpa-control.h"
#include "p2p/wpa-reply.h"

enum {
    REPLY_BYTES = 16384, /* of one datagram: LIST_NETWORKS of a long list */
    EVENT_BYTES = 4096,
    EVENTS_AT_ONCE = 64,
    PING_MS = 3000, /* a datagram socket does not tell that its peer has ended */
};

typedef struct {
    McSupplicantCalls calls;
    char path[PATH_MAX], interface[16];
    struct wpa_ctrl *commands, *events;
    GSource *readable, *ping;
    McStationGroup group; /* ours */
    McGuard *guard;
    bool gone, nobody_reads;
    bool asked[MC_LEASE_N], held[MC_LEASE_N];
} Wpas;

/* --- the socket ------------------------------------------------------------------------------- */

static const char *const directories[] = {"/run/wpa_supplicant", "/var/run/wpa_supplicant"};

static bool is_socket(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISSOCK(status.st_mode);
}

/* "p2p-dev-wlan0" or "wlan0" for interface "wlan0" or "". */
static bool name_fits(const char *name, const char *interface)
{
    const char *plain = g_str_has_prefix(name, "p2p-dev-") ? name + strlen("p2p-dev-") : name;

    return !*interface || strcmp(plain, interface) == 0 || strcmp(name, interface) == 0;
}

/* p2p-dev-* before others, groups' own sockets never, by name within each. */
static int rank(const char *name)
{
    if (g_str_has_prefix(name, "p2p-dev-"))
        return 0;
    return g_str_has_prefix(name, "p2p-") ? 2 : 1;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const char *x = *(char *const *) a, *y = *(char *const *) b;

    return rank(x) != rank(y) ? rank(x) - rank(y) : strcmp(x, y);
}

static char *find_in(const char *directory, const char *interface)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (name_fits(name, interface) && rank(name) < 2)
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(directory, names->pdata[i], NULL);

        if (is_socket(path))
            return g_steal_pointer(&path);
    }
    return NULL;
}

char *mc_wpas_find_socket(const McSupplicantConfig *config)
{
    char *found = NULL;

    if (config->control[0])
        return is_socket(config->control) ? g_strdup(config->control)
                                          : find_in(config->control, config->interface);
    for (size_t i = 0; i < G_N_ELEMENTS(directories) && !found; i++)
        found = find_in(directories[i], config->interface);
    return found;
}

/* False: the sockets' directory is there, and not for everybody. */
static bool may_look(const McSupplicantConfig *config)
{
    const char *directory = *config->control ? config->control : directories[0];

    return access(directory, R_OK | X_OK) == 0 || errno != EACCES;
}

/* --- requests --------------------------------------------------------------------------------- */

/* False: no answer at all. */
static bool request(Wpas *self, const char *text, char *reply, size_t size)
{
    size_t len = size - 1;
    int result = wpa_ctrl_request(self->commands, text, strlen(text), reply, &len, NULL);

    self->nobody_reads = result == -1; /* nothing could be sent; -2: no answer in time */
    if (result != 0)
        return false;
    reply[len] = '\0';
    return true;
}

static void tell_gone(Wpas *self)
{
    if (self->gone)
        return;
    self->gone = true;
    self->calls.on_gone(self->calls.user_data);
}

/* --- lease ------------------------------------------------------------------------------------ */

/* STATUS tells none of these; unset: what to go back to where it does not say. */
static const struct {
    McCommandKind kind;
    const char *name; /* of MC_COMMAND_SET */
    const char *ask, *back, *unset;
} settings[MC_LEASE_N] = {
    [MC_LEASE_NAME] = {MC_COMMAND_SET, "device_name", "GET device_name", "SET device_name ", ""},
    [MC_LEASE_DISPLAY] = {MC_COMMAND_WIFI_DISPLAY, NULL, "GET wifi_display", "SET wifi_display ",
                          "0"},
    [MC_LEASE_ELEMENTS] = {MC_COMMAND_WFD, NULL, "WFD_SUBELEM_GET all", "WFD_SUBELEM_SET all ", ""},
};

static bool is_setting(McLease item, const McCommand *command)
{
    return settings[item].ask && settings[item].kind == command->kind &&
           (!settings[item].name || g_strcmp0(settings[item].name, command->name) == 0);
}

static void hold(Wpas *self, McLease item, const char *back)
{
    self->held[item] = mc_guard_hold(self->guard, item, self->path, back) && back;
}

/* "All" refuses to be set to nothing: each of these then is, by its number.
 *   number:8 | length:16 | body, all in hex */
static char *clear_elements(const char *hex)
{
    GString *commands = g_string_new(NULL);
    size_t len = strlen(hex);
    unsigned number, bytes;

    for (size_t at = 0; at + 6 <= len && sscanf(hex + at, "%2x%4x", &number, &bytes) == 2;
         at += 6 + 2 * (size_t) bytes)
        g_string_append_printf(commands, "%sWFD_SUBELEM_SET %u ", at ? "\n" : "", number);
    return g_string_free(commands, FALSE);
}

static void hold_setting(Wpas *self, McLease item, const McCommand *command)
{
    const char *value =
        command->kind == MC_COMMAND_WIFI_DISPLAY ? (command->on ? "1" : "0") : command->value;
    g_autofree char *before = g_malloc(REPLY_BYTES);

    if (self->asked[item] || !request(self, settings[item].ask, before, REPLY_BYTES))
        return;
    self->asked[item] = true;
    g_strchomp(before);
    if (g_str_has_prefix(before, "FAIL") || g_str_has_prefix(before, "UNKNOWN COMMAND"))
        g_strlcpy(before, settings[item].unset, REPLY_BYTES);
    g_autofree char *back = item == MC_LEASE_ELEMENTS && !*before
                                ? clear_elements(value)
                                : g_strconcat(settings[item].back, before, NULL);
    if (g_ascii_strcasecmp(before, value) != 0)
        hold(self, item, back);
}

/* It writes down everything with each remembered group, and when we tell it to. Then what is set
 * back is written, too; not without need: on a card with a P2P device two of its interfaces write
 * the same file, each what it knows. */
static void hold_file(Wpas *self)
{
    if (self->held[MC_LEASE_NAME])
        hold(self, MC_LEASE_FILE, "SAVE_CONFIG");
}

/* Before it is carried out. */
static void hold_before(Wpas *self, const McCommand *command)
{
    for (McLease item = 0; item < MC_LEASE_N; item++)
        if (is_setting(item, command))
            hold_setting(self, item, command);
    if (command->kind == MC_COMMAND_SAVE)
        hold_file(self);
    if (command->kind == MC_COMMAND_FIND)
        hold(self, MC_LEASE_FIND, "P2P_STOP_FIND");
}

static void wpas_lease(void *backend, bool resting, const char *ifname)
{
    Wpas *self = backend;
    g_autofree char *remove = g_strconcat("P2P_GROUP_REMOVE ", ifname, NULL);

    mc_station_group_note(&self->group, ifname);
    hold(self, MC_LEASE_CONNECT, resting ? NULL : "P2P_CANCEL");
    hold(self, MC_LEASE_GROUP, *ifname ? remove : NULL);
}

/* It has a socket of its own beside a P2P device's. RECONNECT does nothing to a station that was
 * not told to disconnect. */
static bool drop_station(Wpas *self)
{
    g_autofree char *folder = g_path_get_dirname(self->path);
    g_autofree char *path = g_build_filename(folder, self->interface, NULL);
    struct wpa_ctrl *station = mc_wpa_control_open(path);
    char reply[16] = "";
    size_t len = sizeof(reply) - 1;

    if (!station)
        return false;
    self->held[MC_LEASE_STATION] = mc_guard_hold(self->guard, MC_LEASE_STATION, path, "RECONNECT");
    wpa_ctrl_request(station, "DISCONNECT", strlen("DISCONNECT"), reply, &len, NULL);
    wpa_ctrl_close(station);
    return g_str_has_prefix(reply, "OK");
}

/* --- commands --------------------------------------------------------------------------------- */

static void wpas_command(void *backend, unsigned id, const McCommand *command)
{
    Wpas *self = backend;
    g_autofree char *text = mc_command_text(command);
    g_autofree char *redacted = mc_command_text_redacted(command);
    g_autofree char *reply = g_malloc(REPLY_BYTES);

    hold_before(self, command);
    if (command->kind == MC_COMMAND_DROP_STATION) {
        g_strlcpy(reply, drop_station(self) ? "OK" : "FAIL", REPLY_BYTES);
    } else if (!request(self, text, reply, REPLY_BYTES)) {
        g_strlcpy(reply, "FAIL-TIMEOUT", REPLY_BYTES);
        if (self->nobody_reads)
            tell_gone(self); /* first: the refusal follows from it */
    }
    g_debug("wpa_supplicant > %s", redacted);
    if (command->kind != MC_COMMAND_CONNECT) /* it may be a PIN */
        g_debug("wpa_supplicant < %s", reply);
    explicit_bzero(text, strlen(text));
    self->calls.on_reply(id, reply, self->calls.user_data);
}

/* --- events ----------------------------------------------------------------------------------- */

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user_data)
{
    Wpas *self = user_data;
    char text[EVENT_BYTES];
    McWpaEvent event;

    for (int i = 0; i < EVENTS_AT_ONCE && wpa_ctrl_pending(self->events) > 0; i++) {
        size_t len = sizeof(text) - 1;

        if (wpa_ctrl_recv(self->events, text, &len) != 0)
            break;
        text[len] = '\0';
        if (mc_wpa_event_parse(text, &event)) {
            g_debug("wpa_supplicant ! %s", mc_wpa_event_kind_name(event.kind));
            if (event.kind == MC_WPA_EVENT_GROUP_STARTED &&
                mc_wpa_event_has(&event, MC_WPA_KEY_PERSISTENT))
                hold_file(self);
            if (event.kind == MC_WPA_EVENT_TERMINATING)
                tell_gone(self);
            else
                self->calls.on_event(&event, self->calls.user_data);
        }
    }
    return G_SOURCE_CONTINUE;
}

static gboolean on_ping(gpointer user_data)
{
    Wpas *self = user_data;
    char reply[16];

    if (!request(self, "PING", reply, sizeof(reply)) || !g_str_has_prefix(reply, "PONG"))
        tell_gone(self);
    return self->gone ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* --- life ------------------------------------------------------------------------------------- */

static bool cannot_connect(const char *path, int number, GError **error)
{
    bool denied = number == EACCES || number == EPERM;

    g_set_error(error, MC_LINK_ERROR,
                denied ? MC_LINK_ERROR_NO_PERMISSION : MC_LINK_ERROR_NO_SUPPLICANT,
                "wpa_supplicant's control socket %s: %s", path, g_strerror(number));
    return false;
}

static bool connect_both(Wpas *self, GError **error)
{
    errno = 0;
    self->commands = mc_wpa_control_open(self->path);
    if (self->commands)
        self->events = mc_wpa_control_open(self->path);
    if (!self->commands || !self->events)
        return cannot_connect(self->path, errno ? errno : ECONNREFUSED, error);
    if (wpa_ctrl_attach(self->events) == 0)
        return true;
    return cannot_connect(self->path, ETIMEDOUT, error);
}

/* A supplicant without P2P prints no device address. */
static bool has_p2p(Wpas *self, GError **error)
{
    g_autofree char *reply = g_malloc(REPLY_BYTES);
    char value[32];

    if (!request(self, "STATUS", reply, REPLY_BYTES))
        return cannot_connect(self->path, ETIMEDOUT, error);
    if (mc_wpa_reply_value(reply, "p2p_device_address", value, sizeof(value)))
        return true;
    g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_NO_P2P,
                "the card of %s, or this wpa_supplicant, does not do Wi-Fi Direct", self->path);
    return false;
}

static void wpas_close(void *backend)
{
    Wpas *self = backend;

    if (self->gone) {
        mc_guard_free(self->guard); /* with it everything that was set there */
        mc_station_group_remove(&self->group);
    } else {
        mc_guard_undo(self->guard);
    }
    if (self->readable)
        g_source_destroy(self->readable);
    g_clear_pointer(&self->readable, g_source_unref);
    if (self->ping)
        g_source_destroy(self->ping);
    g_clear_pointer(&self->ping, g_source_unref);
    if (self->events && !self->gone)
        wpa_ctrl_detach(self->events);
    g_clear_pointer(&self->events, wpa_ctrl_close);
    g_clear_pointer(&self->commands, wpa_ctrl_close);
    g_free(self);
}

static void attach_sources(Wpas *self, GMainContext *context)
{
    self->readable = g_unix_fd_source_new(wpa_ctrl_get_fd(self->events), G_IO_IN);
    g_source_set_callback(self->readable, G_SOURCE_FUNC(on_readable), self, NULL);
    g_source_attach(self->readable, context);
    self->ping = g_timeout_source_new(PING_MS);
    g_source_set_callback(self->ping, on_ping, self, NULL);
    g_source_attach(self->ping, context);
}

static void *wpas_open(const McSupplicantConfig *config, const McSupplicantCalls *calls,
                       GMainContext *context, GError **error)
{
    g_autofree char *path = mc_wpas_find_socket(config);
    Wpas *self = g_new0(Wpas, 1);

    self->calls = *calls;
    g_strlcpy(self->path, path ? path : "", sizeof(self->path));
    if (!path && !may_look(config)) {
        cannot_connect(*config->control ? config->control : directories[0], EACCES, error);
    } else if (!path) {
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_NO_SUPPLICANT,
                    "no control socket of wpa_supplicant in %s%s%s",
                    config->control[0] ? config->control : directories[0],
                    config->interface[0] ? " for " : "", config->interface);
    } else if (connect_both(self, error) && has_p2p(self, error)) {
        const char *name = strrchr(self->path, '/') + 1;

        g_strlcpy(self->interface, name + (rank(name) == 0 ? strlen("p2p-dev-") : 0),
                  sizeof(self->interface));
        self->guard = mc_guard_new();
        attach_sources(self, context);
        return self;
    }
    wpas_close(self);
    return NULL;
}

static const char *wpas_interface(void *backend)
{
    return ((Wpas *) backend)->interface;
}

static char *wpas_describe(void *backend)
{
    return g_strdup_printf("wpa_supplicant at %s", ((Wpas *) backend)->path);
}

const McSupplicantBackend mc_supplicant_wpas = {
    .kind = "wpas",
    .abilities = MC_ABILITY_ALL,
    .open = wpas_open,
    .close = wpas_close,
    .command = wpas_command,
    .lease = wpas_lease,
    .interface = wpas_interface,
    .describe = wpas_describe,
};
