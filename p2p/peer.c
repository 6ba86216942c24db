/* SPDX-License-Identifier: MIT */
#include "p2p/peer.h"

#include <stdlib.h>
#include <string.h>

enum {
    WPS_DISPLAY = 0x0008,
    WPS_PUSH_BUTTON = 0x0080, /* set in the virtual (0280) and the physical (0480) kind, too */
    WPS_KEYPAD = 0x0100,
    GROUP_CAPAB_OWNER = 0x01,
};

/* First match wins, so models stand above their makers. Seen on devices, not promised by makers. */
static const McPeerBrand brands[] = {
    {.name_prefix = "Roku",
     .label = "Roku",
     .open_screen = "Settings > System > Screen mirroring: Prompt or Always allow",
     .role = MC_PEER_ROLE_JOIN_RUNNING},
    {.manufacturer_prefix = "Roku",
     .label = "Roku",
     .open_screen = "Settings > System > Screen mirroring: Prompt or Always allow",
     .role = MC_PEER_ROLE_JOIN_RUNNING},
    {.name_prefix = "Fire TV",
     .label = "Fire TV",
     .open_screen = "hold Home, then Mirroring; keep that page open",
     .role = MC_PEER_ROLE_PEER_IS_GO,
     .patience_ms = 9600,
     .avoid_freq_mhz = 5745},
    {.manufacturer_prefix = "Amazon",
     .label = "Fire TV",
     .open_screen = "hold Home, then Mirroring; keep that page open",
     .role = MC_PEER_ROLE_PEER_IS_GO,
     .patience_ms = 9600,
     .avoid_freq_mhz = 5745},
    {.name_prefix = "[TV]Samsung",
     .label = "Samsung TV",
     .open_screen = "Source > Screen Mirroring (older sets: Network > Wi-Fi Direct)"},
    {.name_prefix = "[TV]",
     .label = "Samsung TV",
     .open_screen = "Source > Screen Mirroring (older sets: Network > Wi-Fi Direct)"},
    {.manufacturer_prefix = "Samsung",
     .label = "Samsung",
     .open_screen = "Source > Screen Mirroring (older sets: Network > Wi-Fi Direct)"},
    {.name_prefix = "[LG]",
     .label = "LG",
     .open_screen = "open Screen Share",
     .role = MC_PEER_ROLE_JOIN_RUNNING},
    {.manufacturer_prefix = "LG",
     .label = "LG",
     .open_screen = "open Screen Share",
     .role = MC_PEER_ROLE_JOIN_RUNNING},
    {.name_prefix = "BRAVIA", .label = "Sony", .open_screen = "Input > Screen mirroring"},
    {.manufacturer_prefix = "Sony", .label = "Sony", .open_screen = "Input > Screen mirroring"},
    {.name_prefix = "Hisense", .label = "Hisense", .open_screen = "Inputs > Screen Sharing"},
    {.manufacturer_prefix = "Hisense",
     .label = "Hisense",
     .open_screen = "Inputs > Screen Sharing"},
    {.manufacturer_prefix = "Panasonic",
     .label = "Panasonic",
     .open_screen = "Apps > Mirroring; keep that page open"},
    {.manufacturer_prefix = "Philips",
     .label = "Philips",
     .open_screen = "Sources > Screen mirroring"},
    {.manufacturer_prefix = "TCL",
     .label = "TCL",
     .open_screen = "open the T-Cast or Wi-Fi display page; it listens only there",
     .provision_first = true},
    {.manufacturer_prefix = "Xiaomi",
     .label = "Xiaomi",
     .open_screen = "open the Wireless display or Miracast app",
     .patience_ms = 8000},
    {.name_prefix = "Xbox", .label = "Xbox", .open_screen = "open the Wireless Display app"},
    {.name_prefix = "MicrosoftDisplayAdapter",
     .label = "Microsoft adapter",
     .role = MC_PEER_ROLE_PEER_IS_GO},
    {.name_prefix = "Anycast",
     .label = "Miracast dongle",
     .keep_when_lost = true,
     .open_screen = "press the button for Miracast mode"},
    {.name_prefix = "MiraScreen",
     .label = "Miracast dongle",
     .keep_when_lost = true,
     .open_screen = "press the button for Miracast mode"},
    {.name_prefix = "EZCast",
     .label = "Miracast dongle",
     .keep_when_lost = true,
     .open_screen = "press the button for Miracast mode"},
    {.name_prefix = "Measy", .label = "Miracast dongle", .keep_when_lost = true},
    {.name_prefix = "lazycast", .label = "lazycast", .role = MC_PEER_ROLE_JOIN_RUNNING},
    {.manufacturer_prefix = "Intel",
     .label = "Intel WiDi",
     .open_screen = "start its WiDi or wireless display receiver"},
    {.manufacturer_prefix = "Microsoft",
     .label = "Windows PC",
     .open_screen = "Settings > System > Projecting to this PC, or open the Wireless Display app"},
    {.label = ""},
};

