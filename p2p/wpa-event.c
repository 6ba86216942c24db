/* SPDX-License-Identifier: MIT */
#include "p2p/wpa-event.h"

#include <stdlib.h>
#include <string.h>

#include "p2p/plain-text.h"

/* A datagram of an attached control socket:
 *
 *   [IFNAME=wlan0 ] <3> P2P-GROUP-STARTED p2p-wlan0-0 GO ssid="DIRECT-x\"y" ... [PERSISTENT]
 *   global socket  prio name              bare words     key=value             flag
 *
 * Values stand bare up to the next blank, in "" (an SSID is escaped in them, a passphrase is not),
 * or in '' without any escape: the name of a peer, which can hold blanks, quotes, and what looks
 * like further keys. A name has 32 bytes at most and "' config_methods=" always comes behind
 * it, so the last one of these on the line is the end of the name. */
enum { LINE_MAX_BYTES = 8192 };

/* Bare words of each event, in their order: a address, p PIN, i interface, r role, * a
 * sentence before the next one. */
static const struct {
    const char *name, *bare;
} events[MC_WPA_EVENT_N] = {
    [MC_WPA_EVENT_OTHER] = {"", ""},
    [MC_WPA_EVENT_DEVICE_FOUND] = {"P2P-DEVICE-FOUND", "a"},
    [MC_WPA_EVENT_DEVICE_LOST] = {"P2P-DEVICE-LOST", ""},
    [MC_WPA_EVENT_FIND_STOPPED] = {"P2P-FIND-STOPPED", ""},
    [MC_WPA_EVENT_PROV_DISC_SHOW_PIN] = {"P2P-PROV-DISC-SHOW-PIN", "ap"},
    [MC_WPA_EVENT_PROV_DISC_ENTER_PIN] = {"P2P-PROV-DISC-ENTER-PIN", "a"},
    [MC_WPA_EVENT_PROV_DISC_PBC_REQ] = {"P2P-PROV-DISC-PBC-REQ", "a"},
    [MC_WPA_EVENT_PROV_DISC_PBC_RESP] = {"P2P-PROV-DISC-PBC-RESP", "a"},
    [MC_WPA_EVENT_PROV_DISC_FAILURE] = {"P2P-PROV-DISC-FAILURE", "a"},
    [MC_WPA_EVENT_GO_NEG_REQUEST] = {"P2P-GO-NEG-REQUEST", "a"},
    [MC_WPA_EVENT_GO_NEG_SUCCESS] = {"P2P-GO-NEG-SUCCESS", ""},
    [MC_WPA_EVENT_GO_NEG_FAILURE] = {"P2P-GO-NEG-FAILURE", ""},
    [MC_WPA_EVENT_GROUP_FORMATION_SUCCESS] = {"P2P-GROUP-FORMATION-SUCCESS", ""},
    [MC_WPA_EVENT_GROUP_FORMATION_FAILURE] = {"P2P-GROUP-FORMATION-FAILURE", ""},
    [MC_WPA_EVENT_GROUP_STARTED] = {"P2P-GROUP-STARTED", "ir"},
    [MC_WPA_EVENT_GROUP_REMOVED] = {"P2P-GROUP-REMOVED", "ir"},
    [MC_WPA_EVENT_FALLBACK_TO_GO_NEG] = {"P2P-FALLBACK-TO-GO-NEG", ""},
    [MC_WPA_EVENT_INVITATION_RECEIVED] = {"P2P-INVITATION-RECEIVED", ""},
    [MC_WPA_EVENT_INVITATION_ACCEPTED] = {"P2P-INVITATION-ACCEPTED", ""},
    [MC_WPA_EVENT_INVITATION_RESULT] = {"P2P-INVITATION-RESULT", "a"},
    [MC_WPA_EVENT_PERSISTENT_PSK_FAIL] = {"P2P-PERSISTENT-PSK-FAIL", ""},
    [MC_WPA_EVENT_REFORM_GROUP] = {"P2P-REMOVE-AND-REFORM-GROUP", ""},
    [MC_WPA_EVENT_AP_STA_CONNECTED] = {"AP-STA-CONNECTED", "a"},
    [MC_WPA_EVENT_AP_STA_DISCONNECTED] = {"AP-STA-DISCONNECTED", "a"},
    [MC_WPA_EVENT_AP_ENABLED] = {"AP-ENABLED", ""},
    [MC_WPA_EVENT_AP_DISABLED] = {"AP-DISABLED", ""},
    [MC_WPA_EVENT_CONNECTED] = {"CTRL-EVENT-CONNECTED", "*a"},
    [MC_WPA_EVENT_DISCONNECTED] = {"CTRL-EVENT-DISCONNECTED", ""},
    [MC_WPA_EVENT_CHANNEL_SWITCH] = {"CTRL-EVENT-CHANNEL-SWITCH", ""},
    [MC_WPA_EVENT_REGDOM_CHANGE] = {"CTRL-EVENT-REGDOM-CHANGE", ""},
    [MC_WPA_EVENT_SCAN_STARTED] = {"CTRL-EVENT-SCAN-STARTED", ""},
    [MC_WPA_EVENT_SCAN_RESULTS] = {"CTRL-EVENT-SCAN-RESULTS", ""},
    [MC_WPA_EVENT_SCAN_FAILED] = {"CTRL-EVENT-SCAN-FAILED", ""},
    [MC_WPA_EVENT_TERMINATING] = {"CTRL-EVENT-TERMINATING", ""},
    [MC_WPA_EVENT_WPS_PBC_ACTIVE] = {"WPS-PBC-ACTIVE", ""},
    [MC_WPA_EVENT_WPS_SUCCESS] = {"WPS-SUCCESS", ""},
    [MC_WPA_EVENT_WPS_FAIL] = {"WPS-FAIL", ""},
    [MC_WPA_EVENT_WPS_TIMEOUT] = {"WPS-TIMEOUT", ""},
    [MC_WPA_EVENT_WPS_OVERLAP] = {"WPS-OVERLAP-DETECTED", ""},
};

