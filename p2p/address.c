/* SPDX-License-Identifier: MIT */
#include "p2p/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netlink/route/addr.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "p2p/dhcp.h"
#include "p2p/group-subnet.h"
#include "p2p/link.h"
#include "p2p/write-all.h"

enum { DATAGRAMS_AT_ONCE = 16 };

struct McAddress {
    char ifname[IF_NAMESIZE];
    unsigned ifindex;
    McMac mac;
    GMainContext *context;
    McAddressCall call;
    void *user_data;

    bool told; /* own_ip was */
    uint8_t own_ip[4], peer_ip[4];
    bool added; /* own_ip by us, to be taken back */
    uint8_t added_ip[4], added_mask[4];
    int watch_fd, packet_fd;
    GSource *watch, *packets, *timer;

    bool serving;
    McDhcpServer server;
    McDhcpClient client;
};

/* --- the kernel's addresses ------------------------------------------------------------------- */

static bool is_zero(const uint8_t ip[4])
{
    return memcmp(ip, (uint8_t[4]){0}, 4) == 0;
}

static int prefix_of(const uint8_t mask[4])
{
    int bits = 0;

    for (int i = 0; i < 32 && mask[i / 8] & (0x80 >> (i % 8)); i++)
        bits++;
    return bits;
}

static struct rtnl_addr *describe(const McAddress *self, const uint8_t ip[4], const uint8_t mask[4])
{
    struct rtnl_addr *addr = rtnl_addr_alloc();
    struct nl_addr *local = nl_addr_build(AF_INET, ip, 4);

    nl_addr_set_prefixlen(local, prefix_of(mask));
    rtnl_addr_set_ifindex(addr, (int) self->ifindex);
    rtnl_addr_set_local(addr, local);
    nl_addr_put(local);
    return addr;
}

/* Adds or takes back; 0 or libnl's error. */
static int change_address(const McAddress *self, const uint8_t ip[4], const uint8_t mask[4],
                          bool add)
{
    struct nl_sock *sock = nl_socket_alloc();
    int result = nl_connect(sock, NETLINK_ROUTE);

    if (result == 0) {
        struct rtnl_addr *addr = describe(self, ip, mask);

        result = add ? rtnl_addr_add(sock, addr, NLM_F_REPLACE) : rtnl_addr_delete(sock, addr, 0);
        rtnl_addr_put(addr);
    }
    nl_socket_free(sock);
    return result;
}

static bool is_ours(const McAddress *self, const struct ifaddrs *at)
{
    return at->ifa_addr && at->ifa_addr->sa_family == AF_INET &&
           strcmp(at->ifa_name, self->ifname) == 0;
}

/* The address that we set, or else the first one. */
static bool read_own(const McAddress *self, uint8_t ret[4])
{
    struct ifaddrs *all = NULL;
    bool found = false;

    if (getifaddrs(&all) != 0)
        return false;
    for (struct ifaddrs *at = all; at; at = at->ifa_next) {
        if (!is_ours(self, at))
            continue;
        const void *ip = &((struct sockaddr_in *) at->ifa_addr)->sin_addr;
        bool set = self->added && memcmp(ip, self->added_ip, 4) == 0;
        if (!found || set)
            memcpy(ret, ip, 4);
        found = true;
        if (set)
            break;
    }
    freeifaddrs(all);
    return found;
}

static void tell(McAddress *self, McAddressEventKind kind, const uint8_t peer_ip[4])
{
    McAddressEvent event = {.kind = kind};

    g_strlcpy(event.ifname, self->ifname, sizeof(event.ifname));
    memcpy(event.own_ip, self->own_ip, 4);
    memcpy(event.peer_ip, peer_ip, 4);
    self->call(&event, self->user_data);
}

static void look(McAddress *self)
{
    uint8_t ip[4];

    if (!read_own(self, ip) || (self->told && memcmp(ip, self->own_ip, 4) == 0))
        return;
    memcpy(self->own_ip, ip, 4);
    self->told = true;
    tell(self, MC_ADDRESS_OWN, self->peer_ip);
}

