/* SPDX-License-Identifier: MIT */
/* The firewall opened and closed, with the real nft in a network of the test's own, dialled from
 * another; and with a fake firewalld on a bus of the test's own. */
#include "p2p/firewall.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "private-bus.h"

enum { PORT = 7236, OTHER_PORT = 7237, PATIENCE_MS = 30000 };

static const char *self_path; /* this program */

/* --- plan ---------------------------------------------------------------------------------------
 */

static void test_plan(void)
{
    static const char ruleset[] =
        "{\"nftables\":[{\"metainfo\":{}},{\"chain\":{\"family\":\"inet\",\"table\":\"filter\","
        "\"name\":\"input\",\"hook\":\"input\",\"policy\":\"drop\"}},"
        "{\"chain\":{\"family\":\"ip\",\"table\":\"open\",\"name\":\"in\",\"hook\":\"input\","
        "\"policy\":\"accept\"}},"
        "{\"chain\":{\"family\":\"ip\",\"table\":\"filter\",\"name\":\"INPUT\",\"hook\":\"input\","
        "\"policy\":\"accept\"}},"
        "{\"chain\":{\"family\":\"ip\",\"table\":\"filter\",\"name\":\"FORWARD\","
        "\"hook\":\"forward\",\"policy\":\"drop\"}},"
        "{\"chain\":{\"family\":\"inet\",\"table\":\"firewalld\",\"name\":\"filter_INPUT\","
        "\"hook\":\"input\",\"policy\":\"drop\"}},"
        "{\"chain\":{\"family\":\"inet\",\"table\":\"a'b\",\"name\":\"input\",\"hook\":\"input\","
        "\"policy\":\"drop\"}},"
        "{\"rule\":{\"family\":\"ip\",\"table\":\"open\",\"chain\":\"in\","
        "\"expr\":[{\"counter\":{}},{\"accept\":null}]}},"
        "{\"rule\":{\"family\":\"ip\",\"table\":\"filter\",\"chain\":\"INPUT\","
        "\"expr\":[{\"jump\":{\"target\":\"ufw-before-input\"}}]}}]}";
    McFirewallChain chains[MC_FIREWALL_MAX_CHAINS];

    g_assert_cmpint(mc_firewall_refusing_chains(ruleset, chains), ==, 2);
    g_assert_cmpstr(chains[0].name, ==, "input");
    g_assert_cmpstr(chains[1].name, ==, "INPUT");
    g_autofree char *rules = mc_firewall_rules(chains, 2, "tag", "p2p0", MC_FIREWALL_UDP, 67);
    g_assert_cmpstr(
        rules, ==,
        "insert rule inet filter input iifname \"p2p0\" udp dport 67 accept comment \"tag\"\n"
        "insert rule ip filter INPUT iifname \"p2p0\" udp dport 67 accept comment \"tag\"\n");
    g_assert_cmpint(mc_firewall_refusing_chains("{}", chains), ==, -1);
    g_assert_cmpint(mc_firewall_refusing_chains("no ruleset", chains), ==, -1);
    g_assert_cmpint(
        mc_firewall_refusing_chains("{\"nftables\":[1,{\"chain\":2},{\"rule\":[]}]}", chains), ==,
        0);
    g_assert_false(mc_firewall_name_is_plain("p2p$(x)"));
    g_assert_false(mc_firewall_name_is_plain(""));
}

static void test_zone_choice(void)
{
    const char *const zones[] = {"block", "dmz", "drop", "home", "public", NULL};
    const char *const none[] = {NULL};
    const char *const some[] = {"block", "home", NULL};

    g_assert_cmpstr(mc_firewall_free_zone(zones, none, "public"), ==, "block");
    g_assert_cmpstr(mc_firewall_free_zone(zones, some, "drop"), ==, "dmz");
    g_assert_null(mc_firewall_free_zone(zones, zones, "public"));
}

/* --- the network --------------------------------------------------------------------------------
 */

