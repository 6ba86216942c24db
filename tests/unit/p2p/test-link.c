/* SPDX-License-Identifier: MIT */
#include "p2p/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static McLinkConfig config_of(const char *kind, const char *listen)
{
    McLinkConfig config = {.timeout_s = 10};

    g_strlcpy(config.kind, kind, sizeof(config.kind));
    g_strlcpy(config.listen, listen, sizeof(config.listen));
    return config;
}

static int dial(uint16_t port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    g_assert_cmpint(connect(fd, (struct sockaddr *) &addr, sizeof(addr)), ==, 0);
    return fd;
}

/* True when the other side closes within the time. */
static bool closed_by_peer(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    char byte;

    return poll(&poll_fd, 1, 5000) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

static void test_one_session(gconstpointer kind)
{
    McLinkConfig config = config_of(kind, "127.0.0.1:0");
    g_autoptr(GError) error = NULL;
    g_autoptr(McLink) link = mc_link_new(&config, &error);
    uint16_t port;

    g_assert_no_error(error);
    g_assert_true(mc_link_listen(link, &port, &error));
    g_assert_cmpint(mc_link_state(link), ==, MC_LINK_STATE_LISTENING);
    int sink = dial(port);
    int fd = mc_link_wait(link, &error);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(mc_link_state(link), ==, MC_LINK_STATE_READY);
    mc_link_settle(link);
    mc_link_settle(link);
    g_assert_cmpint(mc_link_wait(link, NULL), ==, -1);
    int second = dial(port);
    g_assert_true(closed_by_peer(second));
    g_assert_cmpint(send(sink, "x", 1, 0), ==, 1);
    char byte = 0;
    g_assert_cmpint(recv(fd, &byte, 1, 0), ==, 1);
    close(sink);
    close(second);
    close(fd);
    mc_link_leave(link);
    mc_link_leave(link);
    g_assert_cmpint(mc_link_state(link), ==, MC_LINK_STATE_LEFT);
}

/* Who came first was no sink: the next one waits in the backlog for its turn, and the time for all
 * of them is that of the first wait. */
static void test_strangers(gconstpointer kind)
{
    McLinkConfig config = config_of(kind, "127.0.0.1:0");
    g_autoptr(GError) error = NULL;
    uint16_t port;
    char byte = 0;

    config.timeout_s = 1;
    g_autoptr(McLink) link = mc_link_new(&config, NULL);
    g_assert_true(mc_link_listen(link, &port, NULL));
    for (unsigned i = 0; i < 20; i++) {
        int stranger = dial(port), fd = mc_link_wait(link, &error);
        g_assert_no_error(error);
        int next = dial(port);
        close(fd);
        close(stranger);
        fd = mc_link_wait(link, &error);
        g_assert_no_error(error);
        g_assert_cmpint(send(next, "x", 1, 0), ==, 1);
        g_assert_cmpint(recv(fd, &byte, 1, 0), ==, 1);
        close(next);
        close(fd);
    }
    g_assert_cmpint(mc_link_wait(link, &error), ==, -1);
    g_assert_error(error, MC_LINK_ERROR, MC_LINK_ERROR_TIMEOUT);
    g_clear_error(&error);
    int late = dial(port);
    g_assert_cmpint(mc_link_wait(link, &error), ==, -1);
    g_assert_error(error, MC_LINK_ERROR, MC_LINK_ERROR_TIMEOUT);
    close(late);
}

static void test_port_in_use(void)
{
    McLinkConfig config = config_of("lan", "127.0.0.1:0");
    g_autoptr(McLink) first = mc_link_new(&config, NULL);
    g_autoptr(GError) error = NULL;
    uint16_t port, other;

    g_assert_true(mc_link_listen(first, &port, NULL));
    g_autofree char *same = g_strdup_printf("127.0.0.1:%u", port);
    config = config_of("lan", same);
    g_autoptr(McLink) second = mc_link_new(&config, NULL);
    g_assert_false(mc_link_listen(second, &other, &error));
    g_assert_error(error, MC_LINK_ERROR, MC_LINK_ERROR_PORT_USED);
}

static void test_addresses(void)
{
    static const struct {
        const char *kind, *listen;
        int code;
    } bad[] = {
        {"lan", "here", MC_LINK_ERROR_ADDRESS},
        {"lan", "127.0.0.1", MC_LINK_ERROR_ADDRESS},
        {"lan", "127.0.0.1:99999", MC_LINK_ERROR_ADDRESS},
        {"lan", "[::1:5", MC_LINK_ERROR_ADDRESS},
        {"lan", ":", MC_LINK_ERROR_ADDRESS},
        {"pigeon", "127.0.0.1:1", MC_LINK_ERROR_KIND},
        {"loopback", "192.0.2.1:7236", MC_LINK_ERROR_ADDRESS},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        McLinkConfig config = config_of(bad[i].kind, bad[i].listen);
        g_autoptr(GError) error = NULL;
        g_assert_null(mc_link_new(&config, &error));
        g_assert_error(error, MC_LINK_ERROR, bad[i].code);
    }
}

static gpointer cancel_later(gpointer link)
{
    mc_link_cancel(link);
    return NULL;
}

static gpointer leave_later(gpointer link)
{
    mc_link_leave(link);
    return NULL;
}

static void test_woken(gconstpointer how)
{
    McLinkConfig config = config_of("lan", "127.0.0.1:0");
    g_autoptr(McLink) link = mc_link_new(&config, NULL);
    g_autoptr(GError) error = NULL;
    uint16_t port;

    g_assert_true(mc_link_listen(link, &port, NULL));
    GThread *thread = g_thread_new("waker", (GThreadFunc) how, link);
    g_assert_cmpint(mc_link_wait(link, &error), ==, -1);
    /* which one depends on who came first */
    g_assert_true(error->code == MC_LINK_ERROR_CANCELLED || error->code == MC_LINK_ERROR_FAILED);
    g_thread_join(thread);
}

/* A control port that lets nobody in: its queue, of one, is full. */
static int open_full_port(uint16_t *ret_port, int *ret_guest)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    g_assert_cmpint(bind(fd, (struct sockaddr *) &addr, sizeof(addr)), ==, 0);
    g_assert_cmpint(listen(fd, 0), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *) &addr, &len), ==, 0);
    *ret_port = ntohs(addr.sin_port);
    *ret_guest = dial(*ret_port);
    return fd;
}

