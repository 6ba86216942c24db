/* SPDX-License-Identifier: MIT */
#include "p2p/command.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[MC_COMMAND_N] = {
    [MC_COMMAND_SET] = "SET",
    [MC_COMMAND_WIFI_DISPLAY] = "SET wifi_display",
    [MC_COMMAND_WFD] = "WFD_SUBELEM_SET",
    [MC_COMMAND_FIND] = "P2P_FIND",
    [MC_COMMAND_STOP_FIND] = "P2P_STOP_FIND",
    [MC_COMMAND_PEER] = "P2P_PEER",
    [MC_COMMAND_PROV_DISC] = "P2P_PROV_DISC",
    [MC_COMMAND_CONNECT] = "P2P_CONNECT",
    [MC_COMMAND_INVITE] = "P2P_INVITE",
    [MC_COMMAND_CANCEL] = "P2P_CANCEL",
    [MC_COMMAND_GROUP_REMOVE] = "P2P_GROUP_REMOVE",
    [MC_COMMAND_LIST_NETWORKS] = "LIST_NETWORKS",
    [MC_COMMAND_NETWORK_PEERS] = "GET_NETWORK",
    [MC_COMMAND_REMOVE_NETWORK] = "REMOVE_NETWORK",
    [MC_COMMAND_SAVE] = "SAVE_CONFIG",
    [MC_COMMAND_DROP_STATION] = "DISCONNECT",
};

/* What the sink does: it shows the PIN that is typed here, or has the keys to type ours. */
static const char *peers_method(McPeerMethod method)
{
    static const char *const words[] = {"pbc", "display", "keypad"};

    return words[method];
}

static void append_freq(GString *text, unsigned freq_mhz)
{
    if (freq_mhz)
        g_string_append_printf(text, " freq=%u", freq_mhz);
}

static void append_connect(GString *text, const McCommand *self, const char *pin)
{
    if (self->method == MC_PEER_METHOD_PBC)
        g_string_append(text, " pbc");
    else
        g_string_append_printf(text, " %s %s", *pin ? pin : "pin",
                               self->method == MC_PEER_METHOD_ENTER_PIN ? "keypad" : "display");
    g_string_append(text, " persistent");
    if (self->join)
        g_string_append(text, " join");
    else
        g_string_append_printf(text, " go_intent=%d", self->go_intent);
    append_freq(text, self->freq_mhz);
}

static char *render(const McCommand *self, const char *pin)
{
    GString *text = g_string_new(names[self->kind]);
    char mac[MC_MAC_TEXT];

    if (self->kind == MC_COMMAND_PEER || self->kind == MC_COMMAND_PROV_DISC ||
        self->kind == MC_COMMAND_CONNECT)
        g_string_append_printf(text, " %s", mc_mac_format(&self->peer, mac));
    switch (self->kind) {
    case MC_COMMAND_SET:
        g_string_append_printf(text, " %s %s", self->name, self->value);
        break;
    case MC_COMMAND_WIFI_DISPLAY:
        g_string_append_printf(text, " %d", self->on);
        break;
    case MC_COMMAND_WFD:
        g_string_append_printf(text, " all %s", self->value);
        break;
    case MC_COMMAND_FIND:
        g_string_append_printf(text, " %u%s", self->seconds, self->social ? " type=social" : "");
        break;
    case MC_COMMAND_PROV_DISC:
        g_string_append_printf(text, " %s%s", peers_method(self->method),
                               self->join ? " join" : "");
        break;
    case MC_COMMAND_CONNECT:
        append_connect(text, self, pin);
        break;
    case MC_COMMAND_INVITE:
        g_string_append_printf(text, " persistent=%d peer=%s", self->network_id,
                               mc_mac_format(&self->peer, mac));
        append_freq(text, self->freq_mhz);
        break;
    case MC_COMMAND_GROUP_REMOVE:
        g_string_append_printf(text, " %s", self->ifname);
        break;
    case MC_COMMAND_NETWORK_PEERS:
        g_string_append_printf(text, " %d p2p_client_list", self->network_id);
        break;
    case MC_COMMAND_REMOVE_NETWORK:
        g_string_append_printf(text, " %d", self->network_id);
        break;
    default:
        break;
    }
    return g_string_free(text, FALSE);
}

char *mc_command_text(const McCommand *self)
{
    return render(self, self->pin);
}

char *mc_command_text_redacted(const McCommand *self)
{
    return render(self, self->pin[0] ? "********" : "");
}

/* network id \t ssid \t bssid \t flags; the SSID is printed with escapes, so it has no tab. */
static bool parse_group(char *line, McRememberedGroup *ret)
{
    g_auto(GStrv) fields = g_strsplit(line, "\t", 5);
    char *end;

    if (g_strv_length(fields) != 4 || !strstr(fields[3], "[P2P-PERSISTENT]") ||
        !mc_mac_parse(fields[2], &ret->bssid))
        return false;
    long id = strtol(fields[0], &end, 10);
    ret->id = (int) id;
    g_strlcpy(ret->ssid, fields[1], sizeof(ret->ssid));
    return end != fields[0] && !*end && id >= 0 && id <= G_MAXINT;
}

unsigned mc_remembered_groups_parse(const char *reply, McRememberedGroup *ret, unsigned max)
{
    g_auto(GStrv) lines = g_strsplit(reply, "\n", 1024);
    unsigned n = 0;

    for (char **line = lines; *line && n < max; line++)
        n += parse_group(*line, &ret[n]);
    return n;
}

bool mc_remembered_group_is_only_for(const char *reply, const McMac *peer)
{
    const char *text = reply + strspn(reply, "\" ");
    McMac mac;

    if (!mc_mac_parse(text, &mac) || !mc_mac_equal(&mac, peer))
        return false;
    return text[MC_MAC_TEXT - 1 + strspn(text + MC_MAC_TEXT - 1, "\" \n")] == '\0';
}