static bool run(const char *command)
{
    return system(command) == 0; /* the commands are this file's own */
}

static char *output_of(const char *command)
{
    char *out = NULL;

    g_assert_true(g_spawn_command_line_sync(command, &out, NULL, NULL, NULL));
    return out;
}

/* The sink's machine, another process in another name space: dials what it is told, tells errno;
 * port 0: puts up its interfaces. */
static struct {
    pid_t pid;
    int fd;
} sink;

typedef struct {
    char ip[16];
    uint16_t port;
} Target;

static int dial_here(const Target *target)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(target->port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, target->ip, &to.sin_addr);
    int problem = connect(fd, (struct sockaddr *) &to, sizeof(to)) == 0 ? 0 : errno;
    close(fd);
    return problem;
}

static void be_sink(int fd)
{
    int problem = unshare(CLONE_NEWNET) == 0 ? 0 : errno;
    Target target;

    if (write(fd, &problem, sizeof(problem)) == sizeof(problem))
        while (read(fd, &target, sizeof(target)) == sizeof(target)) {
            if (target.port == 0)
                problem = system("ip addr add 10.77.1.2/24 dev mcsink && ip link set mcsink up && "
                                 "ip addr add 10.77.2.2/24 dev mcsink2 && ip link set mcsink2 up");
            else
                problem = dial_here(&target);
            if (write(fd, &problem, sizeof(problem)) != sizeof(problem))
                break;
        }
    _exit(0);
}

static int ask_sink(const char *ip, uint16_t port)
{
    Target target = {.port = port};
    int problem = -1;

    g_strlcpy(target.ip, ip, sizeof(target.ip));
    g_assert_cmpint(write(sink.fd, &target, sizeof(target)), ==, sizeof(target));
    g_assert_cmpint(read(sink.fd, &problem, sizeof(problem)), ==, sizeof(problem));
    return problem;
}

static int listen_on(const char *ip, uint16_t port)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    inet_pton(AF_INET, ip, &here.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    g_assert_cmpint(bind(fd, (struct sockaddr *) &here, sizeof(here)), ==, 0);
    g_assert_cmpint(listen(fd, 8), ==, 0);
    return fd;
}

/* A namespace needs root, or a kernel that lets users make one. */
static bool own_network(void)
{
    int ends[2], problem = -1;
    char command[256];

    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
    sink.pid = fork();
    if (sink.pid == 0) {
        close(ends[0]);
        be_sink(ends[1]);
    }
    close(ends[1]);
    sink.fd = ends[0];
    if (read(sink.fd, &problem, sizeof(problem)) != sizeof(problem) || problem)
        return false;
    g_snprintf(command, sizeof(command),
               "(ip link add mcgrp type veth peer name mcsink netns %d && "
               "ip link add mcother type veth peer name mcsink2 netns %d) 2>/dev/null",
               (int) sink.pid, (int) sink.pid);
    return run(command) &&
           run("ip link set lo up && ip addr add 10.77.1.1/24 dev mcgrp && ip link set mcgrp up && "
               "ip addr add 10.77.2.1/24 dev mcother && ip link set mcother up") &&
           ask_sink("", 0) == 0 && run("nft list ruleset >/dev/null 2>&1");
}

/* As a user's: it refuses at once, so that no dial has to time out. Two chains that all must pass,
 * one that refuses nothing. */
static void close_firewall(void)
{
    g_assert_true(run("nft flush ruleset && nft -f - <<'E'\n"
                      "table inet filter {\n"
                      " set known { type ipv4_addr; elements = { 10.1.1.1, 10.1.1.2 } }\n"
                      " chain input { type filter hook input priority 0; policy drop;\n"
                      "  ct state established accept\n"
                      "  iifname lo accept\n"
                      "  ip saddr @known tcp dport 22 counter accept comment \"mine\"\n"
                      "  meta l4proto tcp reject with tcp reset; }\n"
                      " chain forward { type filter hook forward priority 0; policy drop; }\n"
                      "}\n"
                      "table ip raw2 { chain deep { tcp dport 7000-8000 reject with tcp reset; }\n"
                      " chain in { type filter hook input priority 5; policy accept;\n"
                      "  iifname != lo jump deep; }\n}\n"
                      "table ip count { chain in { type filter hook input priority 9;\n"
                      "  counter; }\n}\n"
                      "E"));
}

