/* SPDX-License-Identifier: MIT */
#include "p2p/station.h"

#include <errno.h>
#include <linux/nl80211.h>
#include <net/if.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <string.h>

typedef struct {
    struct nl_sock *sock;
    struct nl_msg *message;
} Request;

/* False: no nl80211 here, or no such interface. end_request() in any case. */
static bool begin_request(Request *self, const char *ifname, uint8_t command, int flags)
{
    unsigned ifindex = if_nametoindex(ifname);
    int family;

    *self = (Request){.sock = nl_socket_alloc()};
    if (!self->sock || !ifindex || genl_connect(self->sock) != 0)
        return false;
    family = genl_ctrl_resolve(self->sock, "nl80211");
    self->message = nlmsg_alloc();
    return family >= 0 && self->message &&
           genlmsg_put(self->message, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, command, 0) &&
           nla_put_u32(self->message, NL80211_ATTR_IFINDEX, ifindex) == 0;
}

static void end_request(Request *self)
{
    if (self->message)
        nlmsg_free(self->message);
    if (self->sock)
        nl_socket_free(self->sock);
}

/* In units of 100 kbit/s, 32 bits where the rate needs them. */
static uint32_t rate_kbps(struct nlattr *info)
{
    struct nlattr *rate[NL80211_RATE_INFO_MAX + 1];

    if (!info || nla_parse_nested(rate, NL80211_RATE_INFO_MAX, info, NULL) != 0)
        return 0;
    if (rate[NL80211_RATE_INFO_BITRATE32] && nla_len(rate[NL80211_RATE_INFO_BITRATE32]) >= 4)
        return nla_get_u32(rate[NL80211_RATE_INFO_BITRATE32]) * 100;
    if (rate[NL80211_RATE_INFO_BITRATE] && nla_len(rate[NL80211_RATE_INFO_BITRATE]) >= 2)
        return nla_get_u16(rate[NL80211_RATE_INFO_BITRATE]) * 100u;
    return 0;
}

static uint32_t number(struct nlattr *attribute)
{
    return attribute && nla_len(attribute) >= 4 ? nla_get_u32(attribute) : 0;
}

static uint64_t long_number(struct nlattr *wide, struct nlattr *narrow)
{
    return wide && nla_len(wide) >= 8 ? nla_get_u64(wide) : number(narrow);
}

static void take_info(struct nlattr *nested, McStation *ret)
{
    struct nlattr *info[NL80211_STA_INFO_MAX + 1];

    if (nla_parse_nested(info, NL80211_STA_INFO_MAX, nested, NULL) != 0)
        return;
    ret->tx_kbps = rate_kbps(info[NL80211_STA_INFO_TX_BITRATE]);
    ret->rx_kbps = rate_kbps(info[NL80211_STA_INFO_RX_BITRATE]);
    if (info[NL80211_STA_INFO_SIGNAL] && nla_len(info[NL80211_STA_INFO_SIGNAL]) >= 1)
        ret->signal_dbm = (int8_t) nla_get_u8(info[NL80211_STA_INFO_SIGNAL]);
    ret->tx_bytes = long_number(info[NL80211_STA_INFO_TX_BYTES64], info[NL80211_STA_INFO_TX_BYTES]);
    ret->rx_bytes = long_number(info[NL80211_STA_INFO_RX_BYTES64], info[NL80211_STA_INFO_RX_BYTES]);
    ret->tx_packets = number(info[NL80211_STA_INFO_TX_PACKETS]);
    ret->tx_retries = number(info[NL80211_STA_INFO_TX_RETRIES]);
    ret->tx_failed = number(info[NL80211_STA_INFO_TX_FAILED]);
    ret->inactive_ms = number(info[NL80211_STA_INFO_INACTIVE_TIME]);
}

bool mc_station_parse(const void *attributes, int len, McStation *ret)
{
    struct nlattr *parsed[NL80211_ATTR_MAX + 1];

    if (nla_parse(parsed, NL80211_ATTR_MAX, (struct nlattr *) attributes, len, NULL) != 0 ||
        !parsed[NL80211_ATTR_MAC] || !parsed[NL80211_ATTR_STA_INFO] ||
        nla_len(parsed[NL80211_ATTR_MAC]) < MC_MAC_BYTES)
        return false;
    *ret = (McStation){0};
    memcpy(ret->mac.bytes, nla_data(parsed[NL80211_ATTR_MAC]), MC_MAC_BYTES);
    take_info(parsed[NL80211_ATTR_STA_INFO], ret);
    return true;
}

