/* SPDX-License-Identifier: MIT */
/* Addresses on a real pair of interfaces in a network namespace of the test's own: our server and
 * our client on its two ends, and busybox's client where it is installed. */
#include "p2p/address.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    GMainLoop *loop;
    McAddressEvent own, lease;
    unsigned owns, leases, failures;
} Seen;

static void on_event(const McAddressEvent *event, void *user_data)
{
    Seen *seen = user_data;

    if (event->kind == MC_ADDRESS_OWN) {
        seen->own = *event;
        seen->owns++;
    } else if (event->kind == MC_ADDRESS_LEASE) {
        seen->lease = *event;
        seen->leases++;
    } else {
        seen->failures++;
    }
}

static bool run(const char *command)
{
    return system(command) == 0; /* the commands are this file's own */
}

static gboolean on_end(gpointer user_data)
{
    g_assert_not_reached();
    return G_SOURCE_REMOVE;
}

static void wait_for(GMainContext *context, const unsigned *count, unsigned wanted)
{
    GSource *end = g_timeout_source_new_seconds(30);

    g_source_set_callback(end, on_end, NULL, NULL);
    g_source_attach(end, context);
    while (*count < wanted)
        g_main_context_iteration(context, TRUE);
    g_source_destroy(end);
    g_source_unref(end);
}

static const uint8_t owner_ip[4] = {192, 168, 49, 1}, mask[4] = {255, 255, 255, 0};

static void test_both_ends(void)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    Seen owner = {0}, client = {0};
    g_autoptr(McAddress) serves = mc_address_new("mcgo", context, on_event, &owner, NULL);
    g_autoptr(McAddress) asks = mc_address_new("mccl", context, on_event, &client, NULL);

    g_assert_nonnull(serves);
    g_assert_nonnull(asks);
    mc_address_ask(asks); /* before there is a server: it asks again */
    g_main_context_iteration(context, FALSE);
    mc_address_serve(serves, owner_ip, mask);
    wait_for(context, &client.owns, 1);
    wait_for(context, &owner.leases, 1);
    g_assert_cmpuint(owner.owns, ==, 1);
    g_assert_cmpmem(owner.own.own_ip, 4, owner_ip, 4);
    g_assert_cmpmem(client.own.own_ip, 4, owner.lease.peer_ip, 4);
    g_assert_cmpmem(client.own.peer_ip, 4, owner_ip, 4);
    g_assert_true(run("ip -4 addr show dev mccl | grep -q 'inet 192.168.49.20/24'"));
    g_assert_true(run("test -z \"$(ip -4 route show default)\""));
    g_clear_pointer(&asks, mc_address_free);
    g_clear_pointer(&serves, mc_address_free);
    g_assert_true(run("test -z \"$(ip -4 addr show dev mccl; ip -4 addr show dev mcgo)\""));
    g_assert_cmpuint(owner.failures + client.failures, ==, 0);
}

static void test_busybox(void)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    Seen owner = {0};
    g_autoptr(McAddress) serves = NULL;

    if (!run("busybox udhcpc --help >/dev/null 2>&1")) {
        g_test_skip("busybox with udhcpc is not installed");
        return;
    }
    serves = mc_address_new("mcgo", context, on_event, &owner, NULL);
    mc_address_serve(serves, owner_ip, mask);
    g_assert_true(run("busybox udhcpc -q -n -t 10 -T 1 -f -i mccl -s /bin/true 2>&1 | "
                      "grep -q 'lease of 192.168.49.20 obtained from 192.168.49.1' & "
                      "echo $! >/dev/null"));
    wait_for(context, &owner.leases, 1);
    g_assert_cmpuint(owner.lease.peer_ip[3], ==, 20);
}

static void test_static(void)
{
    static const uint8_t ip[4] = {192, 168, 42, 2}, peer[4] = {192, 168, 42, 1};
    g_autoptr(GMainContext) context = g_main_context_new();
    Seen seen = {0};
    g_autoptr(McAddress) address = mc_address_new("mccl", context, on_event, &seen, NULL);

    mc_address_set(address, ip, mask, peer);
    wait_for(context, &seen.owns, 1);
    g_assert_cmpmem(seen.own.own_ip, 4, ip, 4);
    g_assert_cmpmem(seen.own.peer_ip, 4, peer, 4);
}