struct McPeerList {
    McPeer peers[MC_PEER_MAX];
    unsigned n;
    bool pinned;
    McMac pin;
};

McPeerList *mc_peer_list_new(void)
{
    return g_new0(McPeerList, 1);
}

void mc_peer_list_free(McPeerList *self)
{
    g_free(self);
}

static bool has_prefix(const char *text, const char *prefix)
{
    return !prefix || g_ascii_strncasecmp(text, prefix, strlen(prefix)) == 0;
}

const McPeerBrand *mc_peer_brand_for(const char *name, const char *manufacturer)
{
    const McPeerBrand *brand = brands;

    while (!has_prefix(name, brand->name_prefix) ||
           !has_prefix(manufacturer, brand->manufacturer_prefix))
        brand++; /* the last row matches everything */
    return brand;
}

static McPeer *find(const McPeerList *self, const McMac *address)
{
    for (unsigned i = 0; i < self->n; i++)
        if (mc_mac_equal(&self->peers[i].address, address))
            return (McPeer *) &self->peers[i];
    return NULL;
}

static bool is_pinned(const McPeerList *self, const McPeer *peer)
{
    return self->pinned && mc_mac_equal(&self->pin, &peer->address);
}

static void remove_at(McPeerList *self, unsigned i)
{
    memmove(&self->peers[i], &self->peers[i + 1], (self->n - i - 1) * sizeof(McPeer));
    self->n--;
}

/* Makes room for a newcomer: the least interesting one goes, of equals the longest silent. A
 * newcomer that is no better than anything here stays out. */
static bool make_room(McPeerList *self, McPeerState newcomer)
{
    unsigned victim = MC_PEER_MAX;

    if (self->n < MC_PEER_MAX)
        return true;
    for (unsigned i = 0; i < self->n; i++) {
        const McPeer *peer = &self->peers[i];
        const McPeer *worst = victim < MC_PEER_MAX ? &self->peers[victim] : NULL;

        if (!is_pinned(self, peer) && (!worst || mc_peer_state(peer) < mc_peer_state(worst) ||
                                       (mc_peer_state(peer) == mc_peer_state(worst) &&
                                        peer->last_seen_us < worst->last_seen_us)))
            victim = i;
    }
    if (victim == MC_PEER_MAX || mc_peer_state(&self->peers[victim]) >= newcomer)
        return false;
    remove_at(self, victim);
    return true;
}

/* Takes over what the event says; fields it does not mention keep their value. */
static bool apply_found(McPeer *peer, const McWpaEvent *event)
{
    McPeer before = *peer;

    if (mc_wpa_event_has(event, MC_WPA_KEY_NAME))
        g_strlcpy(peer->name, event->name, sizeof(peer->name));
    if (mc_wpa_event_has(event, MC_WPA_KEY_PRI_DEV_TYPE))
        g_strlcpy(peer->device_type, event->pri_dev_type, sizeof(peer->device_type));
    if (mc_wpa_event_has(event, MC_WPA_KEY_CONFIG_METHODS))
        peer->config_methods = event->config_methods;
    if (mc_wpa_event_has(event, MC_WPA_KEY_DEV_CAPAB))
        peer->dev_capab = event->dev_capab;
    if (mc_wpa_event_has(event, MC_WPA_KEY_GROUP_CAPAB))
        peer->group_capab = event->group_capab;
    if (mc_wpa_event_has(event, MC_WPA_KEY_WFD_DEV_INFO))
        mc_wfd_ie_set_device(&peer->wfd, &event->wfd);
    else
        memset(&peer->wfd, 0, sizeof(peer->wfd)); /* its display mode was switched off */
    peer->brand = mc_peer_brand_for(peer->name, peer->manufacturer);
    peer->in_reach = true;
    return memcmp(&before, peer, sizeof(before)) != 0;
}

