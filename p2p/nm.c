/* SPDX-License-Identifier: MIT */
/* "nm": NetworkManager's own Wi-Fi Direct, where it manages the card: it finds, pairs by the
 * button, chooses owner and channel, and gives the addresses.  What it can't do is not in
 * `abilities`. */
#include <gio/gio.h>
#include <string.h>

#include "p2p/controller.h"
#include "p2p/dbus-values.h"
#include "p2p/link.h"
#include "p2p/nm-activation.h"
#include "p2p/nm-bus.h"
#include "p2p/nm-unlisted.h"
#include "p2p/nm-values.h"
#include "p2p/supplicant.h"
#include "p2p/system-bus.h"

enum { MAX_PEERS = 256, BUS_MS = 1500, FIND_S = 30 };

typedef struct {
    McSupplicantCalls calls;
    GMainContext *context;
    GDBusConnection *bus;
    McNmDevice device;
    McNmActivation *activation;
    GHashTable *peers; /* path: McMac */
    guint found, lost, changed, names;
    GSource *find_end;
    bool gone, has_found;              /* has_found: looked for devices before */
    uint8_t wfd[MC_COMMAND_VALUE / 2]; /* announced while a connection is made */
    size_t wfd_len;
} Nm;

static void tell(Nm *self, const McWpaEvent *event)
{
    g_debug("NetworkManager ! %s", mc_wpa_event_kind_name(event->kind));
    self->calls.on_event(event, self->calls.user_data);
}

static void set_gone(Nm *self)
{
    if (self->gone)
        return;
    self->gone = true;
    self->calls.on_gone(self->calls.user_data);
}

/* --- peers ------------------------------------------------------------------------------------ */

static GVariant *read_peer(Nm *self, const char *path, McMac *ret_address)
{
    g_autoptr(GVariant) properties = mc_nm_get_all(self->bus, path, MC_NM_PEER);

    return properties ? mc_nm_peer_properties(properties, ret_address) : NULL;
}

static void tell_peer(Nm *self, const char *path)
{
    McWpaEvent event;
    McMac address;
    g_autoptr(GVariant) properties = read_peer(self, path, &address);

    if (!properties ||
        (g_hash_table_size(self->peers) >= MAX_PEERS && !g_hash_table_contains(self->peers, path)))
        return;
    g_hash_table_replace(self->peers, g_strdup(path), g_memdup2(&address, sizeof(address)));
    mc_dbus_peer_event(&address, properties, &event);
    tell(self, &event);
}

static GVariant *listed_peers(Nm *self)
{
    g_autoptr(GVariant) properties = mc_nm_get_all(self->bus, self->device.path, MC_NM_P2P);

    return properties ? g_variant_lookup_value(properties, "Peers", G_VARIANT_TYPE("ao")) : NULL;
}

/* Those that NetworkManager knows already; a find tells new ones only. */
static void tell_peers(Nm *self)
{
    g_autoptr(GVariant) paths = listed_peers(self);
    gsize n = paths ? g_variant_n_children(paths) : 0;

    for (gsize i = 0; i < MIN(n, MAX_PEERS); i++) {
        g_autofree char *path = NULL;

        g_variant_get_child(paths, i, "o", &path);
        tell_peer(self, path);
    }
}

static char *describe_peer(Nm *self, const McMac *address)
{
    GHashTableIter iter;
    gpointer path, known;

    g_hash_table_iter_init(&iter, self->peers);
    while (g_hash_table_iter_next(&iter, &path, &known)) {
        McMac now;

        if (!mc_mac_equal(known, address))
            continue;
        g_autoptr(GVariant) properties = read_peer(self, path, &now);
        return properties ? mc_dbus_peer_reply(address, properties, -1) : g_strdup("FAIL");
    }
    return g_strdup("FAIL");
}

static const char *path_of(GVariant *parameters)
{
    const char *path = NULL;

    if (g_variant_is_of_type(parameters, G_VARIANT_TYPE("(o)")))
        g_variant_get(parameters, "(&o)", &path);
    return path;
}

static void on_found(GDBusConnection *bus, const char *sender, const char *object,
                     const char *interface, const char *name, GVariant *parameters,
                     gpointer user_data)
{
    const char *path = path_of(parameters);

    if (path)
        tell_peer(user_data, path);
}

static void on_lost(GDBusConnection *bus, const char *sender, const char *object,
                    const char *interface, const char *name, GVariant *parameters,
                    gpointer user_data)
{
    Nm *self = user_data;
    const char *path = path_of(parameters);
    const McMac *known = path ? g_hash_table_lookup(self->peers, path) : NULL;
    McWpaEvent event = {.kind = MC_WPA_EVENT_DEVICE_LOST, .priority = -1};

    if (!known)
        return;
    event.p2p_dev_addr = *known;
    event.have = G_GUINT64_CONSTANT(1) << MC_WPA_KEY_P2P_DEV_ADDR;
    g_hash_table_remove(self->peers, path);
    tell(self, &event);
}

