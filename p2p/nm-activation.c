/* SPDX-License-Identifier: MIT */
#include "p2p/nm-activation.h"

#include <string.h>

#include "p2p/lease.h"
#include "p2p/nm-bus.h"
#include "p2p/nm-values.h"
#include "p2p/station-watch.h"
#include "p2p/station.h"
#include "p2p/wpas-bus.h"

/*          start()                   device: IP_CONFIG
 *  RESTING -------> RUNNING ----------------------------> RUNNING with a group
 *     ^             AddAndActivate...                      |    |
 *     |                |    | stop()               stop()  |    |
 *     |                |    +-----------> ENDING <---------+    |
 *     |                |             Deactivate...              |
 *     +----------------+------------------+---------------------+
 *        device: DISCONNECTED or FAILED; or the activation is over
 *
 *  start() while ENDING is kept until that has ended. */

typedef enum { RESTING, RUNNING, ENDING } Phase;

enum { ACTIVE_DEACTIVATED = 4 };

struct McNmActivation {
    GDBusConnection *bus;
    char *device;
    GMainContext *context;
    McSupplicantCalls calls;
    guint device_signal, active_signal;

    Phase phase;
    char *active; /* object of the activation */
    McMac peer;
    unsigned reason; /* why it ends, as soon as it is said */
    char ifname[16]; /* of the group; "": there is none yet */
    McGuard *guard;  /* NULL: no group, or one that is not ours to remove */
    McStationWatch *stations;

    bool wanted_again; /* after the end of this one: next_peer */
    McMac next_peer;
    GByteArray *next_wfd;
};

static void tell(McNmActivation *self, const McWpaEvent *event)
{
    g_debug("NetworkManager ! %s %s", mc_wpa_event_kind_name(event->kind), event->reason_text);
    self->calls.on_event(event, self->calls.user_data);
}

static void set_have(McWpaEvent *event, McWpaKey key)
{
    event->have |= G_GUINT64_CONSTANT(1) << key;
}

/* --- the group -------------------------------------------------------------------------------- */

static void on_station(const McMac *station, bool came, void *user_data)
{
    McNmActivation *self = user_data;
    McWpaEvent event = {.kind =
                            came ? MC_WPA_EVENT_AP_STA_CONNECTED : MC_WPA_EVENT_AP_STA_DISCONNECTED,
                        .priority = -1,
                        .address = *station,
                        .p2p_dev_addr = self->peer}; /* the group is for one device */

    set_have(&event, MC_WPA_KEY_ADDRESS);
    set_have(&event, MC_WPA_KEY_P2P_DEV_ADDR);
    tell(self, &event);
}

/* NetworkManager says neither who owns the group nor where it is: the kernel does. */
static void describe_group(McNmActivation *self, McWpaEvent *event, McStation *station)
{
    bool has_station = mc_station_read(self->ifname, station);

    if (!mc_station_group(self->ifname, &event->role, &event->freq_mhz))
        event->role = MC_WPA_ROLE_CLIENT;
    if (event->role == MC_WPA_ROLE_CLIENT && has_station) {
        event->bssid = station->mac;
        set_have(event, MC_WPA_KEY_BSSID);
    }
    set_have(event, MC_WPA_KEY_FREQ);
    set_have(event, MC_WPA_KEY_ROLE);
}

/* A NetworkManager that is killed leaves the group to wpa_supplicant, which does not let everybody
 * end it: whom it refuses has tried. */
static void hold_group(McNmActivation *self)
{
    g_autofree char *bus_path = mc_guard_bus_path();
    g_autofree char *path = mc_wpas_object_of(self->bus, self->ifname);

    if (!path || !bus_path || self->guard)
        return;
    const McGuardCall end = {WPAS, path, WPAS_P2P, "Disconnect", NULL};
    self->guard = mc_guard_new();
    mc_guard_hold_calls(self->guard, MC_LEASE_GROUP, bus_path, &end, 1);
}