static McPeerChange on_found(McPeerList *self, const McMac *address, const McWpaEvent *event,
                             gint64 now_us, const McPeer **ret_peer)
{
    McPeer *peer = find(self, address);
    McPeerChange change = MC_PEER_CHANGE_ADDED;

    if (peer) {
        change = apply_found(peer, event) ? MC_PEER_CHANGE_UPDATED : MC_PEER_CHANGE_NONE;
    } else {
        McPeer *newcomer = g_new0(McPeer, 1);

        newcomer->address = *address;
        newcomer->persistent_id = -1;
        newcomer->first_seen_us = now_us;
        apply_found(newcomer, event);
        if (make_room(self, mc_peer_state(newcomer))) {
            peer = &self->peers[self->n++];
            *peer = *newcomer;
        }
        g_free(newcomer);
        if (!peer)
            return MC_PEER_CHANGE_NONE;
    }
    peer->last_seen_us = now_us;
    *ret_peer = peer;
    return change;
}

static McPeerChange on_lost(McPeerList *self, const McMac *address, const McPeer **ret_peer)
{
    McPeer *peer = find(self, address);

    if (!peer || !peer->in_reach)
        return MC_PEER_CHANGE_NONE;
    peer->in_reach = false;
    if (is_pinned(self, peer))
        *ret_peer = peer;
    else
        remove_at(self, (unsigned) (peer - self->peers));
    return MC_PEER_CHANGE_LOST;
}

McPeerChange mc_peer_list_event(McPeerList *self, const McWpaEvent *event, gint64 now_us,
                                const McPeer **ret_peer)
{
    const McMac *address = mc_wpa_event_peer(event);
    const McPeer *unused;

    ret_peer = ret_peer ? ret_peer : &unused;
    *ret_peer = NULL;
    if (!address || mc_mac_is_zero(address))
        return MC_PEER_CHANGE_NONE;
    if (event->kind == MC_WPA_EVENT_DEVICE_FOUND)
        return on_found(self, address, event, now_us, ret_peer);
    if (event->kind == MC_WPA_EVENT_DEVICE_LOST)
        return on_lost(self, address, ret_peer);
    return MC_PEER_CHANGE_NONE;
}

static void reply_text(const char *reply, const char *key, char *ret, size_t size)
{
    char raw[64];

    if (!mc_wpa_reply_value(reply, key, raw, MIN(sizeof(raw), 33)))
        return;
    g_autofree char *valid = g_utf8_make_valid(raw, -1);
    for (char *p = valid; *p; p++)
        if (g_ascii_iscntrl(*p))
            *p = '_';
    g_strlcpy(ret, valid, size);
}

static bool reply_number(const char *reply, const char *key, int *ret)
{
    char text[24], *end;
    long long value;

    if (!mc_wpa_reply_value(reply, key, text, sizeof(text)))
        return false;
    value = g_ascii_strtoll(text, &end, 0);
    if (end == text || *end != '\0' || value < G_MININT || value > G_MAXINT)
        return false;
    *ret = (int) value;
    return true;
}

static void reply_unsigned(const char *reply, const char *key, unsigned *ret)
{
    int value;

    if (reply_number(reply, key, &value) && value >= 0)
        *ret = (unsigned) value;
}

static void details_wfd(McPeer *peer, const char *reply)
{
    g_autofree char *hex = g_malloc(2 * MC_WFD_MAX_IE_BYTES + 1);
    McWfdIe *wfd = g_new0(McWfdIe, 1);

    /* A list without device information says less than the event did. */
    if (mc_wpa_reply_value(reply, "wfd_subelems", hex, 2 * MC_WFD_MAX_IE_BYTES + 1) &&
        mc_wfd_ie_parse_hex(hex, wfd) && mc_wfd_ie_has(wfd, MC_WFD_SUBELEMENT_DEVICE_INFO))
        peer->wfd = *wfd;
    g_free(wfd);
}

