/* SPDX-License-Identifier: MIT */
#include "p2p/dbus-values.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#include "p2p/plain-text.h"

/* --- single values: of another type than expected they are not there ---------------------------
 */

static const char *text_of(GVariant *dictionary, const char *key)
{
    const char *text = NULL;

    g_variant_lookup(dictionary, key, "&s", &text);
    return text;
}

static bool bytes_of(GVariant *dictionary, const char *key, const uint8_t **ret, gsize *ret_len)
{
    g_autoptr(GVariant) value = g_variant_lookup_value(dictionary, key, G_VARIANT_TYPE_BYTESTRING);

    if (!value)
        return false;
    *ret = g_variant_get_fixed_array(value, ret_len, 1); /* of the dictionary's life */
    return *ret_len > 0;
}

static bool number_of(GVariant *dictionary, const char *key, gint64 *ret)
{
    g_autoptr(GVariant) value = g_variant_lookup_value(dictionary, key, NULL);

    if (!value)
        return false;
    switch (g_variant_classify(value)) {
    case G_VARIANT_CLASS_BYTE:
        *ret = g_variant_get_byte(value);
        return true;
    case G_VARIANT_CLASS_UINT16:
        *ret = g_variant_get_uint16(value);
        return true;
    case G_VARIANT_CLASS_UINT32:
        *ret = g_variant_get_uint32(value);
        return true;
    case G_VARIANT_CLASS_INT32:
        *ret = g_variant_get_int32(value);
        return true;
    default:
        return false;
    }
}

bool mc_dbus_path_mac(const char *path, McMac *ret)
{
    const char *last = path ? strrchr(path, '/') : NULL;
    size_t len;

    return last && mc_hex_parse(last + 1, -1, ret->bytes, sizeof(ret->bytes), &len) &&
           len == sizeof(ret->bytes);
}

int mc_dbus_path_number(const char *path)
{
    const char *last = path ? strrchr(path, '/') : NULL;
    guint64 number;

    return last && g_ascii_string_to_unsigned(last + 1, 10, 0, G_MAXINT, &number, NULL)
               ? (int) number
               : -1;
}

/* --- peers ------------------------------------------------------------------------------------ */

static void append_text(GString *reply, const char *key, const char *text)
{
    g_autofree char *line = mc_plain_text(text ? text : ""); /* which makes no lines */

    g_string_append_printf(reply, "%s=%s\n", key, line);
}

static void append_number(GString *reply, const char *key, const char *format, GVariant *properties,
                          const char *property)
{
    gint64 value;

    if (number_of(properties, property, &value)) {
        g_string_append_printf(reply, "%s=", key);
        if (*format == 'x')
            g_string_append_printf(reply, "0x%x\n", (unsigned) value);
        else
            g_string_append_printf(reply, "%d\n", (int) value);
    }
}

/* Category (2), OUI (4), sub-category (2): "7-0050F204-1". */
static void device_type(GVariant *properties, char ret[24])
{
    const uint8_t *type;
    gsize len;

    ret[0] = '\0';
    if (bytes_of(properties, "PrimaryDeviceType", &type, &len) && len == 8)
        g_snprintf(ret, 24, "%u-%02X%02X%02X%02X-%u", type[0] << 8 | type[1], type[2], type[3],
                   type[4], type[5], type[6] << 8 | type[7]);
}

char *mc_dbus_peer_reply(const McMac *address, GVariant *properties, int persistent_id)
{
    GString *reply = g_string_new(NULL);
    const uint8_t *ies;
    char mac[MC_MAC_TEXT], type[24];
    gsize len;

    g_string_append_printf(reply, "%s\n", mc_mac_format(address, mac));
    device_type(properties, type);
    append_text(reply, "pri_dev_type", type);
    append_text(reply, "device_name", text_of(properties, "DeviceName"));
    append_text(reply, "manufacturer", text_of(properties, "Manufacturer"));
    append_text(reply, "model_name", text_of(properties, "ModelName"));
    append_number(reply, "config_methods", "x", properties, "config_method");
    append_number(reply, "dev_capab", "x", properties, "devicecapability");
    append_number(reply, "group_capab", "x", properties, "groupcapability");
    append_number(reply, "level", "d", properties, "level");
    if (persistent_id >= 0)
        g_string_append_printf(reply, "persistent=%d\n", persistent_id);
    if (bytes_of(properties, "IEs", &ies, &len) && len <= MC_WFD_MAX_IE_BYTES) {
        g_string_append(reply, "wfd_subelems=");
        mc_hex_append(reply, ies, len);
        g_string_append_c(reply, '\n');
    }
    return g_string_free(reply, FALSE);
}