typedef struct {
    const char *start;
    size_t len;
} Value;

/* Readers of one value; false leaves the field as it was. */
typedef bool (*Reader)(void *field, size_t size, Value value);

static bool value_is(Value value, const char *text)
{
    return strlen(text) == value.len && strncmp(value.start, text, value.len) == 0;
}

static bool read_mac(void *field, size_t size, Value value)
{
    return value.len == MC_MAC_TEXT - 1 && mc_mac_parse(value.start, field);
}

static bool read_int(void *field, size_t size, Value value)
{
    char text[16], *end;
    long long number;

    if (value.len == 0 || value.len >= sizeof(text))
        return false;
    memcpy(text, value.start, value.len);
    text[value.len] = '\0';
    number = g_ascii_strtoll(text, &end, g_str_has_prefix(text, "0x") ? 16 : 10);
    if (*end != '\0' || number < G_MININT || number > G_MAXINT)
        return false;
    *(int *) field = (int) number;
    return true;
}

static bool read_unsigned(void *field, size_t size, Value value)
{
    int number;

    if (!read_int(&number, sizeof(number), value) || number < 0)
        return false;
    *(unsigned *) field = (unsigned) number;
    return true;
}

static bool read_text(void *field, size_t size, Value value)
{
    if (value.len >= size)
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (!g_ascii_isprint(value.start[i]))
            return false;
    memcpy(field, value.start, value.len);
    ((char *) field)[value.len] = '\0';
    return true;
}

/* Interface names go back into commands, so nothing that could split one gets through. */
static bool read_ifname(void *field, size_t size, Value value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!g_ascii_isalnum(value.start[i]) && !strchr("-_.:@", value.start[i]))
            return false;
    return value.len > 0 && read_text(field, size, value);
}

static bool read_name(void *field, size_t size, Value value)
{
    g_autofree char *raw = g_strndup(value.start, MIN(value.len, 32));

    return mc_plain_text_copy(field, size, raw);
}

static bool read_role(void *field, size_t size, Value value)
{
    McWpaRole role = value_is(value, "GO")       ? MC_WPA_ROLE_GO
                     : value_is(value, "client") ? MC_WPA_ROLE_CLIENT
                                                 : MC_WPA_ROLE_UNKNOWN;

    *(McWpaRole *) field = role;
    return role != MC_WPA_ROLE_UNKNOWN;
}

static bool read_wfd(void *field, size_t size, Value value)
{
    char text[15];

    return read_text(text, sizeof(text), value) && mc_wfd_device_info_parse(text, field);
}

static bool read_ip(void *field, size_t size, Value value)
{
    uint8_t *out = field;
    size_t at = 0;

    for (int i = 0; i < 4; i++) {
        unsigned octet = 0, digits = 0;

        for (; at < value.len && g_ascii_isdigit(value.start[at]) && digits < 3; at++, digits++)
            octet = octet * 10 + (unsigned) (value.start[at] - '0');
        if (digits == 0 || octet > 255 || (i < 3 && (at >= value.len || value.start[at++] != '.')))
            return false;
        out[i] = (uint8_t) octet;
    }
    return at == value.len;
}