/* A sink that gives half of the Internet as its group's subnet gets what is sent to itself. */
static void test_greedy(void)
{
    static const uint8_t ip[4] = {192, 168, 42, 2}, peer[4] = {192, 168, 42, 1},
                         half[4] = {128, 0, 0, 0}, foreign[4] = {8, 8, 8, 1};
    g_autoptr(GMainContext) context = g_main_context_new();
    Seen seen = {0};
    g_autoptr(McAddress) address = mc_address_new("mccl", context, on_event, &seen, NULL);

    mc_address_set(address, ip, half, peer);
    wait_for(context, &seen.owns, 1);
    g_assert_true(run("test -n \"$(ip -4 route show 192.168.42.0/24 dev mccl)\""));
    g_assert_true(run("test $(ip -4 route show dev mccl | wc -l) = 1"));
    g_clear_pointer(&address, mc_address_free);
    g_assert_true(run("test -z \"$(ip -4 addr show dev mccl)\""));
    address = mc_address_new("mccl", context, on_event, &seen, NULL);
    mc_address_set(address, foreign, mask, peer);
    g_assert_cmpuint(seen.failures, ==, 1);
    g_assert_true(run("test -z \"$(ip -4 addr show dev mccl)\""));
}

/* A sink that says it is a router is none of ours; on an interface that is not the group's own,
 * that is not for us to say. */
static void test_router(void)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    Seen seen = {0};

    if (!run("test -e /proc/sys/net/ipv6/conf/mccl/disable_ipv6")) {
        g_test_skip("the kernel has no IPv6");
        return;
    }
    g_assert_true(
        run("ip link add p2p-mc-0 type veth peer name p2p-peer && ip link set p2p-mc-0 up"));
    g_autoptr(McAddress) group = mc_address_new("p2p-mc-0", context, on_event, &seen, NULL);
    g_assert_nonnull(group);
    g_assert_true(run("grep -q 1 /proc/sys/net/ipv6/conf/p2p-mc-0/disable_ipv6"));
    g_autoptr(McAddress) other = mc_address_new("mccl", context, on_event, &seen, NULL);
    g_assert_nonnull(other);
    g_assert_true(run("grep -q 0 /proc/sys/net/ipv6/conf/mccl/disable_ipv6"));
    g_assert_true(run("ip link delete p2p-mc-0"));
}

static void test_watch(void)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    Seen seen = {0};
    g_autoptr(McAddress) address = mc_address_new("mccl", context, on_event, &seen, NULL);

    mc_address_watch(address);
    g_assert_cmpuint(seen.owns, ==, 0);
    g_assert_true(run("ip addr add 10.42.0.7/24 dev mccl"));
    wait_for(context, &seen.owns, 1);
    g_assert_cmpuint(seen.own.own_ip[3], ==, 7);
    g_assert_true(run("ip addr flush dev mccl"));
}

static void test_subnet(void)
{
    uint8_t ip[4];

    mc_address_free_subnet(ip);
    g_assert_cmpmem(ip, 4, owner_ip, 4);
    g_assert_true(run("ip addr add 192.168.49.77/24 dev mccl"));
    mc_address_free_subnet(ip);
    g_assert_cmpuint(ip[2], ==, 173);
    g_assert_true(run("ip addr flush dev mccl"));
}

static void test_neighbour(void)
{
    static const uint8_t ip[4] = {192, 168, 49, 20};
    McMac mac = {{2, 0, 0, 0, 0, 0x20}};

    g_assert_true(
        run("ip addr add 192.168.49.1/24 dev mcgo && "
            "ip neigh add 192.168.49.20 lladdr 02:00:00:00:00:20 dev mcgo nud reachable"));
    g_assert_true(mc_address_is_at("mcgo", ip, &mac));
    g_assert_false(mc_address_is_at("mccl", ip, &mac));
    mac.bytes[0] = 6;
    g_assert_false(mc_address_is_at("mcgo", ip, &mac));
    g_assert_false(mc_address_is_at("mcgo", owner_ip, &mac));
    g_assert_true(run("ip addr flush dev mcgo"));
}

static void test_no_interface(void)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(mc_address_new("mcnone", context, on_event, NULL, &error));
    g_assert_nonnull(error);
}

/* A namespace needs root, or a kernel that lets users make one. */
static bool own_network(void)
{
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    return run("ip link add mcgo type veth peer name mccl 2>/dev/null && ip link set mcgo up && "
               "ip link set mccl up");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!own_network()) {
        g_print("1..0 # SKIP no network namespace with a pair of interfaces can be made here\n");
        return 0;
    }
    g_test_add_func("/address/both-ends", test_both_ends);
    g_test_add_func("/address/busybox", test_busybox);
    g_test_add_func("/address/static", test_static);
    g_test_add_func("/address/greedy", test_greedy);
    g_test_add_func("/address/router", test_router);
    g_test_add_func("/address/watch", test_watch);
    g_test_add_func("/address/subnet", test_subnet);
    g_test_add_func("/address/neighbour", test_neighbour);
    g_test_add_func("/address/no-interface", test_no_interface);
    return g_test_run();
}