static char *ruleset(void)
{
    return output_of("nft -s list ruleset");
}

/* --- nftables -----------------------------------------------------------------------------------
 */

static void allow(McFirewall *firewall, uint16_t port)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(mc_firewall_allow(firewall, MC_FIREWALL_TCP, port, &error));
    g_assert_no_error(error);
}

static void test_session(void)
{
    int here = listen_on("10.77.1.1", PORT), there = listen_on("10.77.2.1", PORT),
        next = listen_on("10.77.1.1", OTHER_PORT);

    close_firewall();
    g_autofree char *before = ruleset();
    g_assert_cmpint(ask_sink("10.77.1.1", PORT), ==, ECONNREFUSED);
    McFirewall *firewall = mc_firewall_open("mcgrp");
    g_assert_cmpstr(mc_firewall_kind(firewall), ==, "nftables, inet filter input, ip raw2 in");
    g_assert_cmpint(ask_sink("10.77.1.1", PORT), ==, ECONNREFUSED);
    allow(firewall, PORT);
    g_assert_cmpint(ask_sink("10.77.1.1", PORT), ==, 0);
    g_assert_cmpint(ask_sink("10.77.2.1", PORT), ==, ECONNREFUSED); /* another interface */
    g_assert_cmpint(ask_sink("10.77.1.1", OTHER_PORT), ==, ECONNREFUSED);
    allow(firewall, OTHER_PORT);
    g_assert_cmpint(ask_sink("10.77.1.1", OTHER_PORT), ==, 0);
    mc_firewall_close(firewall);
    g_autofree char *after = ruleset();
    g_assert_cmpstr(after, ==, before);
    g_assert_cmpint(ask_sink("10.77.1.1", PORT), ==, ECONNREFUSED);
    close(here);
    close(there);
    close(next);
}

/* Tables made anew meanwhile, where our rule's old handle is someone else's rule: that one stays.
 */
static void test_reloaded(void)
{
    close_firewall();
    McFirewall *firewall = mc_firewall_open("mcgrp");
    allow(firewall, PORT);
    g_assert_true(run("nft delete table inet filter"));
    g_autofree char *before = NULL;
    g_assert_true(run("nft -f - <<'E'\n"
                      "table inet filter { chain input { type filter hook input priority 0;\n"
                      " tcp dport 1 accept\n tcp dport 2 accept\n tcp dport 3 accept\n"
                      " tcp dport 4 accept comment \"miracast of another\"\n tcp dport 5 accept\n"
                      " tcp dport 6 accept\n tcp dport 7 accept\n tcp dport 8 accept; }\n}\n"
                      "E"));
    before = output_of("nft -s list table inet filter");
    mc_firewall_close(firewall);
    g_autofree char *after = output_of("nft -s list table inet filter");
    g_assert_cmpstr(after, ==, before);
    g_autofree char *raw = output_of("nft list table ip raw2");
    g_assert_null(strstr(raw, "miracast"));
}

static void test_nothing_refuses(void)
{
    g_assert_true(run("nft flush ruleset"));
    g_autofree char *before = ruleset();
    McFirewall *firewall = mc_firewall_open("mcgrp");
    g_assert_cmpstr(mc_firewall_kind(firewall), ==, "");
    allow(firewall, PORT);
    g_autofree char *during = ruleset();
    g_assert_cmpstr(during, ==, before);
    mc_firewall_close(firewall);
}

/* --- death --------------------------------------------------------------------------------------
 */

