/* SPDX-License-Identifier: MIT */
/* The transmitter over loopback TCP against the lab's receiver, whose cryptography is its own. */
#include "umd/hdcp/machine.h"

#include <arpa/inet.h>
#include <json-glib/json-glib.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/unit/umd/hdcp-test-keys.h"
#include "umd/hdcp/error.h"

#define LIMIT_US (20 * G_USEC_PER_SEC)

static const char *data_dir, *script;

typedef struct {
    GPid pid;
    int to_fd, from_fd, fd;
    GString *lines; /* read, not yet taken */
    uint16_t port;
    McHdcpKeys *keys;
    McHdcpPairings *pairings;
    McHdcpMachine *tx;
    McHdcpMachineConfig config;
    unsigned ready, stopped, failed;
} Lab;

static void read_lines(Lab *lab)
{
    char bytes[4096];
    const ssize_t n = read(lab->from_fd, bytes, sizeof(bytes));

    g_assert_cmpint(n, >, 0);
    g_string_append_len(lab->lines, bytes, n);
}

static char *next_line(Lab *lab)
{
    char *end;

    while (!(end = strchr(lab->lines->str, '\n'))) {
        struct pollfd wait = {.fd = lab->from_fd, .events = POLLIN};

        g_assert_cmpint(poll(&wait, 1, LIMIT_US / 1000), ==, 1);
        read_lines(lab);
    }
    char *line = g_strndup(lab->lines->str, (gsize) (end - lab->lines->str));
    g_string_erase(lab->lines, 0, end - lab->lines->str + 1);
    return line;
}

/* The next event of that name; those before are passed over. */
static JsonNode *await(Lab *lab, const char *name)
{
    for (;;) {
        g_autofree char *line = next_line(lab);
        JsonNode *node = json_from_string(line, NULL);

        g_assert_nonnull(node);
        JsonObject *object = json_node_get_object(node);
        if (!strcmp(json_object_get_string_member(object, "event"), name))
            return node;
        g_assert_cmpstr(json_object_get_string_member(object, "event"), !=, "error");
        json_node_unref(node);
    }
}

static void command(Lab *lab, const char *text)
{
    const size_t len = strlen(text);

    g_assert_cmpint(write(lab->to_fd, text, len), ==, len);
}

static Lab *lab_new(const char *options)
{
    Lab *lab = g_new0(Lab, 1);
    g_autofree char *line = g_strdup_printf("python3 %s --data %s %s", script, data_dir, options);
    g_auto(GStrv) argv = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(g_shell_parse_argv(line, NULL, &argv, NULL));
    g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                             NULL, NULL, &lab->pid, &lab->to_fd, &lab->from_fd, NULL, &error);
    g_assert_no_error(error);
    lab->lines = g_string_new(NULL);
    lab->fd = -1;
    g_autofree char *listening = next_line(lab);
    g_assert_true(g_str_has_prefix(listening, "listening "));
    lab->port = (uint16_t) atoi(listening + strlen("listening "));
    lab->keys = load_test_keys(data_dir);
    lab->pairings = mc_hdcp_pairings_new();
    lab->config = mc_hdcp_machine_config_default();
    lab->config.keys = lab->keys;
    lab->config.pairings = lab->pairings;
    return lab;
}

static void lab_hang_up(Lab *lab)
{
    if (lab->fd >= 0)
        close(lab->fd);
    lab->fd = -1;
    mc_hdcp_machine_free(g_steal_pointer(&lab->tx));
    lab->ready = lab->stopped = lab->failed = 0;
}

static void lab_free(Lab *lab)
{
    int status = 1;

    lab_hang_up(lab);
    close(lab->to_fd); /* end of its commands: it leaves by itself */
    waitpid(lab->pid, &status, 0);
    g_assert_true(g_spawn_check_wait_status(status, NULL));
    close(lab->from_fd);
    g_string_free(lab->lines, TRUE);
    mc_hdcp_pairings_free(lab->pairings);
    mc_hdcp_keys_free(lab->keys);
    g_free(lab);
}

static void take_events(Lab *lab)
{
    McHdcpEventType event;

    while (mc_hdcp_machine_next_event(lab->tx, &event)) {
        lab->ready += event == MC_HDCP_EVENT_READY;
        lab->stopped += event == MC_HDCP_EVENT_STOP_CONTENT;
        lab->failed += event == MC_HDCP_EVENT_FAILED;
    }
}

