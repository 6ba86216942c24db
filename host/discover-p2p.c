/* SPDX-License-Identifier: MIT */
/* Sinks in reach of Wi-Fi Direct. */
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "host/discover.h"
#include "p2p/engine.h"
#include "p2p/link.h"

enum { RTSP_PORT = 7236 };

typedef struct {
    const McLook *look;
    int end_fd; /* the search failed in the middle */
    GError *error;
    /* The engine's thread: what was told of each device, by address. */
    GHashTable *told;
    unsigned generation;
} P2pLook;

typedef struct {
    char *note, *name;
    McPeerState state;
    unsigned generation; /* last seen in the list */
} Told;

static void free_told(gpointer data)
{
    Told *told = data;

    g_free(told->note);
    g_free(told->name);
    g_free(told);
}

/* --- one device ------------------------------------------------------------------------------- */

static char *pairing_text(const McPeer *peer)
{
    GString *text = g_string_new(NULL);

    for (int method = MC_PEER_METHOD_PBC; method <= MC_PEER_METHOD_SHOW_PIN; method++)
        if (mc_peer_allows(peer, (McPeerMethod) method))
            g_string_append_printf(text, "%s%s", text->len ? "," : "",
                                   mc_peer_method_text((McPeerMethod) method));
    if (!text->len)
        g_string_append(text, mc_peer_method_text(mc_peer_method(peer)));
    return g_string_free(text, FALSE);
}

/* What is worth a new line when it changes: not the signal. */
static char *describe(const McPeer *peer)
{
    g_autofree char *pairing = pairing_text(peer);
    g_autofree char *hint = mc_peer_hint(peer);

    return g_strdup_printf("%s, %s%s%s%s%s%s", mc_peer_kind_text(mc_peer_kind(peer)), pairing,
                           mc_peer_has_hdcp(peer) ? ", HDCP" : "",
                           mc_peer_is_group_owner(peer) ? ", owns a group" : "",
                           peer->persistent_id >= 0 ? ", remembered" : "", hint ? "; " : "",
                           hint ? hint : "");
}

static void set_text(JsonObject *object, const char *name, const char *text)
{
    if (text && *text)
        json_object_set_string_member(object, name, text);
    else
        json_object_set_null_member(object, name);
}

static JsonArray *pairing_array(const McPeer *peer)
{
    g_autofree char *text = pairing_text(peer);
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    JsonArray *array = json_array_new();

    for (char **word = words; *word; word++)
        json_array_add_string_element(array, *word);
    return array;
}

static JsonObject *build_more(const McPeer *peer)
{
    g_autofree char *hint = mc_peer_hint(peer);
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "kind", mc_peer_kind_text(mc_peer_kind(peer)));
    json_object_set_array_member(object, "pairing", pairing_array(peer));
    json_object_set_boolean_member(object, "hdcp", mc_peer_has_hdcp(peer));
    json_object_set_boolean_member(object, "group_owner", mc_peer_is_group_owner(peer));
    json_object_set_boolean_member(object, "remembered", peer->persistent_id >= 0);
    if (peer->level_dbm < 0)
        json_object_set_int_member(object, "signal_dbm", peer->level_dbm);
    else
        json_object_set_null_member(object, "signal_dbm");
    json_object_set_int_member(object, "rtsp_port", mc_peer_rtsp_port(peer));
    set_text(object, "device_type", peer->device_type);
    set_text(object, "manufacturer", peer->manufacturer);
    set_text(object, "model", peer->model);
    set_text(object, "brand", peer->brand->label);
    set_text(object, "hint", hint);
    return object;
}

static void tell_peer(const P2pLook *self, const McPeer *peer, const char *event,
                      const char *description)
{
    static const char *const states[] = {"no-sink", "not-ready", "busy", "ready"};
    g_autoptr(JsonObject) more = build_more(peer);
    g_autofree char *note = peer->level_dbm < 0
                                ? g_strdup_printf("%d dBm, %s", peer->level_dbm, description)
                                : g_strdup(description);
    char mac[MC_MAC_TEXT];

    self->look->tell(&(McDiscovered){.event = event,
                                     .kind = "p2p",
                                     .name = peer->name,
                                     .address = mc_mac_format(&peer->address, mac),
                                     .state = states[mc_peer_state(peer)],
                                     .note = note,
                                     .more = more},
                     self->look->user_data);
}