static gboolean on_kernel(gint fd, GIOCondition condition, gpointer user_data)
{
    char ignored[4096];

    for (int i = 0; i < DATAGRAMS_AT_ONCE && recv(fd, ignored, sizeof(ignored), MSG_DONTWAIT) > 0;
         i++)
        ; /* that something changed is enough; what, getifaddrs() tells */
    look(user_data);
    return G_SOURCE_CONTINUE;
}

static GSource *add_fd(McAddress *self, int fd, GUnixFDSourceFunc function)
{
    GSource *source = g_unix_fd_source_new(fd, G_IO_IN);

    g_source_set_callback(source, G_SOURCE_FUNC(function), self, NULL);
    g_source_attach(source, self->context);
    return source;
}

static bool set_own(McAddress *self, const uint8_t ip[4], const uint8_t mask[4])
{
    int result = change_address(self, ip, mask, true);

    if (result != 0) {
        g_debug("%s: no address: %s", self->ifname, nl_geterror(result));
        tell(self, MC_ADDRESS_FAILED, self->peer_ip);
        return false;
    }
    self->added = true;
    memcpy(self->added_ip, ip, 4);
    memcpy(self->added_mask, mask, 4);
    look(self);
    return true;
}

/* --- packets ---------------------------------------------------------------------------------- */

/* Only UDP to the port, so that a stream on the same interface does not wake us. */
static bool filter_port(int fd, uint16_t port)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 4, 0),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = G_N_ELEMENTS(code), .filter = code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

static int open_packets(const McAddress *self, uint16_t port)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_IP),
                             .sll_ifindex = (int) self->ifindex};
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); /* deaf until bound */

    if (fd >= 0 &&
        (!filter_port(fd, port) || bind(fd, (const struct sockaddr *) &at, sizeof(at)) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void send_message(McAddress *self, const McDhcpMessage *message, const uint8_t from[4],
                         const uint8_t to[4], const McMac *to_mac)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_IP),
                             .sll_ifindex = (int) self->ifindex,
                             .sll_halen = MC_MAC_BYTES};
    uint8_t packet[MC_DHCP_MAX_PACKET];
    size_t len = mc_dhcp_packet_build(message, from, to, packet);

    if (to_mac)
        memcpy(at.sll_addr, to_mac->bytes, MC_MAC_BYTES);
    else
        memset(at.sll_addr, 0xff, MC_MAC_BYTES);
    if (sendto(self->packet_fd, packet, len, 0, (const struct sockaddr *) &at, sizeof(at)) < 0)
        g_debug("%s: DHCP message not sent: %s", self->ifname, g_strerror(errno));
}

/* False: nothing more. */
static bool receive_message(McAddress *self, uint16_t port, McDhcpMessage *ret, bool *ret_valid)
{
    uint8_t packet[2048];
    ssize_t n = recv(self->packet_fd, packet, sizeof(packet), 0);
    const uint8_t *payload;
    size_t len;

    if (n <= 0)
        return false;
    *ret_valid = mc_dhcp_packet_parse(packet, (size_t) n, port, &payload, &len) &&
                 mc_dhcp_parse(payload, len, ret);
    return true;
}

static const uint8_t nobody[4] = {0, 0, 0, 0}, everybody[4] = {255, 255, 255, 255};

/* --- server ----------------------------------------------------------------------------------- */

static void answer(McAddress *self, const McDhcpMessage *message)
{
    McDhcpMessage reply;
    bool leased, has_address = !is_zero(message->ciaddr);

    if (!mc_dhcp_server_take(&self->server, message, &reply, &leased))
        return;
    if (reply.broadcast && !has_address)
        send_message(self, &reply, self->server.ip, everybody, NULL);
    else
        send_message(self, &reply, self->server.ip, has_address ? message->ciaddr : reply.yiaddr,
                     &message->chaddr);
    if (leased)
        tell(self, MC_ADDRESS_LEASE, reply.yiaddr);
}

static gboolean on_request(gint fd, GIOCondition condition, gpointer user_data)
{
    McAddress *self = user_data;
    McDhcpMessage message;
    bool valid;

    for (int i = 0;
         i < DATAGRAMS_AT_ONCE && receive_message(self, MC_DHCP_SERVER_PORT, &message, &valid); i++)
        if (valid)
            answer(self, &message);
    return G_SOURCE_CONTINUE;
}