static bool read_pin(void *field, size_t size, Value value)
{
    if (value.len != 8 && value.len != 4)
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (!g_ascii_isdigit(value.start[i]))
            return false;
    return read_text(field, size, value);
}

/* hostap escapes an SSID as C does: \" \\ \e \n \r \t \xNN. */
static bool unescape(const char **at, const char *end, uint8_t *ret)
{
    static const char letters[] = "nrte\"\\", meant[] = "\n\r\t\033\"\\";
    const char *p = *at, *letter;
    int high, low;

    if (*p != '\\') {
        *ret = (uint8_t) *p;
        *at = p + 1;
        return true;
    }
    if (end - p < 2)
        return false;
    letter = strchr(letters, p[1]);
    if (letter) {
        *ret = (uint8_t) meant[letter - letters];
        *at = p + 2;
        return true;
    }
    high = end - p < 4 || p[1] != 'x' ? -1 : g_ascii_xdigit_value(p[2]);
    low = high < 0 ? -1 : g_ascii_xdigit_value(p[3]);
    if (low < 0)
        return false;
    *ret = (uint8_t) (high << 4 | low);
    *at = p + 4;
    return true;
}

/* The length follows in the event: field is the event's ssid, which stands before ssid_len. */
static bool read_ssid(void *field, size_t size, Value value)
{
    McWpaEvent *event = (McWpaEvent *) ((char *) field - offsetof(McWpaEvent, ssid));
    const char *at = value.start, *end = value.start + value.len;
    uint8_t ssid[sizeof(event->ssid)];
    unsigned n = 0;

    while (at < end)
        if (n == sizeof(ssid) || !unescape(&at, end, &ssid[n++]))
            return false;
    memcpy(event->ssid, ssid, n);
    event->ssid_len = n;
    return true;
}

#define FIELD(member) offsetof(McWpaEvent, member), sizeof(((McWpaEvent *) NULL)->member)
static const struct {
    const char *name;
    McWpaKey key;
    Reader read;
    size_t offset, size;
} keys[] = {
    {"p2p_dev_addr", MC_WPA_KEY_P2P_DEV_ADDR, read_mac, FIELD(p2p_dev_addr)},
    {"pri_dev_type", MC_WPA_KEY_PRI_DEV_TYPE, read_text, FIELD(pri_dev_type)},
    {"name", MC_WPA_KEY_NAME, read_name, FIELD(name)},
    {"config_methods", MC_WPA_KEY_CONFIG_METHODS, read_unsigned, FIELD(config_methods)},
    {"dev_capab", MC_WPA_KEY_DEV_CAPAB, read_unsigned, FIELD(dev_capab)},
    {"group_capab", MC_WPA_KEY_GROUP_CAPAB, read_unsigned, FIELD(group_capab)},
    {"wfd_dev_info", MC_WPA_KEY_WFD_DEV_INFO, read_wfd, FIELD(wfd)},
    {"new", MC_WPA_KEY_NEW, read_unsigned, FIELD(is_new)},
    {"vendor_elems", MC_WPA_KEY_VENDOR_ELEMS, read_unsigned, FIELD(vendor_elems)},
    {"status", MC_WPA_KEY_STATUS, read_int, FIELD(status)},
    {"role", MC_WPA_KEY_ROLE, read_role, FIELD(role)},
    {"freq", MC_WPA_KEY_FREQ, read_unsigned, FIELD(freq_mhz)},
    {"ht40", MC_WPA_KEY_HT40, read_unsigned, FIELD(ht40)},
    {"peer_dev", MC_WPA_KEY_PEER_DEV, read_mac, FIELD(peer_dev)},
    {"peer_iface", MC_WPA_KEY_PEER_IFACE, read_mac, FIELD(peer_iface)},
    {"wps_method", MC_WPA_KEY_WPS_METHOD, read_text, FIELD(wps_method)},
    {"dev_passwd_id", MC_WPA_KEY_DEV_PASSWD_ID, read_unsigned, FIELD(dev_passwd_id)},
    {"go_intent", MC_WPA_KEY_GO_INTENT, read_unsigned, FIELD(go_intent)},
    {"group", MC_WPA_KEY_IFNAME, read_ifname, FIELD(ifname)},
    {"ssid", MC_WPA_KEY_SSID, read_ssid, FIELD(ssid)},
    {"psk", MC_WPA_KEY_PSK, read_text, FIELD(psk)},
    {"passphrase", MC_WPA_KEY_PASSPHRASE, read_text, FIELD(passphrase)},
    {"go_dev_addr", MC_WPA_KEY_GO_DEV_ADDR, read_mac, FIELD(go_dev_addr)},
    {"ip_addr", MC_WPA_KEY_IP_ADDR, read_ip, FIELD(ip_addr)},
    {"ip_mask", MC_WPA_KEY_IP_MASK, read_ip, FIELD(ip_mask)},
    {"go_ip_addr", MC_WPA_KEY_GO_IP_ADDR, read_ip, FIELD(go_ip_addr)},
    {"reason", MC_WPA_KEY_REASON, read_text, FIELD(reason_text)},
    {"sa", MC_WPA_KEY_SA, read_mac, FIELD(sa)},
    {"bssid", MC_WPA_KEY_BSSID, read_mac, FIELD(bssid)},
    {"persistent", MC_WPA_KEY_NETWORK_ID, read_int, FIELD(network_id)},
    {"id", MC_WPA_KEY_NETWORK_ID, read_int, FIELD(network_id)},
    {"msg", MC_WPA_KEY_MSG, read_unsigned, FIELD(msg)},
    {"config_error", MC_WPA_KEY_CONFIG_ERROR, read_unsigned, FIELD(config_error)},
    {"locally_generated", MC_WPA_KEY_LOCALLY_GENERATED, read_unsigned, FIELD(locally_generated)},
    {"alpha2", MC_WPA_KEY_ALPHA2, read_text, FIELD(alpha2)},
};

