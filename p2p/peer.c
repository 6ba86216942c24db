/* SPDX-License-Identifier: MIT */
#include "p2p/peer.h"

#include <string.h>

enum {
    WPS_DISPLAY = 0x0008,
    WPS_PUSH_BUTTON = 0x0080, /* set in the virtual (0280) and the physical (0480) kind, too */
    WPS_KEYPAD = 0x0100,
    GROUP_CAPAB_OWNER = 0x01,
};

/* 0 not, 1 part, 2 beginning, 3 whole name, 4 address. */
int mc_peer_fit(const McPeer *self, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *typed = g_utf8_casefold(valid, -1);
    g_autofree char *name = g_utf8_casefold(self->name, -1);
    McMac mac;

    if (mc_mac_parse(text, &mac))
        return mc_mac_equal(&mac, &self->address) ? 4 : 0;
    if (!*typed)
        return 0;
    if (strcmp(name, typed) == 0)
        return 3;
    return g_str_has_prefix(name, typed) ? 2 : strstr(name, typed) ? 1 : 0;
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