static void start_group(McNmActivation *self)
{
    McWpaEvent event = {
        .kind = MC_WPA_EVENT_GROUP_STARTED, .priority = -1, .go_dev_addr = self->peer};
    McStation station;

    g_strlcpy(event.ifname, self->ifname, sizeof(event.ifname));
    set_have(&event, MC_WPA_KEY_IFNAME);
    set_have(&event, MC_WPA_KEY_GO_DEV_ADDR);
    describe_group(self, &event, &station);
    hold_group(self);
    tell(self, &event);
    if (event.role != MC_WPA_ROLE_GO || self->phase != RUNNING)
        return;
    self->stations = mc_station_watch_new(self->ifname, self->context, on_station, self);
    if (mc_station_read(self->ifname, &station))
        on_station(&station.mac, true, self);
}

static void look_for_group(McNmActivation *self)
{
    g_autoptr(GVariant) properties = mc_nm_get_all(self->bus, self->device, MC_NM_DEVICE);

    if (properties && mc_nm_group_interface(properties, self->ifname))
        start_group(self);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void begin_again(McNmActivation *self)
{
    g_autoptr(GByteArray) wfd = g_steal_pointer(&self->next_wfd);
    McWpaEvent event;

    if (!self->wanted_again)
        return;
    self->wanted_again = false;
    g_autofree char *reply =
        mc_nm_activation_start(self, &self->next_peer, wfd->data, (size_t) wfd->len);
    if (g_strcmp0(reply, "OK") == 0)
        return;
    mc_nm_end_event(0, NULL, &event); /* its command was answered long ago */
    tell(self, &event);
}

static void finish(McNmActivation *self)
{
    Phase phase = self->phase;
    McWpaEvent event;
    bool had_group = self->ifname[0];

    g_clear_pointer(&self->stations, mc_station_watch_free);
    g_clear_pointer(&self->active, g_free);
    g_clear_pointer(&self->guard, mc_guard_free);
    mc_nm_end_event(self->reason, had_group ? self->ifname : NULL, &event);
    self->phase = RESTING;
    self->ifname[0] = '\0';
    if (had_group || phase == RUNNING)
        tell(self, &event);
    begin_again(self);
}

/* --- signals ---------------------------------------------------------------------------------- */

static void note_reason(McNmActivation *self, unsigned reason)
{
    if (!self->reason)
        self->reason = reason;
}

static void on_device(GDBusConnection *bus, const char *sender, const char *path,
                      const char *interface, const char *name, GVariant *parameters,
                      gpointer user_data)
{
    McNmActivation *self = user_data;
    guint32 now, before, reason;

    if (self->phase == RESTING || !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(uuu)")))
        return;
    g_variant_get(parameters, "(uuu)", &now, &before, &reason);
    g_debug("NetworkManager: device %u, was %u, reason %u", now, before, reason);
    if (now >= MC_NM_STATE_DEACTIVATING)
        note_reason(self, reason);
    if (now == MC_NM_STATE_FAILED ||
        (now <= MC_NM_STATE_DISCONNECTED && before > MC_NM_STATE_DISCONNECTED)) {
        note_reason(self, reason);
        finish(self);
    } else if (self->phase == RUNNING && !self->ifname[0] && now >= MC_NM_STATE_IP_CONFIG &&
               now <= MC_NM_STATE_ACTIVATED) {
        look_for_group(self);
    }
}

/* The device's words come first and say more; but it may be gone. */
static void on_active(GDBusConnection *bus, const char *sender, const char *path,
                      const char *interface, const char *name, GVariant *parameters,
                      gpointer user_data)
{
    McNmActivation *self = user_data;
    guint32 state, reason;

    if (self->phase == RESTING || g_strcmp0(path, self->active) != 0 ||
        !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(uu)")))
        return;
    g_variant_get(parameters, "(uu)", &state, &reason);
    if (state < ACTIVE_DEACTIVATED)
        return;
    note_reason(self, mc_nm_reason_of_active(reason));
    finish(self);
}

/* --- calls ------------------------------------------------------------------------------------ */

/* Another program's session is not taken over. */
static bool is_in_use(McNmActivation *self)
{
    g_autoptr(GVariant) properties = mc_nm_get_all(self->bus, self->device, MC_NM_DEVICE);
    unsigned state = properties ? mc_nm_number(properties, "State") : 0;

    return state >= MC_NM_STATE_PREPARE && state <= MC_NM_STATE_DEACTIVATING;
}

static void keep_for_later(McNmActivation *self, const McMac *peer, const uint8_t *wfd,
                           size_t wfd_len)
{
    self->wanted_again = true;
    self->next_peer = *peer;
    g_clear_pointer(&self->next_wfd, g_byte_array_unref);
    self->next_wfd = g_byte_array_append(g_byte_array_new(), wfd, (guint) wfd_len);
}

static char *activate(McNmActivation *self, const McMac *peer, const uint8_t *wfd, size_t wfd_len)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply =
        mc_nm_call(self->bus, MC_NM_PATH, MC_NM, "AddAndActivateConnection2",
                   g_variant_new("(@a{sa{sv}}oo@a{sv})", mc_nm_connection(peer, wfd, wfd_len),
                                 self->device, "/", mc_nm_connection_options()),
                   "(ooa{sv})", &error);

    if (!reply && (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
                   g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT)))
        return NULL;
    if (!reply)
        return mc_nm_refusal(error);
    self->phase = RUNNING;
    self->peer = *peer;
    self->reason = 0;
    g_variant_get(reply, "(ooa{sv})", NULL, &self->active, NULL);
    return g_strdup("OK");
}

char *mc_nm_activation_start(McNmActivation *self, const McMac *peer, const uint8_t *wfd,
                             size_t wfd_len)
{
    if (self->phase == ENDING) {
        keep_for_later(self, peer, wfd, wfd_len);
        return g_strdup("OK");
    }
    if (self->phase == RUNNING || is_in_use(self))
        return g_strdup("FAIL another connection by NetworkManager uses it");
    return activate(self, peer, wfd, wfd_len);
}

static bool deactivate(McNmActivation *self, GError **error)
{
    g_autoptr(GVariant) reply = mc_nm_call(self->bus, MC_NM_PATH, MC_NM, "DeactivateConnection",
                                           g_variant_new("(o)", self->active), "()", error);

    return reply != NULL;
}

bool mc_nm_activation_stop(McNmActivation *self)
{
    g_autoptr(GError) error = NULL;

    self->wanted_again = false;
    if (self->phase != RUNNING)
        return self->phase == ENDING;
    self->phase = ENDING;
    self->reason = 0;
    if (deactivate(self, &error))
        return true;
    g_debug("DeactivateConnection: %s", error->message);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        return true; /* it may still do so */
    finish(self);    /* it was over already */
    return true;
}

McNmActivation *mc_nm_activation_new(GDBusConnection *bus, const char *device,
                                     GMainContext *context, const McSupplicantCalls *calls)
{
    McNmActivation *self = g_new0(McNmActivation, 1);

    self->bus = g_object_ref(bus);
    self->device = g_strdup(device);
    self->context = context;
    self->calls = *calls;
    self->device_signal =
        g_dbus_connection_signal_subscribe(bus, MC_NM, MC_NM_DEVICE, "StateChanged", device, NULL,
                                           G_DBUS_SIGNAL_FLAGS_NONE, on_device, self, NULL);
    self->active_signal =
        g_dbus_connection_signal_subscribe(bus, MC_NM, MC_NM_ACTIVE, "StateChanged", NULL, NULL,
                                           G_DBUS_SIGNAL_FLAGS_NONE, on_active, self, NULL);
    return self;
}

void mc_nm_activation_free(McNmActivation *self)
{
    if (!self)
        return;
    g_dbus_connection_signal_unsubscribe(self->bus, self->device_signal);
    g_dbus_connection_signal_unsubscribe(self->bus, self->active_signal);
    self->calls.on_event = NULL;
    bool left = self->phase == RUNNING && deactivate(self, NULL);
    if (left)
        mc_guard_free(self->guard);
    else
        mc_guard_undo(self->guard); /* NetworkManager knows nothing of it any more */
    mc_station_watch_free(self->stations);
    g_clear_pointer(&self->next_wfd, g_byte_array_unref);
    g_object_unref(self->bus);
    g_free(self->active);
    g_free(self->device);
    g_free(self);
}