typedef struct {
    McStation *station;
    bool found; /* the first one counts */
} Reading;

static int on_station(struct nl_msg *message, void *user_data)
{
    Reading *self = user_data;
    struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(message));

    self->found = self->found || mc_station_parse(genlmsg_attrdata(header, 0),
                                                  genlmsg_attrlen(header, 0), self->station);
    return NL_SKIP;
}

bool mc_station_read(const char *ifname, McStation *ret)
{
    Reading reading = {.station = ret};
    Request request;

    if (begin_request(&request, ifname, NL80211_CMD_GET_STATION, NLM_F_DUMP) &&
        nl_send_auto(request.sock, request.message) >= 0) {
        nl_socket_modify_cb(request.sock, NL_CB_VALID, NL_CB_CUSTOM, on_station, &reading);
        nl_recvmsgs_default(request.sock);
    }
    end_request(&request);
    return reading.found;
}

typedef struct {
    uint32_t type, freq_mhz;
} Interface;

static int on_interface(struct nl_msg *message, void *user_data)
{
    Interface *self = user_data;
    struct nlattr *attributes[NL80211_ATTR_MAX + 1];
    struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(message));

    nla_parse(attributes, NL80211_ATTR_MAX, genlmsg_attrdata(header, 0), genlmsg_attrlen(header, 0),
              NULL);
    self->type = number(attributes[NL80211_ATTR_IFTYPE]);
    self->freq_mhz = number(attributes[NL80211_ATTR_WIPHY_FREQ]);
    return NL_SKIP;
}

bool mc_station_group(const char *ifname, McWpaRole *ret_role, unsigned *ret_freq_mhz)
{
    Interface interface = {0};
    Request request;

    if (begin_request(&request, ifname, NL80211_CMD_GET_INTERFACE, 0) &&
        nl_send_auto(request.sock, request.message) >= 0) {
        nl_socket_modify_cb(request.sock, NL_CB_VALID, NL_CB_CUSTOM, on_interface, &interface);
        nl_recvmsgs_default(request.sock);
    }
    end_request(&request);
    *ret_freq_mhz = interface.freq_mhz;
    *ret_role = interface.type == NL80211_IFTYPE_P2P_GO       ? MC_WPA_ROLE_GO
                : interface.type == NL80211_IFTYPE_P2P_CLIENT ? MC_WPA_ROLE_CLIENT
                                                              : MC_WPA_ROLE_UNKNOWN;
    return *ret_role != MC_WPA_ROLE_UNKNOWN;
}

void mc_station_group_note(McStationGroup *self, const char *ifname)
{
    if (strcmp(self->ifname, ifname) == 0)
        return;
    g_strlcpy(self->ifname, ifname, sizeof(self->ifname));
    self->ifindex = *ifname ? if_nametoindex(ifname) : 0;
}

void mc_station_group_remove(const McStationGroup *self)
{
    McWpaRole role;
    unsigned freq_mhz;
    Request request;

    if (!self->ifindex || if_nametoindex(self->ifname) != self->ifindex ||
        !mc_station_group(self->ifname, &role, &freq_mhz))
        return;
    if (begin_request(&request, self->ifname, NL80211_CMD_DEL_INTERFACE, 0) &&
        nl_send_auto(request.sock, request.message) >= 0 && nl_wait_for_ack(request.sock) != 0)
        g_debug("%s stays, the kernel does not let us remove it", self->ifname);
    end_request(&request);
}

bool mc_station_set_power_save(const char *ifname, bool on)
{
    Request request;
    bool ok = begin_request(&request, ifname, NL80211_CMD_SET_POWER_SAVE, 0) &&
              nla_put_u32(request.message, NL80211_ATTR_PS_STATE,
                          on ? NL80211_PS_ENABLED : NL80211_PS_DISABLED) == 0 &&
              nl_send_auto(request.sock, request.message) >= 0 &&
              nl_wait_for_ack(request.sock) == 0;

    end_request(&request);
    return ok;
}