static _Noreturn void be_victim(void)
{
    McFirewall *firewall = mc_firewall_open("mcgrp");
    g_autoptr(GError) error = NULL;

    if (!mc_firewall_allow(firewall, MC_FIREWALL_TCP, PORT, &error) ||
        !mc_firewall_allow(firewall, MC_FIREWALL_UDP, 67, &error))
        g_printerr("%s\n", error->message);
    g_print("open\n");
    for (;;)
        pause();
}

static GSubprocess *start_victim(void)
{
    GSubprocess *victim =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL, self_path, "--victim", NULL);
    char line[5] = "";

    g_assert_nonnull(victim);
    g_assert_true(
        g_input_stream_read_all(g_subprocess_get_stdout_pipe(victim), line, 5, NULL, NULL, NULL));
    g_assert_cmpmem(line, 5, "open\n", 5);
    return victim;
}

static void kill_victim(GSubprocess *victim)
{
    g_subprocess_send_signal(victim, SIGKILL);
    g_subprocess_wait(victim, NULL, NULL);
    g_object_unref(victim);
}

/* The guard has no end that could be waited for. */
static void wait_until(char *(*now)(void), const char *wanted)
{
    for (int i = 0; i < PATIENCE_MS / 20; i++) {
        g_autofree char *state = now();

        if (strcmp(state, wanted) == 0)
            return;
        g_usleep(20000);
    }
    g_autofree char *state = now();
    g_assert_cmpstr(state, ==, wanted);
}

static void test_killed(void)
{
    int here = listen_on("10.77.1.1", PORT);

    close_firewall();
    g_autofree char *before = ruleset();
    GSubprocess *victim = start_victim();
    g_assert_cmpint(ask_sink("10.77.1.1", PORT), ==, 0);
    kill_victim(victim);
    wait_until(ruleset, before);
    g_assert_cmpint(ask_sink("10.77.1.1", PORT), ==, ECONNREFUSED);
    close(here);
}

/* --- firewalld ----------------------------------------------------------------------------------
 */

static const char firewalld_xml[] =
    "<node><interface name='org.fedoraproject.FirewallD1'>"
    "<method name='getDefaultZone'><arg type='s' direction='out'/></method></interface>"
    "<interface name='org.fedoraproject.FirewallD1.zone'>"
    "<method name='getZones'><arg type='as' direction='out'/></method>"
    "<method name='getActiveZones'><arg type='a{sa{sas}}' direction='out'/></method>"
    "<method name='getZoneOfInterface'><arg type='s' direction='in'/>"
    "<arg type='s' direction='out'/></method>"
    "<method name='changeZoneOfInterface'><arg type='s' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='s' direction='out'/></method>"
    "<method name='removeInterface'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='s' direction='out'/></method>"
    "<method name='queryPort'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='b' direction='out'/></method>"
    "<method name='addPort'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='i' direction='in'/><arg type='s' direction='out'/>"
    "</method>"
    "<method name='removePort'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='s' direction='out'/></method>"
    "</interface></node>";

static struct {
    GMutex lock;
    GHashTable *zone_of; /* interface: zone */
    GHashTable *ports;   /* "zone port/protocol" */
    bool deaf;           /* refuses to change anything */
} fake;

static int compare_words(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* "mcgrp in block, block 7236/tcp": what is now. */
static char *firewalld_state(void)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer key, value;

    g_mutex_lock(&fake.lock);
    g_hash_table_iter_init(&iter, fake.zone_of);
    while (g_hash_table_iter_next(&iter, &key, &value))
        g_ptr_array_add(words, g_strdup_printf("%s in %s", (char *) key, (char *) value));
    g_hash_table_iter_init(&iter, fake.ports);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(words, g_strdup(key));
    g_mutex_unlock(&fake.lock);
    g_ptr_array_sort(words, compare_words);
    g_ptr_array_add(words, NULL);
    return g_strjoinv(", ", (char **) words->pdata);
}