static const struct {
    char letter;
    McWpaKey key;
    Reader read;
    size_t offset, size;
} bare_words[] = {
    {'a', MC_WPA_KEY_ADDRESS, read_mac, FIELD(address)},
    {'p', MC_WPA_KEY_PIN, read_pin, FIELD(pin)},
    {'i', MC_WPA_KEY_IFNAME, read_ifname, FIELD(ifname)},
    {'r', MC_WPA_KEY_ROLE, read_role, FIELD(role)},
};

static const struct {
    const char *text;
    McWpaKey key;
} flags[] = {
    {"[PERSISTENT]", MC_WPA_KEY_PERSISTENT},
    {"unknown-network", MC_WPA_KEY_UNKNOWN_NETWORK},
};

static const struct {
    const char *text;
    McWpaReason reason;
} reasons[] = {
    {"REQUESTED", MC_WPA_REASON_REQUESTED},
    {"FORMATION_FAILED", MC_WPA_REASON_FORMATION_FAILED},
    {"IDLE", MC_WPA_REASON_IDLE},
    {"UNAVAILABLE", MC_WPA_REASON_UNAVAILABLE},
    {"GO_ENDING_SESSION", MC_WPA_REASON_GO_ENDING_SESSION},
    {"PSK_FAILURE", MC_WPA_REASON_PSK_FAILURE},
    {"FREQ_CONFLICT", MC_WPA_REASON_FREQ_CONFLICT},
};

static void take(McWpaEvent *event, McWpaKey key, Reader read, size_t offset, size_t size,
                 Value value)
{
    if (!mc_wpa_event_has(event, key) && read((char *) event + offset, size, value))
        event->have |= G_GUINT64_CONSTANT(1) << key;
}

/* p is behind the quote. Sets *ret to what is inside and returns what is behind the closing one. */
static const char *quoted(McWpaEvent *event, const char *p, char quote, bool escaped, Value *ret)
{
    const char *end = NULL;

    if (escaped) {
        for (end = p; *end && *end != quote; end++)
            if (*end == '\\' && end[1])
                end++;
        end = *end ? end : NULL;
    } else if (quote == '\'') {
        end = g_strrstr(p, "' config_methods=");
        end = end ? end : strrchr(p, quote);
    } else {
        end = g_strrstr(p, "\" go_dev_addr=");
        end = end ? end : strrchr(p, quote);
    }
    event->truncated |= !end;
    *ret = (Value){p, end ? (size_t) (end - p) : strlen(p)};
    return end ? end + 1 : p + strlen(p);
}

static void take_key(McWpaEvent *event, const char *name, size_t name_len, Value value)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (strncmp(keys[i].name, name, name_len) == 0 && keys[i].name[name_len] == '\0')
            take(event, keys[i].key, keys[i].read, keys[i].offset, keys[i].size, value);
}