/* --- the list --------------------------------------------------------------------------------- */

/* Its details follow the first sight by milliseconds; one line has both. */
static bool is_complete(const McPeer *peer)
{
    return peer->level_dbm != 0 || peer->listen_freq_mhz != 0 || peer->oper_freq_mhz != 0;
}

static bool is_news(const P2pLook *self, const McPeer *peer, const Told *before, const char *note)
{
    if (!before)
        return is_complete(peer) &&
               (self->look->all || mc_peer_state(peer) != MC_PEER_STATE_IRRELEVANT);
    return before->state != mc_peer_state(peer) || strcmp(before->note, note) ||
           strcmp(before->name, peer->name);
}

static void show_peer(P2pLook *self, const McPeer *peer)
{
    g_autofree char *note = describe(peer);
    char mac[MC_MAC_TEXT];
    Told *before = g_hash_table_lookup(self->told, mc_mac_format(&peer->address, mac));

    if (before)
        before->generation = self->generation;
    if (!is_news(self, peer, before, note))
        return;
    tell_peer(self, peer, before ? "changed" : "found", note);
    Told *now = g_new0(Told, 1);
    now->note = g_steal_pointer(&note);
    now->name = g_strdup(peer->name);
    now->state = mc_peer_state(peer);
    now->generation = self->generation;
    g_hash_table_replace(self->told, g_strdup(mac), now);
}

static gboolean is_lost(gpointer address, gpointer value, gpointer user_data)
{
    P2pLook *self = user_data;
    Told *told = value;

    if (told->generation == self->generation)
        return FALSE;
    self->look->tell(&(McDiscovered){.event = "lost",
                                     .kind = "p2p",
                                     .name = told->name,
                                     .address = address,
                                     .state = "",
                                     .note = ""},
                     self->look->user_data);
    return TRUE;
}

static void show_list(P2pLook *self, const McPeerList *peers)
{
    self->generation++;
    for (unsigned i = 0; i < mc_peer_list_count(peers); i++)
        show_peer(self, mc_peer_list_nth(peers, i));
    g_hash_table_foreach_remove(self->told, is_lost, self);
}

static void on_progress(const McProgress *progress, const McController *now, void *user_data)
{
    P2pLook *self = user_data;

    if (progress->kind == MC_PROGRESS_PEER) {
        show_list(self, mc_controller_peers(now));
    } else if (progress->kind == MC_PROGRESS_FAILED && !self->error) {
        g_set_error_literal(&self->error, MC_LINK_ERROR,
                            MC_LINK_ERROR_CONTROLLER + progress->failure, progress->text);
        eventfd_write(self->end_fd, 1);
    }
}

/* --- the search ------------------------------------------------------------------------------- */

static McEngine *start(P2pLook *self, GError **error)
{
    McControllerConfig controller = mc_engine_source_config(RTSP_PORT);
    McEngineCalls calls = {.on_progress = on_progress, .user_data = self};
    McSupplicantConfig supplicant = {0};
    g_autofree char *why = NULL;

    g_strlcpy(supplicant.backend, self->look->driver, sizeof(supplicant.backend));
    g_strlcpy(supplicant.interface, self->look->interface, sizeof(supplicant.interface));
    g_strlcpy(supplicant.control, self->look->control, sizeof(supplicant.control));
    McEngine *engine = mc_engine_new(&supplicant, &controller, &calls, &why, error);
    if (engine) {
        g_autofree char *text = g_strdup_printf("Wi-Fi Direct %s", why);
        self->look->say(text, self->look->user_data);
    }
    return engine;
}

bool mc_discover_p2p(const McLook *look, GError **error)
{
    P2pLook self = {.look = look, .end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    struct pollfd ends[] = {{.fd = look->cancel_fd, .events = POLLIN},
                            {.fd = self.end_fd, .events = POLLIN}};

    self.told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_told);
    McEngine *engine = start(&self, &self.error);
    if (engine) {
        mc_engine_discover(engine, true);
        poll(ends, G_N_ELEMENTS(ends), (int) MIN(look->wait_ms, (unsigned) G_MAXINT));
        mc_engine_free(engine);
    }
    g_hash_table_unref(self.told);
    close(self.end_fd);
    if (!self.error)
        return true;
    g_propagate_error(error, self.error);
    return false;
}
