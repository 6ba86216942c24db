/* SPDX-License-Identifier: MIT */
#include "p2p/nm-values.h"

#include <string.h>

#define P2P_DEVICE "p2p-dev-"

/* --- properties: of another type than expected they are not there ------------------------------
 */

unsigned mc_nm_number(GVariant *properties, const char *name)
{
    guint32 number = 0;

    g_variant_lookup(properties, name, "u", &number);
    return number;
}

const char *mc_nm_text(GVariant *properties, const char *name)
{
    const char *text = "";

    g_variant_lookup(properties, name, "&s", &text);
    return text;
}

bool mc_nm_group_interface(GVariant *properties, char ret[16])
{
    const char *ifname = mc_nm_text(properties, "IpInterface");

    if (!*ifname || strlen(ifname) >= 16 || strpbrk(ifname, "/ \t\n") ||
        g_str_has_prefix(ifname, P2P_DEVICE))
        return false;
    g_strlcpy(ret, ifname, 16);
    return true;
}

const char *mc_nm_station_interface(const char *device_interface)
{
    return g_str_has_prefix(device_interface, P2P_DEVICE) ? device_interface + strlen(P2P_DEVICE)
                                                          : device_interface;
}

/* --- peers ------------------------------------------------------------------------------------ */

static void add_text(GVariantBuilder *builder, const char *name, GVariant *properties,
                     const char *property)
{
    g_variant_builder_add(builder, "{sv}", name,
                          g_variant_new_string(mc_nm_text(properties, property)));
}

/* NetworkManager makes percents of -100 dBm (0) to -40 dBm (100). */
static void add_level(GVariantBuilder *builder, GVariant *properties)
{
    guint8 percent = 0;

    if (g_variant_lookup(properties, "Strength", "y", &percent) && percent)
        g_variant_builder_add(builder, "{sv}", "level",
                              g_variant_new_int32(-100 + MIN(percent, 100) * 60 / 100));
}

GVariant *mc_nm_peer_properties(GVariant *properties, McMac *ret_address)
{
    GVariantBuilder builder;
    g_autoptr(GVariant) elements =
        g_variant_lookup_value(properties, "WfdIEs", G_VARIANT_TYPE_BYTESTRING);

    if (!mc_mac_parse(mc_nm_text(properties, "HwAddress"), ret_address))
        return NULL;
    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    add_text(&builder, "DeviceName", properties, "Name");
    add_text(&builder, "Manufacturer", properties, "Manufacturer");
    add_text(&builder, "ModelName", properties, "Model");
    add_level(&builder, properties);
    if (elements)
        g_variant_builder_add(&builder, "{sv}", "IEs", elements);
    return g_variant_ref_sink(g_variant_builder_end(&builder));
}

/* --- a connection ----------------------------------------------------------------------------- */

static void add_boolean(GVariantBuilder *builder, const char *name, bool value)
{
    g_variant_builder_add(builder, "{sv}", name, g_variant_new_boolean(value));
}

static GVariant *general(const char *peer)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "id",
                          g_variant_new_take_string(g_strdup_printf("Wi-Fi Display %s", peer)));
    g_variant_builder_add(&builder, "{sv}", "type", g_variant_new_string("wifi-p2p"));
    add_boolean(&builder, "autoconnect", false);
    return g_variant_builder_end(&builder);
}

static GVariant *pairing(const char *peer, const uint8_t *wfd, size_t wfd_len)
{
    enum { WPS_METHOD_PBC = 4 };
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "peer", g_variant_new_string(peer));
    g_variant_builder_add(&builder, "{sv}", "wps-method", g_variant_new_uint32(WPS_METHOD_PBC));
    g_variant_builder_add(&builder, "{sv}", "wfd-ies",
                          g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, wfd, wfd_len, 1));
    return g_variant_builder_end(&builder);
}

/* No default route and no name server from a television. As the group's owner NetworkManager makes
 * "shared" of "auto". */
static GVariant *addresses(void)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "method", g_variant_new_string("auto"));
    add_boolean(&builder, "never-default", true);
    add_boolean(&builder, "ignore-auto-dns", true);
    add_boolean(&builder, "ignore-auto-routes", true);
    add_boolean(&builder, "may-fail", false);
    return g_variant_builder_end(&builder);
}

/* "ignore" would leave the kernel to listen to whoever announces himself as a router. */
static GVariant *no_addresses(void)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "method", g_variant_new_string("disabled"));
    return g_variant_builder_end(&builder);
}