static void take_bare(McWpaEvent *event, const char **expected, Value word)
{
    bool sentence = **expected == '*';

    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        if (value_is(word, flags[i].text))
            event->have |= G_GUINT64_CONSTANT(1) << flags[i].key;
    for (size_t i = 0; i < G_N_ELEMENTS(bare_words); i++)
        if (bare_words[i].letter == (*expected)[sentence]) {
            take(event, bare_words[i].key, bare_words[i].read, bare_words[i].offset,
                 bare_words[i].size, word);
            sentence = sentence && !mc_wpa_event_has(event, bare_words[i].key);
        }
    if (**expected && !sentence)
        *expected += **expected == '*' ? 2 : 1;
}

static void parse_words(McWpaEvent *event, const char *p)
{
    const char *expected = events[event->kind].bare;

    while (*(p += strspn(p, " \n"))) {
        const char *word = p;
        size_t len = strcspn(p, " =\n");

        p += len;
        if (*p != '=') {
            take_bare(event, &expected, (Value){word, len});
            continue;
        }
        Value value;
        p++;
        if (*p == '"' || *p == '\'') {
            bool escaped = *p == '"' && !(len == 10 && strncmp(word, "passphrase", len) == 0);
            p = quoted(event, p + 1, *p, escaped, &value);
        } else {
            value = (Value){p, strcspn(p, " \n")};
            p += value.len;
            /* "[id=0 id_str=]" */
            if (*word == '[')
                word++, len--;
        }
        if (!event->truncated)
            take_key(event, word, len, value);
    }
}

static const char *parse_prefix(McWpaEvent *event, const char *p)
{
    event->priority = -1;
    if (g_str_has_prefix(p, "IFNAME=")) {
        size_t len = strcspn(p += 7, " <");

        read_ifname(event->source, sizeof(event->source), (Value){p, len});
        p += len;
        p += strspn(p, " ");
    }
    if (p[0] == '<' && g_ascii_isdigit(p[1]) && p[2] == '>') {
        event->priority = p[1] - '0';
        p += 3;
    }
    return p;
}

static void find_kind(McWpaEvent *event)
{
    for (int i = 1; i < MC_WPA_EVENT_N; i++)
        if (strcmp(events[i].name, event->event_name) == 0)
            event->kind = (McWpaEventKind) i;
}

static void find_reason(McWpaEvent *event)
{
    Value text = {event->reason_text, strlen(event->reason_text)};

    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (value_is(text, reasons[i].text))
            event->reason = reasons[i].reason;
    read_int(&event->reason_code, sizeof(event->reason_code), text);
}

bool mc_wpa_event_parse(const char *line, McWpaEvent *ret)
{
    size_t name_len;
    const char *p;

    memset(ret, 0, sizeof(*ret));
    ret->network_id = -1;
    if (strnlen(line, LINE_MAX_BYTES + 1) > LINE_MAX_BYTES)
        return false;
    p = parse_prefix(ret, line);
    name_len = strcspn(p, " \n");
    if (name_len == 0)
        return false;
    for (size_t i = 0; i < MIN(name_len, sizeof(ret->event_name) - 1); i++)
        ret->event_name[i] = g_ascii_isgraph(p[i]) ? p[i] : '?';
    find_kind(ret);
    parse_words(ret, p + name_len);
    find_reason(ret);
    return true;
}

bool mc_wpa_event_has(const McWpaEvent *self, McWpaKey key)
{
    return (self->have >> key & 1) != 0;
}

const char *mc_wpa_event_kind_name(McWpaEventKind kind)
{
    return (unsigned) kind < MC_WPA_EVENT_N ? events[kind].name : "";
}

const McMac *mc_wpa_event_peer(const McWpaEvent *self)
{
    const struct {
        McWpaKey key;
        const McMac *mac;
    } order[] = {
        {MC_WPA_KEY_P2P_DEV_ADDR, &self->p2p_dev_addr},
        {MC_WPA_KEY_PEER_DEV, &self->peer_dev},
        {MC_WPA_KEY_SA, &self->sa},
        {MC_WPA_KEY_ADDRESS, &self->address},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(order); i++)
        if (mc_wpa_event_has(self, order[i].key))
            return order[i].mac;
    return NULL;
}

const char *mc_wpa_status_text(int status)
{
    static const char *const texts[] = {
        "0: success",
        "1: information is not available yet",
        "2: incompatible parameters",
        "3: limit reached",
        "4: invalid parameters",
        "5: unable to accommodate the request",
        "6: previous protocol error",
        "7: no common channels",
        "8: unknown group",
        "9: both sides want to own the group",
        "10: incompatible provisioning method",
        "11: rejected by the user",
        "12: success, deferred",
        "13: comeback",
    };

    if (status < 0)
        return "-1: no answer in time";
    return (size_t) status < G_N_ELEMENTS(texts) ? texts[status] : "unknown status";
}