void mc_address_serve(McAddress *self, const uint8_t own_ip[4], const uint8_t mask[4])
{
    self->packet_fd = open_packets(self, MC_DHCP_SERVER_PORT);
    if (self->packet_fd < 0) {
        tell(self, MC_ADDRESS_FAILED, self->peer_ip);
        return;
    }
    self->serving = true;
    mc_dhcp_server_init(&self->server, own_ip);
    self->packets = add_fd(self, self->packet_fd, on_request);
    set_own(self, own_ip, mask);
}

/* --- client ----------------------------------------------------------------------------------- */

static gboolean on_timer(gpointer user_data);

static void drop_source(GSource **source)
{
    if (*source)
        g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static void arm_timer(McAddress *self)
{
    drop_source(&self->timer);
    self->timer = g_timeout_source_new(0);
    g_source_set_ready_time(self->timer, self->client.next_us);
    g_source_set_callback(self->timer, on_timer, self, NULL);
    g_source_attach(self->timer, self->context);
}

static gboolean on_timer(gpointer user_data)
{
    McAddress *self = user_data;
    McDhcpMessage message;

    if (mc_dhcp_client_tick(&self->client, g_get_monotonic_time(), &message))
        send_message(self, &message,
                     self->client.state == MC_DHCP_RENEWING ? self->client.ip : nobody, everybody,
                     NULL);
    arm_timer(self);
    return G_SOURCE_REMOVE;
}

static void take_answer(McAddress *self, const McDhcpMessage *message)
{
    bool bound = self->client.state >= MC_DHCP_BOUND;

    if (!mc_dhcp_client_take(&self->client, message, g_get_monotonic_time()))
        return;
    if (!bound && self->client.state == MC_DHCP_BOUND) {
        memcpy(self->peer_ip, self->client.server, 4);
        set_own(self, self->client.ip, self->client.mask);
    }
    arm_timer(self);
}

static gboolean on_answer(gint fd, GIOCondition condition, gpointer user_data)
{
    McAddress *self = user_data;
    McDhcpMessage message;
    bool valid;

    for (int i = 0;
         i < DATAGRAMS_AT_ONCE && receive_message(self, MC_DHCP_CLIENT_PORT, &message, &valid); i++)
        if (valid)
            take_answer(self, &message);
    return G_SOURCE_CONTINUE;
}

void mc_address_ask(McAddress *self)
{
    self->packet_fd = open_packets(self, MC_DHCP_CLIENT_PORT);
    if (self->packet_fd < 0) {
        tell(self, MC_ADDRESS_FAILED, self->peer_ip);
        return;
    }
    mc_dhcp_client_init(&self->client, &self->mac, g_random_int(), g_get_monotonic_time());
    self->packets = add_fd(self, self->packet_fd, on_answer);
    arm_timer(self);
}

/* --- the rest --------------------------------------------------------------------------------- */

void mc_address_set(McAddress *self, const uint8_t own_ip[4], const uint8_t mask[4],
                    const uint8_t peer_ip[4])
{
    uint8_t narrow[4];

    memcpy(self->peer_ip, peer_ip, 4);
    memcpy(narrow, mask, 4);
    if (mc_group_subnet(own_ip, peer_ip, narrow))
        set_own(self, own_ip, narrow);
    else
        tell(self, MC_ADDRESS_FAILED, self->peer_ip);
}

void mc_address_watch(McAddress *self)
{
    look(self);
}

/* A router announces itself to whoever hears it, and a sink that does so in its group would be
 * this machine's way to the IPv6 Internet.  Nothing in a group is IPv6's: what was learned already
 * goes with it.  The group's own interface ends with the group; another one is not ours to change.
 */
static void hear_no_router(const McAddress *self)
{
    g_autofree char *path =
        g_strdup_printf("/proc/sys/net/ipv6/conf/%s/disable_ipv6", self->ifname);
    const int fd = g_str_has_prefix(self->ifname, "p2p-") ? open(path, O_WRONLY | O_CLOEXEC) : -1;

    if (fd < 0) /* or a kernel without IPv6 */
        return;
    if (!mc_write_all(fd, "1", 1))
        g_debug("%s: IPv6 stays: %s", self->ifname, g_strerror(errno));
    close(fd);
}

static bool find_interface(McAddress *self)
{
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool found;

    self->ifindex = if_nametoindex(self->ifname);
    g_strlcpy(request.ifr_name, self->ifname, sizeof(request.ifr_name));
    found = fd >= 0 && self->ifindex && ioctl(fd, SIOCGIFHWADDR, &request) == 0;
    if (found)
        memcpy(self->mac.bytes, request.ifr_hwaddr.sa_data, MC_MAC_BYTES);
    if (fd >= 0)
        close(fd);
    return found;
}

static bool open_watch(McAddress *self)
{
    struct sockaddr_nl at = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR};

    self->watch_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (self->watch_fd < 0 || bind(self->watch_fd, (const struct sockaddr *) &at, sizeof(at)) != 0)
        return false;
    self->watch = add_fd(self, self->watch_fd, on_kernel);
    return true;
}