GVariant *mc_nm_connection(const McMac *peer, const uint8_t *wfd, size_t wfd_len)
{
    GVariantBuilder builder;
    char text[MC_MAC_TEXT];

    mc_mac_format(peer, text);
    g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sa{sv}}"));
    g_variant_builder_add(&builder, "{s@a{sv}}", "connection", general(text));
    g_variant_builder_add(&builder, "{s@a{sv}}", "wifi-p2p", pairing(text, wfd, wfd_len));
    g_variant_builder_add(&builder, "{s@a{sv}}", "ipv4", addresses());
    g_variant_builder_add(&builder, "{s@a{sv}}", "ipv6", no_addresses());
    return g_variant_builder_end(&builder);
}

GVariant *mc_nm_connection_options(void)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "persist", g_variant_new_string("volatile"));
    g_variant_builder_add(&builder, "{sv}", "bind-activation", g_variant_new_string("dbus-client"));
    return g_variant_builder_end(&builder);
}

/* --- how it ended ----------------------------------------------------------------------------- */

/* Which of wpa_supplicant's reasons says the same; what is not here is MC_WPA_REASON_OTHER: the
 * keys were not agreed upon, or without a word why. */
static const struct {
    unsigned nm;
    McWpaReason reason;
    const char *text;
} reasons[] = {
    {3, MC_WPA_REASON_REQUESTED, "the device is no longer managed"},
    {5, MC_WPA_REASON_NO_ADDRESS, "no address"},
    {6, MC_WPA_REASON_NO_ADDRESS, "the address has expired"},
    {8, MC_WPA_REASON_UNAVAILABLE, "the group has ended"},
    {10, MC_WPA_REASON_OTHER, "wpa_supplicant failed"},
    {11, MC_WPA_REASON_OTHER, "no group in time"},
    {15, MC_WPA_REASON_NO_ADDRESS, "DHCP did not start"},
    {16, MC_WPA_REASON_NO_ADDRESS, "DHCP error"},
    {17, MC_WPA_REASON_NO_ADDRESS, "DHCP failed"},
    {18, MC_WPA_REASON_NO_ADDRESS, "no DHCP server (dnsmasq)"},
    {19, MC_WPA_REASON_NO_ADDRESS, "the DHCP server failed"},
    {36, MC_WPA_REASON_REQUESTED, "the device was removed"},
    {37, MC_WPA_REASON_REQUESTED, "the computer sleeps"},
    {38, MC_WPA_REASON_REQUESTED, "the connection was removed"},
    {39, MC_WPA_REASON_REQUESTED, "the user disconnected"},
    {60, MC_WPA_REASON_REQUESTED, "another connection took its place"},
    {67, MC_WPA_REASON_UNAVAILABLE, "the sink is not there"},
};
enum { SUPPLICANT_DISCONNECT = 8, SUPPLICANT_TIMEOUT = 11 };

static void take_reason(McWpaEvent *event, unsigned nm)
{
    g_snprintf(event->reason_text, sizeof(event->reason_text), "NetworkManager: reason %u", nm);
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (reasons[i].nm == nm) {
            event->reason = reasons[i].reason;
            g_strlcpy(event->reason_text, reasons[i].text, sizeof(event->reason_text));
        }
    event->have |= G_GUINT64_CONSTANT(1) << MC_WPA_KEY_REASON;
}

void mc_nm_end_event(unsigned reason, const char *ifname, McWpaEvent *ret)
{
    *ret = (McWpaEvent){.kind = MC_WPA_EVENT_GROUP_FORMATION_FAILURE, .priority = -1};
    take_reason(ret, reason);
    if (ifname) {
        ret->kind = MC_WPA_EVENT_GROUP_REMOVED;
        g_strlcpy(ret->ifname, ifname, sizeof(ret->ifname));
        ret->have |= G_GUINT64_CONSTANT(1) << MC_WPA_KEY_IFNAME;
    } else if (reason == SUPPLICANT_TIMEOUT) {
        ret->kind = MC_WPA_EVENT_GO_NEG_FAILURE;
        ret->status = -1; /* no answer */
        ret->have |= G_GUINT64_CONSTANT(1) << MC_WPA_KEY_STATUS;
    } else if (reason == SUPPLICANT_DISCONNECT) {
        ret->reason = MC_WPA_REASON_OTHER; /* it ended while it was formed */
    }
}

unsigned mc_nm_reason_of_active(unsigned reason)
{
    static const unsigned devices[] = {
        [2] = 39, [3] = 1, [5] = 5, [6] = 11, [9] = 7, [11] = 38, [13] = 10, [14] = 36};

    return reason < G_N_ELEMENTS(devices) ? devices[reason] : 0;
}

bool mc_nm_is_forbidden(GVariant *permissions)
{
    static const char *const needed[] = {"org.freedesktop.NetworkManager.network-control",
                                         "org.freedesktop.NetworkManager.wifi.scan"};
    const char *answer;

    for (size_t i = 0; i < G_N_ELEMENTS(needed); i++)
        if (g_variant_lookup(permissions, needed[i], "&s", &answer) && strcmp(answer, "no") == 0)
            return true;
    return false;
}