static void have(McWpaEvent *event, McWpaKey key)
{
    event->have |= G_GUINT64_CONSTANT(1) << key;
}

static void take_number(McWpaEvent *event, McWpaKey key, unsigned *field, GVariant *properties,
                        const char *property)
{
    gint64 value;

    if (!number_of(properties, property, &value) || value < 0)
        return;
    *field = (unsigned) value;
    have(event, key);
}

static void take_wfd(McWpaEvent *event, GVariant *properties)
{
    g_autofree McWfdIe *wfd = g_new0(McWfdIe, 1);
    const uint8_t *ies;
    gsize len;

    if (!bytes_of(properties, "IEs", &ies, &len))
        return;
    mc_wfd_ie_parse_subelements(ies, len, wfd);
    if (!mc_wfd_ie_has(wfd, MC_WFD_SUBELEMENT_DEVICE_INFO))
        return;
    event->wfd = wfd->device;
    have(event, MC_WPA_KEY_WFD_DEV_INFO);
}

static void take_name(McWpaEvent *event, const char *text)
{
    mc_plain_text_copy(event->name, sizeof(event->name), text ? text : "");
    have(event, MC_WPA_KEY_NAME);
}

static void start_event(McWpaEvent *ret, McWpaEventKind kind)
{
    *ret = (McWpaEvent){.kind = kind, .priority = -1};
}

void mc_dbus_peer_event(const McMac *address, GVariant *properties, McWpaEvent *ret)
{
    start_event(ret, MC_WPA_EVENT_DEVICE_FOUND);
    ret->p2p_dev_addr = ret->address = *address;
    have(ret, MC_WPA_KEY_P2P_DEV_ADDR);
    take_name(ret, text_of(properties, "DeviceName"));
    device_type(properties, ret->pri_dev_type);
    if (ret->pri_dev_type[0])
        have(ret, MC_WPA_KEY_PRI_DEV_TYPE);
    take_number(ret, MC_WPA_KEY_CONFIG_METHODS, &ret->config_methods, properties, "config_method");
    take_number(ret, MC_WPA_KEY_DEV_CAPAB, &ret->dev_capab, properties, "devicecapability");
    take_number(ret, MC_WPA_KEY_GROUP_CAPAB, &ret->group_capab, properties, "groupcapability");
    take_wfd(ret, properties);
}

/* --- signals ---------------------------------------------------------------------------------- */

/* (o ...): the device comes first. */
static bool take_peer_path(McWpaEvent *event, GVariant *parameters)
{
    g_autoptr(GVariant) path = NULL;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE_TUPLE) ||
        g_variant_n_children(parameters) == 0)
        return false;
    path = g_variant_get_child_value(parameters, 0);
    if (!g_variant_is_of_type(path, G_VARIANT_TYPE_OBJECT_PATH) ||
        !mc_dbus_path_mac(g_variant_get_string(path, NULL), &event->p2p_dev_addr))
        return false;
    event->address = event->p2p_dev_addr;
    have(event, MC_WPA_KEY_P2P_DEV_ADDR);
    return true;
}

static bool take_pin(McWpaEvent *event, GVariant *parameters)
{
    const char *pin;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(os)")))
        return false;
    g_variant_get_child(parameters, 1, "&s", &pin);
    if (strlen(pin) >= sizeof(event->pin) || strspn(pin, "0123456789") != strlen(pin))
        return false;
    g_strlcpy(event->pin, pin, sizeof(event->pin));
    have(event, MC_WPA_KEY_PIN);
    return true;
}

static bool take_second_number(McWpaEvent *event, GVariant *parameters)
{
    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(oi)")))
        return false;
    g_variant_get_child(parameters, 1, "i", &event->status);
    have(event, MC_WPA_KEY_STATUS);
    return true;
}

/* (a{sv}): NULL if it is something else. */
static GVariant *dictionary_of(GVariant *parameters)
{
    return g_variant_is_of_type(parameters, G_VARIANT_TYPE("(a{sv})"))
               ? g_variant_get_child_value(parameters, 0)
               : NULL;
}

static void take_ip(McWpaEvent *event, McWpaKey key, uint8_t field[4], GVariant *dictionary,
                    const char *name)
{
    const uint8_t *ip;
    gsize len;

    if (!bytes_of(dictionary, name, &ip, &len) || len != 4)
        return;
    memcpy(field, ip, 4);
    have(event, key);
}