bool mc_peer_list_details(McPeerList *self, const char *reply)
{
    McPeer *peer;
    McMac address;

    if (!mc_mac_parse(reply, &address) || !(peer = find(self, &address)))
        return false;
    reply_text(reply, "device_name", peer->name, sizeof(peer->name));
    reply_text(reply, "manufacturer", peer->manufacturer, sizeof(peer->manufacturer));
    reply_text(reply, "model_name", peer->model, sizeof(peer->model));
    reply_unsigned(reply, "config_methods", &peer->config_methods);
    reply_unsigned(reply, "dev_capab", &peer->dev_capab);
    reply_unsigned(reply, "group_capab", &peer->group_capab);
    reply_unsigned(reply, "listen_freq", &peer->listen_freq_mhz);
    reply_unsigned(reply, "oper_freq", &peer->oper_freq_mhz);
    reply_number(reply, "level", &peer->level_dbm);
    if (!reply_number(reply, "persistent", &peer->persistent_id))
        peer->persistent_id = -1;
    details_wfd(peer, reply);
    peer->brand = mc_peer_brand_for(peer->name, peer->manufacturer);
    return true;
}

unsigned mc_peer_list_expire(McPeerList *self, gint64 now_us, gint64 max_age_us)
{
    unsigned kept = 0, removed;

    for (unsigned i = 0; i < self->n; i++)
        if (now_us - self->peers[i].last_seen_us <= max_age_us || is_pinned(self, &self->peers[i]))
            self->peers[kept++] = self->peers[i];
    removed = self->n - kept;
    self->n = kept;
    return removed;
}

void mc_peer_list_clear(McPeerList *self)
{
    mc_peer_list_expire(self, G_MAXINT64, -1);
}

void mc_peer_list_pin(McPeerList *self, const McMac *address)
{
    self->pinned = address != NULL;
    if (address)
        self->pin = *address;
}

void mc_peer_list_forget_persistent(McPeerList *self, const McMac *address)
{
    McPeer *peer = find(self, address);

    if (peer)
        peer->persistent_id = -1;
}

unsigned mc_peer_list_count(const McPeerList *self)
{
    return self->n;
}

const McPeer *mc_peer_list_nth(const McPeerList *self, unsigned n)
{
    return n < self->n ? &self->peers[n] : NULL;
}

const McPeer *mc_peer_list_find(const McPeerList *self, const McMac *address)
{
    return find(self, address);
}

/* How well a peer fits what was typed: 0 not, 1 part, 2 beginning, 3 whole name, 4 address. */
static int fit(const McPeer *peer, const char *text, const char *folded)
{
    g_autofree char *name = g_utf8_casefold(peer->name, -1);
    McMac mac;

    if (mc_mac_parse(text, &mac))
        return mc_mac_equal(&mac, &peer->address) ? 4 : 0;
    if (!*folded)
        return 0;
    if (strcmp(name, folded) == 0)
        return 3;
    return g_str_has_prefix(name, folded) ? 2 : strstr(name, folded) ? 1 : 0;
}

bool mc_peer_matches(const McPeer *self, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *folded = g_utf8_casefold(valid, -1);

    return fit(self, text, folded) > 0;
}

const McPeer *mc_peer_list_lookup(const McPeerList *self, const char *text, bool *ret_ambiguous)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *folded = g_utf8_casefold(valid, -1);
    const McPeer *best = NULL;
    int best_fit = 0;

    *ret_ambiguous = false;
    for (unsigned i = 0; i < self->n; i++) {
        int value = fit(&self->peers[i], text, folded);

        if (value > best_fit) {
            best = &self->peers[i];
            best_fit = value;
            *ret_ambiguous = false;
        } else if (value > 0 && value == best_fit) {
            *ret_ambiguous = true;
        }
    }
    return *ret_ambiguous ? NULL : best;
}

/* An unknown level (0) counts as weak: it is no measurement. */
static int signal_of(const McPeer *peer)
{
    return peer->level_dbm < 0 ? peer->level_dbm : -100;
}

static int compare_rank(gconstpointer a, gconstpointer b)
{
    const McPeer *x = *(const McPeer *const *) a, *y = *(const McPeer *const *) b;

    if (mc_peer_state(x) != mc_peer_state(y))
        return mc_peer_state(x) > mc_peer_state(y) ? -1 : 1;
    if (signal_of(x) != signal_of(y))
        return signal_of(x) > signal_of(y) ? -1 : 1;
    return g_strcmp0(x->name, y->name);
}