/* A television that opens its mirroring screen gets its elements now. */
static void on_changed(GDBusConnection *bus, const char *sender, const char *object,
                       const char *interface, const char *name, GVariant *parameters,
                       gpointer user_data)
{
    Nm *self = user_data;

    if (g_hash_table_contains(self->peers, object))
        tell_peer(self, object);
}

/* --- finding ---------------------------------------------------------------------------------- */

static void stop_timer(Nm *self)
{
    if (self->find_end)
        g_source_destroy(self->find_end);
    g_clear_pointer(&self->find_end, g_source_unref);
}

static gboolean on_find_end(gpointer user_data)
{
    Nm *self = user_data;

    stop_timer(self);
    tell(self, &(McWpaEvent){.kind = MC_WPA_EVENT_FIND_STOPPED, .priority = -1});
    return G_SOURCE_REMOVE;
}

/* NetworkManager does not say when a find has ended: we know how long we wished it to last. */
static void start_timer(Nm *self, unsigned seconds)
{
    stop_timer(self);
    self->find_end = g_timeout_source_new_seconds(seconds);
    g_source_set_callback(self->find_end, on_find_end, self, NULL);
    g_source_attach(self->find_end, self->context);
}

/* Once is enough: what comes later NetworkManager lists. */
static void before_first_find(Nm *self)
{
    g_autoptr(GVariant) listed = self->has_found ? NULL : listed_peers(self);

    self->has_found = true;
    if (listed && mc_nm_forget_unlisted(self->bus, mc_nm_station_interface(self->device.ifname),
                                        g_variant_n_children(listed)))
        g_debug("wpa_supplicant knew devices that NetworkManager does not list");
}

/* Its finds scan every channel before they listen where sinks do: a short one would end before
 * that. */
static char *find(Nm *self, const McCommand *command)
{
    unsigned seconds = command->social ? FIND_S : command->seconds;
    g_autoptr(GError) error = NULL;
    GVariantBuilder options;

    before_first_find(self);
    g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&options, "{sv}", "timeout",
                          g_variant_new_int32((int) CLAMP(seconds, 1, 600)));
    g_autoptr(GVariant) reply = mc_nm_call(self->bus, self->device.path, MC_NM_P2P, "StartFind",
                                           g_variant_new("(a{sv})", &options), "()", &error);
    if (!reply)
        return mc_nm_refusal(error);
    start_timer(self, seconds);
    return g_strdup("OK");
}

static char *stop_find(Nm *self)
{
    g_autoptr(GError) error = NULL;

    stop_timer(self);
    g_autoptr(GVariant) reply =
        mc_nm_call(self->bus, self->device.path, MC_NM_P2P, "StopFind", NULL, "()", &error);
    return reply ? g_strdup("OK") : mc_nm_refusal(error);
}

/* --- commands --------------------------------------------------------------------------------- */

static char *connect_peer(Nm *self, const McMac *peer)
{
    char *reply;

    stop_timer(self);
    reply = mc_nm_activation_start(self->activation, peer, self->wfd, self->wfd_len);
    if (reply)
        return reply;
    /* It may come to it yet, with nobody to end it but the end of our connection to the bus. */
    g_dbus_connection_close_sync(self->bus, NULL, NULL);
    return NULL;
}

static char *answer(Nm *self, const McCommand *command)
{
    switch (command->kind) {
    case MC_COMMAND_WIFI_DISPLAY: /* comes with the elements */
        return g_strdup("OK");
    case MC_COMMAND_WFD:
        return g_strdup(
            mc_hex_parse(command->value, -1, self->wfd, sizeof(self->wfd), &self->wfd_len)
                ? "OK"
                : "FAIL");
    case MC_COMMAND_FIND:
        return find(self, command);
    case MC_COMMAND_STOP_FIND:
        return stop_find(self);
    case MC_COMMAND_PEER:
        return describe_peer(self, &command->peer);
    case MC_COMMAND_CONNECT:
        return connect_peer(self, &command->peer);
    case MC_COMMAND_CANCEL:
    case MC_COMMAND_GROUP_REMOVE:
        return g_strdup(mc_nm_activation_stop(self->activation) ? "OK" : "FAIL");
    default:
        return g_strdup("FAIL");
    }
}

static void nm_command(void *backend, unsigned id, const McCommand *command)
{
    Nm *self = backend;
    g_autofree char *redacted = mc_command_text_redacted(command);
    g_autofree char *reply = self->gone ? g_strdup("FAIL") : answer(self, command);

    g_debug("NetworkManager > %s: %s", redacted, reply ? reply : "no answer");
    if (!reply) {
        set_gone(self);
        return;
    }
    self->calls.on_reply(id, reply, self->calls.user_data);
    if (command->kind == MC_COMMAND_FIND && strcmp(reply, "OK") == 0)
        tell_peers(self);
}

/* --- life ------------------------------------------------------------------------------------- */

static void on_owner(GDBusConnection *bus, const char *sender, const char *path,
                     const char *interface, const char *name, GVariant *parameters,
                     gpointer user_data)
{
    const char *who, *before, *now;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sss)")))
        return;
    g_variant_get(parameters, "(&s&s&s)", &who, &before, &now);
    if (!*now)
        set_gone(user_data);
}