static bool take_group(McWpaEvent *event, GVariant *dictionary)
{
    const char *role = text_of(dictionary, "role");
    gboolean persistent = FALSE;

    event->role = g_strcmp0(role, "GO") == 0       ? MC_WPA_ROLE_GO
                  : g_strcmp0(role, "client") == 0 ? MC_WPA_ROLE_CLIENT
                                                   : MC_WPA_ROLE_UNKNOWN;
    have(event, MC_WPA_KEY_ROLE);
    if (g_variant_lookup(dictionary, "persistent", "b", &persistent) && persistent)
        have(event, MC_WPA_KEY_PERSISTENT);
    take_ip(event, MC_WPA_KEY_IP_ADDR, event->ip_addr, dictionary, "IpAddr");
    take_ip(event, MC_WPA_KEY_IP_MASK, event->ip_mask, dictionary, "IpAddrMask");
    take_ip(event, MC_WPA_KEY_GO_IP_ADDR, event->go_ip_addr, dictionary, "IpAddrGo");
    return event->role != MC_WPA_ROLE_UNKNOWN;
}

static void take_status(McWpaEvent *event, GVariant *dictionary)
{
    gint64 status = -1;

    number_of(dictionary, "status", &status);
    event->status = (int) status;
    have(event, MC_WPA_KEY_STATUS);
}

static void take_peer_address(McWpaEvent *event, GVariant *dictionary)
{
    const char *path = NULL;

    g_variant_lookup(dictionary, "peer_object", "&o", &path);
    if (!mc_dbus_path_mac(path, &event->peer_dev))
        return;
    event->p2p_dev_addr = event->peer_dev;
    have(event, MC_WPA_KEY_PEER_DEV);
    have(event, MC_WPA_KEY_P2P_DEV_ADDR);
}

static bool take_mac(McMac *field, GVariant *dictionary, const char *name)
{
    const uint8_t *bytes;
    gsize len;

    if (!bytes_of(dictionary, name, &bytes, &len) || len != sizeof(field->bytes))
        return false;
    memcpy(field->bytes, bytes, sizeof(field->bytes));
    return true;
}

/* The number of a remembered group is left out where it is 0: there is no telling whether it is
 * known at all. */
static bool take_invitation(McWpaEvent *event, GVariant *dictionary)
{
    unsigned id = 0;

    if (!take_mac(&event->sa, dictionary, "sa"))
        return false;
    have(event, MC_WPA_KEY_SA);
    if (take_mac(&event->go_dev_addr, dictionary, "go_dev_addr"))
        have(event, MC_WPA_KEY_GO_DEV_ADDR);
    if (take_mac(&event->bssid, dictionary, "bssid"))
        have(event, MC_WPA_KEY_BSSID);
    take_number(event, MC_WPA_KEY_NETWORK_ID, &id, dictionary, "persistent_id");
    if (mc_wpa_event_has(event, MC_WPA_KEY_NETWORK_ID))
        event->network_id = (int) id;
    take_number(event, MC_WPA_KEY_FREQ, &event->freq_mhz, dictionary, "op_freq");
    return true;
}

static bool dictionary_event(McWpaEventKind kind, GVariant *parameters, McWpaEvent *ret)
{
    g_autoptr(GVariant) dictionary = dictionary_of(parameters);

    if (!dictionary)
        return false;
    switch (kind) {
    case MC_WPA_EVENT_GROUP_STARTED:
        return take_group(ret, dictionary);
    case MC_WPA_EVENT_GROUP_REMOVED:
        take_group(ret, dictionary);
        return true;
    case MC_WPA_EVENT_INVITATION_RECEIVED:
        return take_invitation(ret, dictionary);
    default:
        take_status(ret, dictionary);
        take_peer_address(ret, dictionary);
        return true;
    }
}

typedef enum { FORM_PEER, FORM_PIN, FORM_STATUS, FORM_DICTIONARY, FORM_ANY } Form;

