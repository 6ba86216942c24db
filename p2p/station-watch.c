/* SPDX-License-Identifier: MIT */
#include "p2p/station-watch.h"

#include <glib-unix.h>
#include <linux/nl80211.h>
#include <net/if.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <string.h>

struct McStationWatch {
    struct nl_sock *sock;
    GSource *source;
    unsigned ifindex;
    McStationCall call;
    void *user_data;
    grefcount uses; /* the owner, and a reading that calls it */
};

static void drop(McStationWatch *self)
{
    if (!g_ref_count_dec(&self->uses))
        return;
    nl_socket_free(self->sock);
    g_free(self);
}

/*   NEW_STATION, DEL_STATION: ifindex, MAC, and what was counted */
static int on_message(struct nl_msg *message, void *user_data)
{
    McStationWatch *self = user_data;
    struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(message));
    struct nlattr *attributes[NL80211_ATTR_MAX + 1];
    McMac mac;

    if ((header->cmd != NL80211_CMD_NEW_STATION && header->cmd != NL80211_CMD_DEL_STATION) ||
        nla_parse(attributes, NL80211_ATTR_MAX, genlmsg_attrdata(header, 0),
                  genlmsg_attrlen(header, 0), NULL) < 0 ||
        !attributes[NL80211_ATTR_IFINDEX] || nla_len(attributes[NL80211_ATTR_IFINDEX]) < 4 ||
        nla_get_u32(attributes[NL80211_ATTR_IFINDEX]) != self->ifindex ||
        !attributes[NL80211_ATTR_MAC] || nla_len(attributes[NL80211_ATTR_MAC]) < MC_MAC_BYTES)
        return NL_SKIP;
    memcpy(mac.bytes, nla_data(attributes[NL80211_ATTR_MAC]), MC_MAC_BYTES);
    if (self->call)
        self->call(&mac, header->cmd == NL80211_CMD_NEW_STATION, self->user_data);
    return NL_SKIP;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user_data)
{
    McStationWatch *self = user_data;

    g_ref_count_inc(&self->uses);
    nl_recvmsgs_default(self->sock); /* an overrun loses news only */
    bool goes_on = self->call && !(condition & (G_IO_HUP | G_IO_NVAL));
    drop(self);
    return goes_on ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static bool subscribe(McStationWatch *self)
{
    int group;

    if (!self->ifindex || genl_connect(self->sock) != 0)
        return false;
    group = genl_ctrl_resolve_grp(self->sock, "nl80211", NL80211_MULTICAST_GROUP_MLME);
    if (group < 0 || nl_socket_add_membership(self->sock, group) != 0)
        return false;
    nl_socket_disable_seq_check(self->sock);
    nl_socket_set_nonblocking(self->sock);
    nl_socket_modify_cb(self->sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, self);
    return true;
}

McStationWatch *mc_station_watch_new(const char *ifname, GMainContext *context, McStationCall call,
                                     void *user_data)
{
    McStationWatch *self = g_new0(McStationWatch, 1);

    *self = (McStationWatch){.sock = nl_socket_alloc(),
                             .ifindex = if_nametoindex(ifname),
                             .call = call,
                             .user_data = user_data};
    g_ref_count_init(&self->uses);
    if (!self->sock || !subscribe(self)) {
        drop(self);
        return NULL;
    }
    self->source = g_unix_fd_source_new(nl_socket_get_fd(self->sock), G_IO_IN);
    g_source_set_callback(self->source, G_SOURCE_FUNC(on_readable), self, NULL);
    g_source_attach(self->source, context);
    return self;
}

void mc_station_watch_free(McStationWatch *self)
{
    if (!self)
        return;
    self->call = NULL;
    g_source_destroy(self->source);
    g_source_unref(self->source);
    drop(self);
}