static GVariant *active_zones(void)
{
    GVariantBuilder builder;
    GHashTableIter iter;
    gpointer key, value;

    g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sa{sas}}"));
    g_hash_table_iter_init(&iter, fake.zone_of);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        GVariantBuilder what;
        const char *names[] = {key, NULL};

        g_variant_builder_init(&what, G_VARIANT_TYPE("a{sas}"));
        g_variant_builder_add(&what, "{s@as}", "interfaces", g_variant_new_strv(names, -1));
        g_variant_builder_add(&builder, "{sa{sas}}", value, &what);
    }
    return g_variant_new("(a{sa{sas}})", &builder);
}

static char *word(GVariant *parameters, gsize i)
{
    g_autoptr(GVariant) child = g_variant_get_child_value(parameters, i);

    return g_variant_dup_string(child, NULL);
}

static GVariant *change(const char *method, GVariant *parameters)
{
    gsize n = g_variant_n_children(parameters);
    g_autofree char *zone = word(parameters, 0), *what = word(parameters, 1);
    g_autofree char *protocol = n > 2 ? word(parameters, 2) : g_strdup("");
    g_autofree char *port = g_strdup_printf("%s %s/%s", zone, what, protocol);

    if (strcmp(method, "changeZoneOfInterface") == 0)
        g_hash_table_replace(fake.zone_of, g_strdup(what), g_strdup(zone));
    else if (strcmp(method, "removeInterface") == 0)
        g_hash_table_remove(fake.zone_of, what);
    else if (strcmp(method, "queryPort") == 0)
        return g_variant_new("(b)", g_hash_table_contains(fake.ports, port));
    else if (strcmp(method, "addPort") == 0)
        g_hash_table_add(fake.ports, g_strdup(port));
    else
        g_hash_table_remove(fake.ports, port);
    return g_variant_new("(s)", zone);
}

static void on_call(GDBusConnection *connection, const char *sender, const char *path,
                    const char *interface, const char *method, GVariant *parameters,
                    GDBusMethodInvocation *invocation, gpointer user_data)
{
    static const char *const zones[] = {"block", "drop", "home", "public", NULL};

    g_mutex_lock(&fake.lock);
    if (strcmp(method, "getDefaultZone") == 0) {
        g_dbus_method_invocation_return_value(invocation, g_variant_new("(s)", "public"));
    } else if (strcmp(method, "getZones") == 0) {
        g_dbus_method_invocation_return_value(invocation, g_variant_new("(^as)", zones));
    } else if (strcmp(method, "getActiveZones") == 0) {
        g_dbus_method_invocation_return_value(invocation, active_zones());
    } else if (strcmp(method, "getZoneOfInterface") == 0) {
        g_autofree char *ifname = word(parameters, 0);
        const char *zone = g_hash_table_lookup(fake.zone_of, ifname);
        g_dbus_method_invocation_return_value(invocation, g_variant_new("(s)", zone ? zone : ""));
    } else if (fake.deaf) {
        g_dbus_method_invocation_return_dbus_error(
            invocation, "org.fedoraproject.FirewallD1.Exception", "NOT_AUTHORIZED");
    } else {
        g_dbus_method_invocation_return_value(invocation, change(method, parameters));
    }
    g_mutex_unlock(&fake.lock);
}

static const GDBusInterfaceVTable firewalld_vtable = {.method_call = on_call};

/* Once; false: the test is skipped. */
static bool start_firewalld(void)
{
    if (fake.zone_of)
        return true;
    if (!private_bus_start()) {
        g_test_skip("dbus-daemon is not installed");
        return false;
    }
    fake.zone_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    fake.ports = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_assert_true(run("nft flush ruleset"));
    private_bus_serve("org.fedoraproject.FirewallD1", "/org/fedoraproject/FirewallD1",
                      firewalld_xml, &firewalld_vtable, NULL);
    return true;
}