static guint subscribe(Nm *self, const char *interface, const char *signal, const char *path,
                       const char *first, GDBusSignalCallback call)
{
    return g_dbus_connection_signal_subscribe(self->bus, MC_NM, interface, signal, path, first,
                                              G_DBUS_SIGNAL_FLAGS_NONE, call, self, NULL);
}

/* Delivered in the thread-default context, which is the engine's. */
static void subscribe_all(Nm *self)
{
    self->found = subscribe(self, MC_NM_P2P, "PeerAdded", self->device.path, NULL, on_found);
    self->lost = subscribe(self, MC_NM_P2P, "PeerRemoved", self->device.path, NULL, on_lost);
    self->changed = subscribe(self, "org.freedesktop.DBus.Properties", "PropertiesChanged", NULL,
                              MC_NM_PEER, on_changed);
    self->names = g_dbus_connection_signal_subscribe(
        self->bus, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
        "/org/freedesktop/DBus", MC_NM, G_DBUS_SIGNAL_FLAGS_NONE, on_owner, self, NULL);
}

static bool may_use_it(Nm *self, GError **error)
{
    g_autoptr(GVariant) reply =
        mc_nm_call(self->bus, MC_NM_PATH, MC_NM, "GetPermissions", NULL, "(a{ss})", NULL);
    g_autoptr(GVariant) permissions = reply ? g_variant_get_child_value(reply, 0) : NULL;

    if (!permissions || !mc_nm_is_forbidden(permissions))
        return true;
    g_set_error_literal(error, MC_LINK_ERROR, MC_LINK_ERROR_NO_PERMISSION,
                        "NetworkManager does not let you use Wi-Fi Direct; nmcli general "
                        "permissions shows what you may (network-control, wifi.scan)");
    return false;
}

static bool take_device(Nm *self, const char *wanted, GError **error)
{
    if (!mc_system_bus_has(self->bus, MC_NM, BUS_MS)) {
        g_set_error_literal(error, MC_LINK_ERROR, MC_LINK_ERROR_NO_SUPPLICANT,
                            "NetworkManager is not on the system bus; start it");
    } else if (!mc_nm_find_device(self->bus, wanted, &self->device)) {
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_NO_P2P,
                    "NetworkManager has no Wi-Fi Direct device%s%s: the card or its driver does no "
                    "Wi-Fi Direct, or NetworkManager runs without wpa_supplicant",
                    *wanted ? " for " : "", wanted);
    } else if (self->device.state <= MC_NM_STATE_UNMANAGED) {
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_NO_SUPPLICANT,
                    "NetworkManager does not manage %s; \"nmcli device set %s managed yes\" gives "
                    "it back, or use --p2p-backend wpas",
                    self->device.ifname, self->device.ifname);
    } else if (self->device.state < MC_NM_STATE_DISCONNECTED) {
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_NO_SUPPLICANT,
                    "%s is not available to NetworkManager; switch Wi-Fi on (\"nmcli radio wifi "
                    "on\") and let wpa_supplicant run",
                    self->device.ifname);
    } else {
        return may_use_it(self, error);
    }
    return false;
}

static void nm_close(void *backend)
{
    Nm *self = backend;
    const guint signals[] = {self->found, self->lost, self->changed, self->names};

    stop_timer(self);
    mc_nm_activation_free(self->activation);
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        if (signals[i])
            g_dbus_connection_signal_unsubscribe(self->bus, signals[i]);
    if (self->bus)
        g_dbus_connection_close_sync(self->bus, NULL, NULL); /* ends what is bound to it */
    g_clear_object(&self->bus);
    g_hash_table_unref(self->peers);
    g_free(self->device.path);
    g_free(self);
}

static void *nm_open(const McSupplicantConfig *config, const McSupplicantCalls *calls,
                     GMainContext *context, GError **error)
{
    Nm *self = g_new0(Nm, 1);
    g_autoptr(GError) own = NULL;

    self->calls = *calls;
    self->context = context;
    self->peers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->bus = mc_system_bus_connect(&own);
    if (!self->bus)
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_NO_SUPPLICANT, "no system bus: %s",
                    own->message);
    if (!self->bus || !take_device(self, config->interface, error)) {
        nm_close(self);
        return NULL;
    }
    subscribe_all(self);
    self->activation = mc_nm_activation_new(self->bus, self->device.path, context, calls);
    return self;
}

static const char *nm_interface(void *backend)
{
    return mc_nm_station_interface(((Nm *) backend)->device.ifname);
}

static char *nm_describe(void *backend)
{
    return g_strdup_printf("NetworkManager, device %s", ((Nm *) backend)->device.ifname);
}

const McSupplicantBackend mc_supplicant_nm = {
    .kind = "nm",
    .abilities = 0,
    .gives_addresses = true,
    .open = nm_open,
    .close = nm_close,
    .command = nm_command,
    .interface = nm_interface,
    .describe = nm_describe,
};