GPtrArray *mc_peer_list_ranked(const McPeerList *self)
{
    GPtrArray *ranked = g_ptr_array_sized_new(self->n);

    for (unsigned i = 0; i < self->n; i++)
        g_ptr_array_add(ranked, (gpointer) &self->peers[i]);
    g_ptr_array_sort(ranked, compare_rank);
    return ranked;
}

McPeerKind mc_peer_kind(const McPeer *self)
{
    static const McPeerKind kinds[] = {MC_PEER_KIND_SOURCE, MC_PEER_KIND_PRIMARY_SINK,
                                       MC_PEER_KIND_SECONDARY_SINK, MC_PEER_KIND_DUAL};

    if (!mc_wfd_ie_has(&self->wfd, MC_WFD_SUBELEMENT_DEVICE_INFO))
        return MC_PEER_KIND_UNKNOWN;
    return kinds[MC_WFD_INFO_TYPE(self->wfd.device.bitmap)];
}

bool mc_peer_is_sink(const McPeer *self)
{
    return mc_peer_kind(self) >= MC_PEER_KIND_PRIMARY_SINK;
}

/* Category 7 is a display; sinks also call themselves 1, 8 and 10, as do phones and printers'
 * hosts, so for those only a known maker of televisions counts. */
static bool looks_like_a_sink(const McPeer *self)
{
    return g_str_has_prefix(self->device_type, "7-") ||
           (self->brand->open_screen && g_str_has_prefix(self->device_type, "8-"));
}

McPeerState mc_peer_state(const McPeer *self)
{
    if (mc_peer_is_sink(self))
        return mc_wfd_device_info_is_available(&self->wfd.device) ? MC_PEER_STATE_READY
                                                                  : MC_PEER_STATE_BUSY;
    if (mc_peer_kind(self) == MC_PEER_KIND_UNKNOWN && looks_like_a_sink(self))
        return MC_PEER_STATE_NOT_READY;
    return MC_PEER_STATE_IRRELEVANT;
}

bool mc_peer_has_hdcp(const McPeer *self)
{
    return mc_peer_is_sink(self) && (self->wfd.device.bitmap & MC_WFD_INFO_HDCP) != 0;
}

uint16_t mc_peer_rtsp_port(const McPeer *self)
{
    return mc_peer_kind(self) == MC_PEER_KIND_UNKNOWN ? 0 : self->wfd.device.control_port;
}

bool mc_peer_is_group_owner(const McPeer *self)
{
    return (self->group_capab & GROUP_CAPAB_OWNER) != 0;
}

bool mc_peer_allows(const McPeer *self, McPeerMethod method)
{
    static const unsigned bits[] = {[MC_PEER_METHOD_PBC] = WPS_PUSH_BUTTON,
                                    [MC_PEER_METHOD_ENTER_PIN] = WPS_DISPLAY,
                                    [MC_PEER_METHOD_SHOW_PIN] = WPS_KEYPAD};

    return (self->config_methods & bits[method]) != 0;
}

McPeerMethod mc_peer_method(const McPeer *self)
{
    for (int method = MC_PEER_METHOD_PBC; method <= MC_PEER_METHOD_SHOW_PIN; method++)
        if (mc_peer_allows(self, (McPeerMethod) method))
            return (McPeerMethod) method;
    return MC_PEER_METHOD_PBC; /* beacons of a group owner name none */
}

const char *mc_peer_kind_text(McPeerKind kind)
{
    static const char *const texts[] = {"unknown", "source", "secondary sink", "primary sink",
                                        "dual role"};

    return texts[kind];
}

const char *mc_peer_method_text(McPeerMethod method)
{
    static const char *const texts[] = {"pbc", "enter-pin", "show-pin"};

    return texts[method];
}

char *mc_peer_hint(const McPeer *self)
{
    const char *where = self->brand->open_screen;

    switch (mc_peer_state(self)) {
    case MC_PEER_STATE_READY:
        return NULL;
    case MC_PEER_STATE_BUSY:
        return g_strdup("busy: it takes no further session now; end the other one at the device");
    case MC_PEER_STATE_NOT_READY:
        if (where)
            return g_strdup_printf("not ready: on the %s, %s", self->brand->label, where);
        return g_strdup("not ready: open screen mirroring (Miracast) on the device");
    default:
        return g_strdup("cannot be cast to: it does not announce itself as a display");
    }
}