static void stop_firewalld(void)
{
    if (!fake.zone_of)
        return;
    private_bus_stop();
    g_hash_table_unref(fake.zone_of);
    g_hash_table_unref(fake.ports);
}

/* An interface of the user's in "block", so that the next zone is taken. */
static void reset_firewalld(const char *zone_of_ours)
{
    g_mutex_lock(&fake.lock);
    g_hash_table_remove_all(fake.zone_of);
    g_hash_table_remove_all(fake.ports);
    g_hash_table_insert(fake.zone_of, g_strdup("eth0"), g_strdup("block"));
    g_hash_table_add(fake.ports, g_strdup("home 80/tcp"));
    if (zone_of_ours)
        g_hash_table_insert(fake.zone_of, g_strdup("mcgrp"), g_strdup(zone_of_ours));
    fake.deaf = false;
    g_mutex_unlock(&fake.lock);
}

static void firewalld_session(const char *zone_of_ours, const char *during)
{
    reset_firewalld(zone_of_ours);
    g_autofree char *before = firewalld_state();
    McFirewall *firewall = mc_firewall_open("mcgrp");
    g_assert_cmpstr(mc_firewall_kind(firewall), ==, "firewalld, zone drop");
    allow(firewall, PORT);
    g_autofree char *now = firewalld_state();
    g_assert_cmpstr(now, ==, during);
    mc_firewall_close(firewall);
    g_autofree char *after = firewalld_state();
    g_assert_cmpstr(after, ==, before);
}

static void test_firewalld(void)
{
    static const char during[] = "drop 7236/tcp, eth0 in block, home 80/tcp, mcgrp in drop";

    if (!start_firewalld())
        return;
    firewalld_session(NULL, during);
    firewalld_session("public", during);
}

static void test_firewalld_killed(void)
{
    if (!start_firewalld())
        return;
    reset_firewalld("public");
    g_autofree char *before = firewalld_state();
    GSubprocess *victim = start_victim();
    g_autofree char *now = firewalld_state();
    g_assert_cmpstr(now, ==,
                    "drop 67/udp, drop 7236/tcp, eth0 in block, home 80/tcp, mcgrp in drop");
    kill_victim(victim);
    wait_until(firewalld_state, before);
}

static void test_firewalld_refuses(void)
{
    g_autoptr(GError) error = NULL;

    if (!start_firewalld())
        return;
    reset_firewalld(NULL);
    fake.deaf = true;
    g_autofree char *before = firewalld_state();
    McFirewall *firewall = mc_firewall_open("mcgrp");
    g_assert_false(mc_firewall_allow(firewall, MC_FIREWALL_TCP, PORT, &error));
    g_assert_nonnull(error);
    mc_firewall_close(firewall);
    g_autofree char *after = firewalld_state();
    g_assert_cmpstr(after, ==, before);
}

int main(int argc, char **argv)
{
    self_path = argv[0];
    if (argc == 2 && strcmp(argv[1], "--victim") == 0)
        be_victim();
    g_test_init(&argc, &argv, NULL);
    g_setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere", TRUE);
    g_test_add_func("/firewall/plan", test_plan);
    g_test_add_func("/firewall/zone-choice", test_zone_choice);
    if (own_network()) {
        g_test_add_func("/firewall/session", test_session);
        g_test_add_func("/firewall/reloaded", test_reloaded);
        g_test_add_func("/firewall/nothing-refuses", test_nothing_refuses);
        g_test_add_func("/firewall/killed", test_killed);
        g_test_add_func("/firewalld/session", test_firewalld);
        g_test_add_func("/firewalld/killed", test_firewalld_killed);
        g_test_add_func("/firewalld/refuses", test_firewalld_refuses);
    } else {
        g_print("# no network namespace with nft can be made here: no firewall is tested\n");
    }
    int status = g_test_run();
    stop_firewalld();
    return status;
}