static void write_out(Lab *lab)
{
    size_t len = 0;
    const uint8_t *bytes = mc_hdcp_machine_output(lab->tx, &len);

    if (len)
        g_assert_cmpint(write(lab->fd, bytes, len), ==, len);
    mc_hdcp_machine_consume(lab->tx, len);
}

static int wait_ms(const Lab *lab, int64_t limit_us)
{
    const int64_t deadline = mc_hdcp_machine_deadline_us(lab->tx);
    const int64_t until = deadline >= 0 ? MIN(deadline, limit_us) : limit_us;
    const int64_t left = until - g_get_monotonic_time();

    return left > 0 ? (int) ((left + 999) / 1000) : 0;
}

/* As a session's loop does it, until done says so. */
static void run_until(Lab *lab, const unsigned *done, unsigned count)
{
    const int64_t limit = g_get_monotonic_time() + LIMIT_US;

    write_out(lab);
    while (*done < count && !lab->failed) {
        struct pollfd wait[] = {{.fd = lab->fd, .events = POLLIN},
                                {.fd = lab->from_fd, .events = POLLIN}};
        uint8_t bytes[2048];

        g_assert_cmpint(g_get_monotonic_time(), <, limit);
        poll(wait, 2, wait_ms(lab, limit));
        if (wait[1].revents) /* or its pipe would be full some time */
            read_lines(lab);
        if (wait[0].revents) {
            const ssize_t n = read(lab->fd, bytes, sizeof(bytes));

            if (n > 0)
                mc_hdcp_machine_receive(lab->tx, bytes, (size_t) n, g_get_monotonic_time());
            else
                mc_hdcp_machine_disconnected(lab->tx);
        }
        mc_hdcp_machine_tick(lab->tx, g_get_monotonic_time());
        write_out(lab);
        take_events(lab);
    }
}