static const struct {
    const char *name;
    McWpaEventKind kind;
    Form form;
} signals[] = {
    {"DeviceLost", MC_WPA_EVENT_DEVICE_LOST, FORM_PEER},
    {"FindStopped", MC_WPA_EVENT_FIND_STOPPED, FORM_ANY},
    {"ProvisionDiscoveryRequestDisplayPin", MC_WPA_EVENT_PROV_DISC_SHOW_PIN, FORM_PIN},
    {"ProvisionDiscoveryResponseDisplayPin", MC_WPA_EVENT_PROV_DISC_SHOW_PIN, FORM_PIN},
    {"ProvisionDiscoveryRequestEnterPin", MC_WPA_EVENT_PROV_DISC_ENTER_PIN, FORM_PEER},
    {"ProvisionDiscoveryResponseEnterPin", MC_WPA_EVENT_PROV_DISC_ENTER_PIN, FORM_PEER},
    {"ProvisionDiscoveryPBCRequest", MC_WPA_EVENT_PROV_DISC_PBC_REQ, FORM_PEER},
    {"ProvisionDiscoveryPBCResponse", MC_WPA_EVENT_PROV_DISC_PBC_RESP, FORM_PEER},
    {"ProvisionDiscoveryFailure", MC_WPA_EVENT_PROV_DISC_FAILURE, FORM_STATUS},
    {"GONegotiationRequest", MC_WPA_EVENT_GO_NEG_REQUEST, FORM_PEER},
    {"GONegotiationSuccess", MC_WPA_EVENT_GO_NEG_SUCCESS, FORM_DICTIONARY},
    {"GONegotiationFailure", MC_WPA_EVENT_GO_NEG_FAILURE, FORM_DICTIONARY},
    {"GroupFormationFailure", MC_WPA_EVENT_GROUP_FORMATION_FAILURE, FORM_ANY},
    {"GroupStarted", MC_WPA_EVENT_GROUP_STARTED, FORM_DICTIONARY},
    {"GroupFinished", MC_WPA_EVENT_GROUP_REMOVED, FORM_DICTIONARY},
    {"InvitationReceived", MC_WPA_EVENT_INVITATION_RECEIVED, FORM_DICTIONARY},
    {"InvitationResult", MC_WPA_EVENT_INVITATION_RESULT, FORM_DICTIONARY},
    {"WpsFailed", MC_WPA_EVENT_WPS_FAIL, FORM_ANY},
};

bool mc_dbus_signal_event(const char *name, GVariant *parameters, McWpaEvent *ret)
{
    size_t i = 0;

    while (i < G_N_ELEMENTS(signals) && strcmp(signals[i].name, name) != 0)
        i++;
    if (i == G_N_ELEMENTS(signals))
        return false;
    start_event(ret, signals[i].kind);
    switch (signals[i].form) {
    case FORM_PEER:
        return take_peer_path(ret, parameters);
    case FORM_PIN:
        return take_peer_path(ret, parameters) && take_pin(ret, parameters);
    case FORM_STATUS:
        return take_peer_path(ret, parameters) && take_second_number(ret, parameters);
    case FORM_DICTIONARY:
        return dictionary_event(ret->kind, parameters, ret);
    default:
        return true;
    }
}

const char *mc_dbus_signal_interface(GVariant *parameters)
{
    g_autoptr(GVariant) dictionary = dictionary_of(parameters);
    const char *path = NULL;

    if (dictionary)
        g_variant_lookup(dictionary, "interface_object", "&o", &path);
    return path;
}

/* --- persistent groups ------------------------------------------------------------------------ */

static char *unquoted(const char *text)
{
    size_t len = text ? strlen(text) : 0;

    return len >= 2 && text[0] == '"' && text[len - 1] == '"' ? g_strndup(text + 1, len - 2)
                                                              : g_strdup(text ? text : "");
}

char *mc_dbus_group_line(int id, GVariant *properties)
{
    g_autofree char *ssid = unquoted(text_of(properties, "ssid"));
    g_autofree char *bssid = unquoted(text_of(properties, "bssid"));

    return g_strdup_printf("%d\t%s\t%s\t[DISABLED][P2P-PERSISTENT]\n", id,
                           g_strdelimit(ssid, "\t\n", '_'), g_strdelimit(bssid, "\t\n", '_'));
}

bool mc_dbus_group_has_peer(GVariant *properties, const McMac *peer)
{
    g_autofree char *bssid = unquoted(text_of(properties, "bssid"));
    g_autofree char *clients = unquoted(text_of(properties, "p2p_client_list"));
    g_auto(GStrv) words = g_strsplit(clients, " ", 64);
    McMac mac;

    if (mc_mac_parse(bssid, &mac) && mc_mac_equal(&mac, peer))
        return true;
    for (char **word = words; *word; word++)
        if (mc_mac_parse(*word, &mac) && mc_mac_equal(&mac, peer))
            return true;
    return false;
}