/* Someone asks for a connection there and waits for the answer (SYN_SENT). */
static bool is_dialled(uint16_t port)
{
    g_autofree char *wanted = g_strdup_printf(":%04X 02 ", port);
    g_autofree char *table = NULL;

    g_assert_true(g_file_get_contents("/proc/net/tcp", &table, NULL, NULL));
    return strstr(table, wanted) != NULL;
}

static gpointer listen_to(gpointer link)
{
    GError *error = NULL;
    uint16_t port;

    g_assert_false(mc_link_listen(link, &port, &error));
    return error;
}

/* Joining a sink takes its time, and a person may think better of it meanwhile. */
static void test_cancelled_early(void)
{
    McLinkConfig config = config_of("mice", "127.0.0.1:0");
    int guest, fd = open_full_port(&config.control_port, &guest);

    g_strlcpy(config.sink, "127.0.0.1", sizeof(config.sink));
    g_autoptr(McLink) link = mc_link_new(&config, NULL);
    GThread *thread = g_thread_new("listen", listen_to, link);
    while (!is_dialled(config.control_port))
        g_thread_yield();
    mc_link_cancel(link);
    g_autoptr(GError) error = g_thread_join(thread);
    g_assert_error(error, MC_LINK_ERROR, MC_LINK_ERROR_CANCELLED);
    close(guest);
    close(fd);
}