McAddress *mc_address_new(const char *ifname, GMainContext *context, McAddressCall call,
                          void *user_data, GError **error)
{
    McAddress *self = g_new0(McAddress, 1);

    self->context = context;
    self->call = call;
    self->user_data = user_data;
    self->watch_fd = self->packet_fd = -1;
    g_strlcpy(self->ifname, ifname, sizeof(self->ifname));
    if (find_interface(self) && open_watch(self)) {
        hear_no_router(self);
        return self;
    }
    g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_FAILED, "the group's interface %s: %s", ifname,
                g_strerror(errno));
    mc_address_free(self);
    return NULL;
}

void mc_address_free(McAddress *self)
{
    if (!self)
        return;
    drop_source(&self->watch);
    drop_source(&self->packets);
    drop_source(&self->timer);
    if (self->watch_fd >= 0)
        close(self->watch_fd);
    if (self->packet_fd >= 0)
        close(self->packet_fd);
    if (self->added) /* the interface may be gone, and its addresses with it */
        change_address(self, self->added_ip, self->added_mask, false);
    g_free(self);
}

static bool is_in_use(const struct ifaddrs *all, const uint8_t ip[4])
{
    for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
        if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET || !at->ifa_netmask)
            continue;
        const uint8_t *own = (const uint8_t *) &((struct sockaddr_in *) at->ifa_addr)->sin_addr;
        const uint8_t *mask = (const uint8_t *) &((struct sockaddr_in *) at->ifa_netmask)->sin_addr;
        bool same = true;

        for (int i = 0; i < 3 && same; i++)
            same = ((own[i] ^ ip[i]) & mask[i]) == 0;
        if (same)
            return true;
    }
    return false;
}

void mc_address_free_subnet(uint8_t ret[4])
{
    static const uint8_t candidates[][4] = {{192, 168, 49, 1},
                                            {192, 168, 173, 1},
                                            {192, 168, 57, 1},
                                            {10, 49, 57, 1},
                                            {172, 30, 49, 1}};
    struct ifaddrs *all = NULL;
    size_t i = 0;

    if (getifaddrs(&all) == 0) {
        while (i + 1 < G_N_ELEMENTS(candidates) && is_in_use(all, candidates[i]))
            i++;
        freeifaddrs(all);
    }
    memcpy(ret, candidates[i], 4);
}

/* /proc/net/arp: IP address, HW type, flags, HW address, mask, device. */
bool mc_address_is_at(const char *ifname, const uint8_t ip[4], const McMac *mac)
{
    FILE *file = fopen("/proc/net/arp", "re");
    char line[256], text[64], hardware[32], device[32], wanted[INET_ADDRSTRLEN];
    bool found = false;
    McMac got;

    inet_ntop(AF_INET, ip, wanted, sizeof(wanted));
    while (file && !found && fgets(line, sizeof(line), file))
        found = sscanf(line, "%63s %*s %*s %31s %*s %31s", text, hardware, device) == 3 &&
                strcmp(text, wanted) == 0 && strcmp(device, ifname) == 0 &&
                mc_mac_parse(hardware, &got) && mc_mac_equal(&got, mac);
    if (file)
        fclose(file);
    return found;
}
