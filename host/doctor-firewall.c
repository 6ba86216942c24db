/* SPDX-License-Identifier: MIT */
/* Would a sink that dials in come through the firewall?  A real dial says so. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/doctor.h"
#include "p2p/address.h"
#include "p2p/firewall.h"
#include "p2p/system-bus.h"

/* The sink dials us, on an interface that does not exist before the session.  So the proof is a
 * real dial over one that did not exist before: a pair of virtual cables into a name space of our
 * own.
 *
 *   sink's end, X.2 (name space mc-doctor-PID) ==== our end, X.1, listener on 7236 */
enum {
    RTSP_PORT = 7236,
    DIAL_MS = 1500,
    BUS_MS = 1500,
};

typedef struct {
    char space[32], ours[16], theirs[16];
    uint8_t our_ip[4];   /* a network that this machine is not in */
    const char *why_not; /* the dial could not be tried */
    bool came_in;
    char *opened; /* by which firewall, as a cast does it: then it came in; NULL: not needed */
} Dial;

static bool ip(const char *format, ...) G_GNUC_PRINTF(1, 2);
static bool ip(const char *format, ...)
{
    va_list args;
    int status = -1;

    va_start(args, format);
    g_autofree char *words = g_strdup_vprintf(format, args);
    va_end(args);
    g_auto(GStrv) argv = g_strsplit(words, " ", -1);
    return g_spawn_sync(NULL, argv, NULL,
                        G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                            G_SPAWN_STDERR_TO_DEV_NULL,
                        NULL, NULL, NULL, NULL, &status, NULL) &&
           status == 0;
}

static bool lay_cable(Dial *self)
{
    const uint8_t *net = self->our_ip;

    return ip("ip netns add %s", self->space) &&
           ip("ip link add %s type veth peer name %s netns %s", self->ours, self->theirs,
              self->space) &&
           ip("ip addr add %u.%u.%u.1/30 dev %s", net[0], net[1], net[2], self->ours) &&
           ip("ip link set %s up", self->ours) &&
           ip("ip -n %s addr add %u.%u.%u.2/30 dev %s", self->space, net[0], net[1], net[2],
              self->theirs) &&
           ip("ip -n %s link set %s up", self->space, self->theirs);
}

static void take_up_cable(Dial *self)
{
    ip("ip link del %s", self->ours);
    ip("ip netns del %s", self->space);
}

static struct sockaddr_in our_address(const Dial *self)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(RTSP_PORT)};

    memcpy(&address.sin_addr, self->our_ip, sizeof(self->our_ip));
    return address;
}

/* A thread of its own, as it stays in the other name space. */
static gpointer dial(gpointer user_data)
{
    Dial *self = user_data;
    g_autofree char *path = g_strdup_printf("/run/netns/%s", self->space);
    struct sockaddr_in to = our_address(self);
    int space = open(path, O_RDONLY | O_CLOEXEC), fd = -1, problem = -1;
    socklen_t len = sizeof(problem);

    if (space >= 0 && setns(space, CLONE_NEWNET) == 0)
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        self->why_not = "the name space cannot be entered";
    } else if (connect(fd, (struct sockaddr *) &to, sizeof(to)) == 0 || errno == EINPROGRESS) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        self->came_in = poll(&wait, 1, DIAL_MS) == 1 &&
                        getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &len) == 0 && problem == 0;
    }
    if (fd >= 0)
        close(fd);
    if (space >= 0)
        close(space);
    return NULL;
}

/* Blocked as it is; and with the port open as it is for a session? */
static void dial_as_cast(Dial *self)
{
    g_autoptr(McFirewall) firewall = NULL;

    g_thread_join(g_thread_new("doctor-dial", dial, self));
    if (self->came_in || self->why_not)
        return;
    firewall = mc_firewall_open(self->ours);
    if (!*mc_firewall_kind(firewall) ||
        !mc_firewall_allow(firewall, MC_FIREWALL_TCP, RTSP_PORT, NULL))
        return;
    g_thread_join(g_thread_new("doctor-dial", dial, self));
    if (self->came_in)
        self->opened = g_strdup(mc_firewall_kind(firewall));
}

static void try_dial(Dial *self)
{
    struct sockaddr_in here;
    int listener, on = 1;

    if (geteuid() != 0) {
        self->why_not =
            "only root can lay the test's cable; run 'sudo miracast doctor' for the proof";
        return;
    }
    mc_address_free_subnet(self->our_ip);
    if (!lay_cable(self)) {
        self->why_not = "no virtual cable can be laid (ip, veth)";
        take_up_cable(self);
        return;
    }
    here = our_address(self);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (listener < 0 || bind(listener, (struct sockaddr *) &here, sizeof(here)) < 0 ||
        listen(listener, 1) < 0)
        self->why_not = "another program has port 7236";
    else
        dial_as_cast(self);
    if (listener >= 0)
        close(listener);
    take_up_cable(self);
}

/* --- which firewall it is --------------------------------------------------------------------- */

static bool firewalld_runs(void)
{
    g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);

    return bus && mc_system_bus_has(bus, "org.fedoraproject.FirewallD1", BUS_MS);
}

static bool ufw_is_on(void)
{
    g_autofree char *text = NULL;

    return g_file_get_contents("/etc/ufw/ufw.conf", &text, NULL, NULL) &&
           strstr(text, "ENABLED=yes") != NULL;
}

static const char *what_helps(void)
{
    if (firewalld_runs())
        return "open the port: firewall-cmd --add-port=7236/tcp --add-service=dhcp";
    if (ufw_is_on())
        return "open the port: ufw allow in proto tcp to any port 7236";
    return "allow TCP port 7236 in your firewall's input rules: nft list ruleset shows them";
}

void mc_doctor_firewall(McDoctor *self)
{
    Dial test = {0};
    const char *kind = firewalld_runs() ? "firewalld" : ufw_is_on() ? "ufw" : NULL;

    g_snprintf(test.space, sizeof(test.space), "mc-doctor-%d", (int) getpid());
    g_snprintf(test.ours, sizeof(test.ours), "mcd%d", (int) getpid());
    g_snprintf(test.theirs, sizeof(test.theirs), "mct%d", (int) getpid());
    try_dial(&test);
    if (test.why_not)
        mc_doctor_say(self, kind ? MC_FINDING_WARN : MC_FINDING_OK, "firewall",
                      kind ? what_helps() : NULL, "%s%s; not proved: %s",
                      kind ? kind : "none is known", kind ? " is on" : "", test.why_not);
    else if (test.opened)
        mc_doctor_say(self, MC_FINDING_OK, "firewall", NULL,
                      "it blocks port 7236, and let a dial in when opened as for a session (%s)",
                      test.opened);
    else if (test.came_in)
        mc_doctor_say(self, MC_FINDING_OK, "firewall", NULL,
                      "a dial to port 7236 over a new interface came in%s%s", kind ? "; " : "",
                      kind ? kind : "");
    else
        mc_doctor_say(
            self, MC_FINDING_FAIL, "firewall", what_helps(),
            "a dial to port 7236 over a new interface was blocked: no sink would come in");
    g_free(test.opened);
}