static void test_bad_peer(void)
{
    static const struct {
        const char *allow;
        bool good;
    } cases[] = {
        {"192.0.2.7", true},    {"2001:db8::7", true},  {"2001:DB8:0::7", true},
        {"living-room", false}, {"192.0.2.7:1", false}, {"192.0.2", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        McLinkConfig config = config_of("lan", "127.0.0.1:0");
        g_autoptr(GError) error = NULL;
        g_strlcpy(config.allow, cases[i].allow, sizeof(config.allow));
        g_autoptr(McLink) link = mc_link_new(&config, &error);
        g_assert_cmpint(link != NULL, ==, cases[i].good);
        if (!cases[i].good)
            g_assert_error(error, MC_LINK_ERROR, MC_LINK_ERROR_ADDRESS);
    }
}

static void on_progress(const char *step, const char *text, void *user_data)
{
    g_string_append(user_data, text);
}

static void test_only_the_chosen(void)
{
    McLinkConfig config = config_of("lan", "127.0.0.1:0");
    g_autoptr(GString) said = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    uint16_t port;

    g_strlcpy(config.allow, "127.0.0.9", sizeof(config.allow));
    config.timeout_s = 1;
    config.on_progress = on_progress;
    config.user_data = said;
    g_autoptr(McLink) link = mc_link_new(&config, NULL);
    g_assert_true(mc_link_listen(link, &port, NULL));
    int fd = dial(port);
    g_assert_cmpint(mc_link_wait(link, &error), ==, -1);
    g_assert_error(error, MC_LINK_ERROR, MC_LINK_ERROR_TIMEOUT);
    g_assert_true(closed_by_peer(fd));
    g_assert_nonnull(strstr(said->str, "link.refused"));
    close(fd);
}

static void test_commands(void)
{
    McLinkConfig config = config_of("loopback", "127.0.0.1:0");
    g_autoptr(McLink) link = mc_link_new(&config, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(mc_link_command(link, MC_LINK_COMMAND_SET_CHANNEL, 5180, NULL));
    g_assert_true(mc_link_command(link, MC_LINK_COMMAND_POWER_SAVE, 1, NULL));
    g_assert_false(mc_link_command(link, 77, 0, &error));
    g_assert_error(error, MC_LINK_ERROR, MC_LINK_ERROR_NOT_SUPPORTED);
    g_assert_true(mc_link_command(link, MC_LINK_COMMAND_RADIO_OFF, 0, NULL));
    g_assert_cmpint(mc_link_state(link), ==, MC_LINK_STATE_LOST);
    g_assert_true(mc_link_command(link, MC_LINK_COMMAND_LEAVE, 0, NULL));
    g_assert_cmpint(mc_link_state(link), ==, MC_LINK_STATE_LEFT);
}

static uint16_t port_of_name(const McLinkPeer *peer)
{
    return (uint16_t) g_ascii_strtoull(peer->name, NULL, 10);
}

/* Who the sink is is known before it dials in, and where it dials with that. */
static void test_known_peer(void)
{
    McLinkConfig config = config_of("loopback", "127.0.0.1:0");
    g_autoptr(GError) error = NULL;
    McLinkPeer peer;
    uint16_t free_port, port;

    g_autoptr(McLink) nobody = mc_link_new(&config, NULL);
    g_assert_false(mc_link_peer(nobody, &peer));
    g_assert_true(mc_link_listen(nobody, &free_port, NULL));
    mc_link_leave(nobody);
    config.port_of = port_of_name;
    g_snprintf(config.sink, sizeof(config.sink), "%u,00111c440096", free_port);
    g_autoptr(McLink) link = mc_link_new(&config, NULL);
    g_assert_true(mc_link_peer(link, &peer));
    g_assert_cmpmem(peer.device_info, 6, "\x00\x11\x1c\x44\x00\x96", 6);
    g_assert_true(mc_link_listen(link, &port, NULL));
    g_assert_cmpuint(port, ==, free_port);
    g_strlcpy(config.sink, "TV,00111c44009", sizeof(config.sink));
    g_assert_null(mc_link_new(&config, &error));
    g_assert_error(error, MC_LINK_ERROR, MC_LINK_ERROR_ADDRESS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/link/one-session/lan", "lan", test_one_session);
    g_test_add_data_func("/link/one-session/loopback", "loopback", test_one_session);
    g_test_add_data_func("/link/strangers/lan", "lan", test_strangers);
    g_test_add_data_func("/link/strangers/loopback", "loopback", test_strangers);
    g_test_add_func("/link/known-peer", test_known_peer);
    g_test_add_func("/link/port-in-use", test_port_in_use);
    g_test_add_func("/link/addresses", test_addresses);
    g_test_add_data_func("/link/cancelled", cancel_later, test_woken);
    g_test_add_func("/link/cancelled-early", test_cancelled_early);
    g_test_add_func("/link/bad-peer", test_bad_peer);
    g_test_add_data_func("/link/left", leave_later, test_woken);
    g_test_add_func("/link/only-the-chosen", test_only_the_chosen);
    g_test_add_func("/link/commands", test_commands);
    return g_test_run();
}