static void start(Lab *lab)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(lab->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    g_autoptr(GError) error = NULL;

    lab->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(lab->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    g_assert_cmpint(connect(lab->fd, (const struct sockaddr *) &address, sizeof(address)), ==, 0);
    lab->tx = mc_hdcp_machine_new(&lab->config, &error);
    g_assert_no_error(error);
    mc_hdcp_machine_start(lab->tx, g_get_monotonic_time());
}

static void assert_ready(Lab *lab, unsigned count)
{
    const GError *error = mc_hdcp_machine_error(lab->tx);

    if (error)
        g_test_message("%s: %s", mc_hdcp_error_code(error->code), error->message);
    g_assert_cmpuint(lab->failed, ==, 0);
    g_assert_cmpuint(lab->ready, ==, count);
}

static void append_hex(GString *text, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
}

/* What we encrypt the receiver can read, from the PES private data alone. */
static void assert_content(Lab *lab)
{
    g_autoptr(McHdcpContent) content = mc_hdcp_content_new();
    uint8_t plain[333], out[333], private[16];

    mc_hdcp_content_set_cipher(content, mc_hdcp_machine_new_cipher(lab->tx));
    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (uint8_t) (i * 5);
    for (unsigned pes = 0; pes < 4; pes++) {
        g_autoptr(GString) line = g_string_new("decrypt "), expected = g_string_new(NULL);

        g_assert_true(
            mc_hdcp_content_encrypt(pes & 1, plain, out, sizeof(plain) - pes, private, content));
        append_hex(line, private, 16);
        g_string_append_c(line, ' ');
        append_hex(line, out, sizeof(plain) - pes);
        g_string_append_c(line, '\n');
        command(lab, line->str);
        append_hex(expected, plain, sizeof(plain) - pes);
        JsonNode *node = await(lab, "decrypted");
        g_assert_cmpstr(json_object_get_string_member(json_node_get_object(node), "payload"), ==,
                        expected->str);
        json_node_unref(node);
    }
}

static void assert_stored(Lab *lab, bool stored)
{
    JsonNode *node = await(lab, "km");

    g_assert_cmpint(json_object_get_boolean_member(json_node_get_object(node), "stored"), ==,
                    stored);
    json_node_unref(node);
}

/* Meets the receiver twice: the second time it is known. */
static void test_variant(const void *options)
{
    Lab *lab = lab_new(options);

    for (unsigned i = 0; i < 2; i++) {
        start(lab);
        run_until(lab, &lab->ready, 1);
        assert_ready(lab, 1);
        assert_stored(lab, i == 1);
        assert_content(lab);
        const McHdcpStatus *status = mc_hdcp_machine_status(lab->tx);
        g_test_message("%s: L' after %u us, try %u", (const char *) options, status->locality_us,
                       status->locality_tries);
        g_assert_cmpint(status->repeater, ==, strstr(options, "--repeater") != NULL);
        lab_hang_up(lab);
    }
    lab_free(lab);
}

static void test_reauthentication(void)
{
    Lab *lab = lab_new("--version 2 --repeater");

    start(lab);
    run_until(lab, &lab->ready, 1);
    assert_content(lab);
    command(lab, "reauth\n");
    run_until(lab, &lab->stopped, 1);
    run_until(lab, &lab->ready, 2);
    assert_ready(lab, 2);
    assert_content(lab);
    command(lab, "list 3\n");
    const int64_t limit = g_get_monotonic_time() + LIMIT_US;
    while (mc_hdcp_machine_status(lab->tx)->device_count != 3) {
        uint8_t bytes[2048];
        const ssize_t n = read(lab->fd, bytes, sizeof(bytes));

        g_assert_cmpint(n, >, 0);
        g_assert_cmpint(g_get_monotonic_time(), <, limit);
        mc_hdcp_machine_receive(lab->tx, bytes, (size_t) n, g_get_monotonic_time());
    }
    write_out(lab);
    JsonNode *node = await(lab, "ack");
    g_assert_true(json_object_get_boolean_member(json_node_get_object(node), "right"));
    json_node_unref(node);
    lab_free(lab);
}

static void test_slow_l(void)
{
    Lab *lab = lab_new("--slow-l 0.03 --slow-count 2");

    start(lab);
    run_until(lab, &lab->ready, 1);
    assert_ready(lab, 1);
    g_assert_cmpuint(mc_hdcp_machine_status(lab->tx)->locality_tries, >, 1);
    assert_content(lab);
    lab_free(lab);
}

typedef struct {
    const char *options, *code;
} Fault;

static const Fault faults[] = {
    {"--fault wrong-h", "hdcp.h-prime"},
    {"--fault wrong-l", "hdcp.locality"},
    {"--fault bad-cert", "hdcp.certificate"},
    {"--fault silent", "hdcp.timeout"},
    {"--repeater --fault wrong-v", "hdcp.v-prime"},
    {"--version 0 --repeater --fault wrong-v", "hdcp.v-prime"},
    {"--repeater --fault wrong-m", "hdcp.m-prime"},
};

static void test_fault(const void *data)
{
    const Fault *fault = data;
    Lab *lab = lab_new(fault->options);

    start(lab);
    run_until(lab, &lab->failed, 1);
    g_assert_cmpuint(lab->failed, ==, 1);
    g_assert_cmpuint(lab->ready, ==, 0);
    g_assert_cmpstr(mc_hdcp_error_code(mc_hdcp_machine_error(lab->tx)->code), ==, fault->code);
    lab_free(lab);
}

int main(int argc, char **argv)
{
    static const char *const variants[] = {
        "--version 0",
        "--version 1",
        "--version 2",
        "--version 1 --no-precompute",
        "--version 2 --no-precompute",
        "--version 0 --repeater",
        "--version 1 --repeater",
        "--version 2 --repeater",
    };

    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    data_dir = g_getenv("HDCP_TEST_DATA");
    script = g_getenv("HDCP_RECEIVER");
    g_assert_true(data_dir && script);
    for (size_t i = 0; i < G_N_ELEMENTS(variants); i++) {
        g_autofree char *name = g_strdup_printf("/hdcp/loopback/variant/%s", variants[i]);
        g_test_add_data_func(name, variants[i], test_variant);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *name = g_strdup_printf("/hdcp/loopback/%s", faults[i].options);
        g_test_add_data_func(name, &faults[i], test_fault);
    }
    g_test_add_func("/hdcp/loopback/reauthentication", test_reauthentication);
    g_test_add_func("/hdcp/loopback/slow-l", test_slow_l);
    return g_test_run();
}
