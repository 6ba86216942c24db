/* SPDX-License-Identifier: MIT */
/* The sender over real UDP sockets on 127.0.0.1. */
#include "encoder/sender.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "encoder/stream.h"

#define PACKET 188u
#define PATIENCE_MS 60000 /* a bound on hangs */
#define ATTEMPTS 50u      /* a busy machine disturbs one or another */

typedef struct {
    int tx, rx;
    uint16_t port;
} Pair;

static int bound_socket(uint16_t *ret_port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *) &addr, len), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *) &addr, &len), ==, 0);
    *ret_port = ntohs(addr.sin_port);
    return fd;
}

static Pair pair_open(void)
{
    Pair pair;
    uint16_t unused;
    const int size = 4 << 20;

    pair.rx = bound_socket(&pair.port);
    pair.tx = bound_socket(&unused);
    setsockopt(pair.rx, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(pair.rx, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return pair;
}

static void pair_close(Pair *pair)
{
    close(pair->tx);
    close(pair->rx);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_close)

typedef struct {
    unsigned datagrams, markers;
    size_t ts_bytes;
    uint16_t next_seq;
    int64_t first_us, last_us;
    bool out_of_order;
} Received;

/* Reads until n datagrams came, or nothing came for wait_ms. */
static void receive(const Pair *pair, unsigned n, int wait_ms, Received *got)
{
    uint8_t buf[2048];

    while (got->datagrams < n) {
        struct pollfd pfd = {pair->rx, POLLIN, 0};
        ssize_t len;

        if (poll(&pfd, 1, wait_ms) != 1)
            return;
        len = recv(pair->rx, buf, sizeof buf, 0);
        g_assert_cmpint(len, >=, 12 + (int) PACKET);
        g_assert_cmpint(len, <=, 1328);
        g_assert_cmpint((len - 12) % PACKET, ==, 0);
        for (ssize_t at = 12; at < len; at += PACKET)
            g_assert_cmphex(buf[at], ==, 0x47);
        g_assert_cmphex(buf[0], ==, 0x80);
        got->out_of_order |= (buf[2] << 8 | buf[3]) != got->next_seq;
        got->next_seq = (uint16_t) ((buf[2] << 8 | buf[3]) + 1);
        got->markers += buf[1] >> 7;
        got->ts_bytes += (size_t) len - 12;
        got->last_us = g_get_monotonic_time();
        if (!got->datagrams++)
            got->first_us = got->last_us;
    }
}

static uint8_t *make_ts(size_t packets)
{
    uint8_t *ts = g_malloc0(packets * PACKET);

    for (size_t i = 0; i < packets; i++)
        ts[i * PACKET] = 0x47;
    return ts;
}

static void send_ts(McSender *sender, McRtpPacketiser *rtp, const uint8_t *ts, size_t len,
                    uint32_t timestamp_90k, bool marker)
{
    mc_sender_send_frame(
        sender, rtp,
        &(McSenderFrame){
            .ts = ts, .len = len, .timestamp_90k = timestamp_90k, .no_marker = !marker});
}

static void test_counts(void)
{
    g_auto(Pair) pair = pair_open();
    g_autoptr(GError) error = NULL;
    g_autoptr(McSender) sender = mc_sender_new(pair.tx, "127.0.0.1", pair.port, &error);
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(1, 65530);
    g_autofree uint8_t *ts = make_ts(700);
    Received got = {.next_seq = 65530};
    unsigned expected = 0;

    g_assert_no_error(error);
    for (size_t packets = 1; packets < 60; packets++) {
        send_ts(sender, rtp, ts, packets * PACKET, (uint32_t) packets, packets % 2);
        expected += (unsigned) (packets + 6) / 7;
        receive(&pair, expected, PATIENCE_MS, &got);
        g_assert_cmpuint(got.datagrams, ==, expected);
    }
    g_assert_false(got.out_of_order);
    g_assert_cmpuint(got.markers, ==, 30);
    g_assert_cmpuint(mc_sender_stats(sender).datagrams, ==, expected);
    g_assert_cmpuint(mc_sender_stats(sender).bytes, ==, got.ts_bytes + 12 * expected);
    g_assert_cmpuint(mc_sender_stats(sender).dropped, ==, 0);
}

/* 100 datagrams in one go: segmented sends must arrive as the same datagrams. */
static void test_large_frame(void)
{
    g_auto(Pair) pair = pair_open();
    g_autoptr(McSender) sender = mc_sender_new(pair.tx, "127.0.0.1", pair.port, NULL);
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(1, 0);
    g_autofree uint8_t *ts = make_ts(698);
    Received got = {0};

    send_ts(sender, rtp, ts, 698 * PACKET, 0, true);
    receive(&pair, 100, PATIENCE_MS, &got);
    g_assert_cmpuint(got.datagrams, ==, 100);
    g_assert_cmpuint(got.ts_bytes, ==, 698 * PACKET);
    g_assert_cmpuint(got.markers, ==, 1);
    g_assert_false(got.out_of_order);
}

static void test_connected(void)
{
    g_auto(Pair) pair = pair_open();
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons(pair.port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(1, 0);
    g_autofree uint8_t *ts = make_ts(7);
    g_autoptr(McSender) sender = NULL;
    Received got = {0};

    g_assert_cmpint(connect(pair.tx, (struct sockaddr *) &addr, sizeof addr), ==, 0);
    sender = mc_sender_new(pair.tx, "127.0.0.1", pair.port, NULL);
    send_ts(sender, rtp, ts, 7 * PACKET, 0, false);
    receive(&pair, 1, PATIENCE_MS, &got);
    g_assert_cmpuint(got.datagrams, ==, 1);
}

/* A sink that closed its port: ICMP errors come back and do not stop the stream. */
static void test_refused(void)
{
    g_auto(Pair) pair = pair_open();
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons(pair.port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(1, 0);
    g_autofree uint8_t *ts = make_ts(7);
    g_autoptr(McSender) sender = NULL;

    g_assert_cmpint(connect(pair.tx, (struct sockaddr *) &addr, sizeof addr), ==, 0);
    sender = mc_sender_new(pair.tx, "127.0.0.1", pair.port, NULL);
    close(pair.rx);
    for (int i = 0; i < 20; i++)
        send_ts(sender, rtp, ts, 7 * PACKET, 0, false);
    g_assert_cmpuint(mc_sender_stats(sender).datagrams, ==, 20);
    g_assert_cmpuint(mc_sender_stats(sender).dropped, ==, 0);
    g_assert_cmpuint(mc_sender_stats(sender).refusals, >=, 10);
    pair.rx = -1;
}

/* The same of a socket that is not connected, as the session's is: the answers are told there too,
 * and a whole frame leaves though each of its datagrams is answered. */
static void test_refused_unconnected(void)
{
    g_auto(Pair) pair = pair_open();
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(1, 0);
    g_autofree uint8_t *ts = make_ts(70);
    g_autoptr(McSender) sender = mc_sender_new(pair.tx, "127.0.0.1", pair.port, NULL);

    close(pair.rx);
    pair.rx = -1;
    for (int i = 0; i < 20; i++)
        send_ts(sender, rtp, ts, 70 * PACKET, 0, true);
    g_assert_cmpuint(mc_sender_stats(sender).datagrams, ==, 200);
    g_assert_cmpuint(mc_sender_stats(sender).dropped, ==, 0);
    g_assert_cmpuint(mc_sender_stats(sender).refusals, >=, 10);
}

static void test_bad_arguments(void)
{
    g_auto(Pair) pair = pair_open();
    static const char *const bad[] = {"", "localhost", "300.1.1.1", "fe80::1", "127.0.0.1 "};
    int pipes[2];

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(mc_sender_new(pair.tx, bad[i], 1000, &error));
        g_assert_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_SOCKET);
    }
    g_assert_null(mc_sender_new(pair.tx, "127.0.0.1", 0, NULL));
    g_assert_null(mc_sender_new(-1, "127.0.0.1", 1000, NULL));
    g_assert_cmpint(pipe(pipes), ==, 0);
    g_assert_null(mc_sender_new(pipes[1], "127.0.0.1", 1000, NULL));
    close(pipes[0]);
    close(pipes[1]);
}

/* Each of n datagrams has left, or was given up: what leaves too late is of no use to anyone. */
static bool all_left(McSender *sender, uint64_t n)
{
    const int64_t end_us = g_get_monotonic_time() + PATIENCE_MS * 1000;
    McSenderStats stats;

    do {
        g_usleep(500); /* nothing tells the test when a datagram left */
        stats = mc_sender_stats(sender);
        g_assert_cmpint(g_get_monotonic_time(), <, end_us);
    } while (stats.datagrams + stats.dropped < n);
    return stats.dropped == 0;
}

static void note_frame(uint64_t frame_id, void *user_data)
{
    g_array_append_val((GArray *) user_data, frame_id);
}

/* False: disturbed. */
static bool check_hook(uint32_t window_us)
{
    g_auto(Pair) pair = pair_open();
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(1, 0);
    g_autofree uint8_t *ts = make_ts(70);
    g_autoptr(McSender) sender = mc_sender_new(pair.tx, "127.0.0.1", pair.port, NULL);
    Received got = {0};

    mc_sender_set_frame_hook(sender, note_frame, frames);
    g_assert_true(mc_sender_set_pacing(sender, window_us, NULL));
    for (uint64_t id = 1; id <= 5; id++) {
        send_ts(sender, rtp, ts, PACKET, 0, false); /* sound: no hook */
        mc_sender_send_frame(sender, rtp,
                             &(McSenderFrame){.ts = ts, .len = 70 * PACKET, .frame_id = id});
    }
    if (!all_left(sender, 55))
        return false;
    receive(&pair, 55, PATIENCE_MS, &got);
    g_assert_cmpuint(got.datagrams, ==, 55);
    g_assert_false(got.out_of_order);
    mc_sender_set_pacing(sender, 0, NULL);
    g_assert_cmpuint(frames->len, ==, 5);
    for (uint64_t id = 1; id <= 5; id++)
        g_assert_cmpuint(g_array_index(frames, uint64_t, id - 1), ==, id);
    return true;
}

static void test_hook(void)
{
    unsigned i = 0;

    g_assert_true(check_hook(0));
    while (!check_hook(5000))
        g_assert_cmpuint(++i, <, ATTEMPTS);
}

/* 214 datagrams (a key frame at 1080p) over 16 ms: spread, in time, complete.  0: disturbed. */
static int64_t paced_spread_us(void)
{
    g_auto(Pair) pair = pair_open();
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(1, 0);
    g_autofree uint8_t *ts = make_ts(214 * 7);
    g_autoptr(McSender) sender = mc_sender_new(pair.tx, "127.0.0.1", pair.port, NULL);
    Received got = {0};
    int64_t called_us, spread_us;

    g_assert_true(mc_sender_set_pacing(sender, 16000, NULL));
    called_us = g_get_monotonic_time();
    send_ts(sender, rtp, ts, 214 * 7 * PACKET, 0, true);
    called_us = g_get_monotonic_time() - called_us;
    receive(&pair, 1, PATIENCE_MS, &got);
    receive(&pair, 214, 300, &got);
    if (!all_left(sender, 214))
        return 0;
    receive(&pair, 214, PATIENCE_MS, &got);
    g_assert_cmpuint(got.datagrams, ==, 214);
    g_assert_false(got.out_of_order);
    spread_us = got.last_us - got.first_us;
    g_test_message("caller held %" G_GINT64_FORMAT " us, spread %" G_GINT64_FORMAT " us", called_us,
                   spread_us);
    return spread_us;
}

/* A busy machine lets sender or receiver sleep through the whole frame, though not every time. */
static void test_pacing(void)
{
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        int64_t spread_us = paced_spread_us();
        if (spread_us > 10000 && spread_us < 500000)
            return;
    }
    g_test_fail_printf("no frame was spread over its 16 ms");
}

/* False: all of it had left before the test came to say so. */
static bool check_discard(bool free_it)
{
    g_auto(Pair) pair = pair_open();
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(1, 0);
    g_autofree uint8_t *ts = make_ts(1000 * 7);
    g_autoptr(McSender) sender = mc_sender_new(pair.tx, "127.0.0.1", pair.port, NULL);
    Received before = {0}, after = {0};

    g_assert_true(mc_sender_set_pacing(sender, 100000, NULL));
    send_ts(sender, rtp, ts, 1000 * 7 * PACKET, 0, true);
    receive(&pair, 1, PATIENCE_MS, &before);
    if (free_it)
        g_clear_pointer(&sender, mc_sender_free);
    else
        mc_sender_discard(sender);
    receive(&pair, 5000, 0, &before);
    receive(&pair, 1, 50, &after);
    g_assert_cmpuint(after.datagrams, ==, 0);
    if (sender) {
        const McSenderStats stats = mc_sender_stats(sender);

        g_assert_cmpuint(stats.datagrams + stats.dropped, ==, 1000);
    }
    return before.datagrams < 1000;
}

/* Freed, or told to discard, with a frame on its way: at once, and nothing leaves afterwards. */
static void test_discard(void)
{
    for (unsigned i = 0; i < 2; i++)
        for (unsigned attempt = 0; !check_discard(i); attempt++)
            g_assert_cmpuint(attempt, <, ATTEMPTS);
}

/* ---------- what leaves twice ---------- */

#define SEALED 4u /* bytes that the test's encryption adds: how often it was asked */

static bool seal(uint8_t *datagram, size_t room, size_t *len, void *user_data)
{
    const uint32_t count = ++*(uint32_t *) user_data;

    g_assert_cmpuint(*len + SEALED, <=, room);
    memcpy(datagram + *len, &count, SEALED);
    *len += SEALED;
    return true;
}

typedef struct {
    GPtrArray *datagrams; /* GBytes, as they came */
    unsigned first, again;
    bool same;   /* bytes, of both of each */
    bool behind; /* no duplicate before the last of what leaves once */
} Twice;

static uint16_t seq_of(const uint8_t *datagram)
{
    return (uint16_t) (datagram[2] << 8 | datagram[3]);
}

static void take_twice(const Pair *pair, unsigned n, Twice *got)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    uint8_t buf[2048];

    got->datagrams = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    got->same = got->behind = true;
    for (unsigned i = 0; i < n; i++) {
        struct pollfd pfd = {pair->rx, POLLIN, 0};

        g_assert_cmpint(poll(&pfd, 1, PATIENCE_MS), ==, 1);
        const ssize_t len = recv(pair->rx, buf, sizeof buf, 0);
        g_assert_cmpint(len, >, 12);
        GBytes *bytes = g_bytes_new(buf, (size_t) len);
        gpointer seq = GUINT_TO_POINTER(seq_of(buf)), before = NULL;
        g_ptr_array_add(got->datagrams, bytes);
        if (g_hash_table_lookup_extended(seen, seq, NULL, &before)) {
            got->again++;
            got->same = got->same && g_bytes_equal(bytes, before);
        } else {
            got->first++;
            got->behind = got->behind && !got->again;
            g_hash_table_insert(seen, seq, bytes);
        }
    }
}

static bool check_twice(uint32_t window_us, bool next)
{
    g_auto(Pair) pair = pair_open();
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(1, 65500);
    g_autofree uint8_t *ts = make_ts(280);
    g_autoptr(McSender) sender = mc_sender_new(pair.tx, "127.0.0.1", pair.port, NULL);
    const McSenderFrame frame = {.ts = ts, .len = 280 * PACKET, .twice = true};
    const unsigned once = next ? 50 : 40; /* datagrams: another picture's ten come at once */
    uint32_t sealed = 0;
    Twice got = {0};

    mc_sender_set_protect(sender, seal, &sealed);
    g_assert_true(mc_sender_set_pacing(sender, window_us, NULL));
    mc_sender_send_frame(sender, rtp, &frame);
    if (next)
        send_ts(sender, rtp, ts, 70 * PACKET, 1, true);
    if (window_us && !all_left(sender, once))
        return false;
    take_twice(&pair, once + 40, &got);
    mc_sender_set_pacing(sender, 0, NULL);
    const McSenderStats stats = mc_sender_stats(sender);
    g_assert_cmpuint(got.first, ==, once);
    g_assert_cmpuint(got.again, ==, 40);
    g_assert_true(got.same);
    g_assert_cmpuint(sealed, ==,
                     once); /* each once: a second time under another number is another datagram */
    g_assert_cmpuint(stats.datagrams, ==, once);
    g_assert_cmpuint(stats.duplicates, ==, 40);
    g_assert_cmpuint(stats.duplicate_bytes, ==, 280 * PACKET + 40 * (12 + SEALED));
    g_assert_cmpuint(mc_rtp_packetiser_packets(rtp), ==, once);
    const bool in_order = got.behind;
    g_ptr_array_unref(got.datagrams);
    return in_order;
}

/* A key frame's datagrams once more, behind all of its first ones, the same bytes; and where the
 * next picture comes meanwhile, it does not wait for them. */
static void test_twice(void)
{
    g_assert_true(check_twice(0, false));
    for (unsigned i = 0; i < 2; i++)
        for (unsigned attempt = 0; !check_twice(3000, i); attempt++)
            g_assert_cmpuint(attempt, <, ATTEMPTS);
}

/* They are no reason to wait for, and do not outlast a pause. */
static void test_twice_discarded(void)
{
    g_auto(Pair) pair = pair_open();
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(1, 0);
    g_autofree uint8_t *ts = make_ts(280);
    g_autoptr(McSender) sender = mc_sender_new(pair.tx, "127.0.0.1", pair.port, NULL);
    Received got = {0};

    g_assert_true(mc_sender_set_pacing(sender, 16000, NULL));
    mc_sender_send_frame(sender, rtp,
                         &(McSenderFrame){.ts = ts, .len = 280 * PACKET, .twice = true});
    mc_sender_drain(sender, PATIENCE_MS * 1000);
    mc_sender_discard(sender);
    const McSenderStats stats = mc_sender_stats(sender);
    g_assert_cmpuint(stats.datagrams, ==, 40);
    receive(&pair, 1000, 50, &got);
    g_assert_cmpuint(got.datagrams, ==, stats.datagrams + stats.duplicates);
    g_assert_cmpuint(mc_sender_stats(sender).duplicates, ==, stats.duplicates);
}

static bool protect_all(uint8_t *datagram, size_t room, size_t *len, void *user_data)
{
    memset(datagram, 0x17, *len); /* DTLS: no number can be read in it */
    return true;
}

static void expect(const Pair *pair, unsigned n)
{
    uint8_t buf[2048];

    for (unsigned i = 0; i < n; i++) {
        struct pollfd pfd = {pair->rx, POLLIN, 0};
        g_assert_cmpint(poll(&pfd, 1, PATIENCE_MS), ==, 1);
        g_assert_cmpint(recv(pair->rx, buf, sizeof buf, 0), >, 0);
    }
}

/* What is asked for comes again as it was, whoever protected it; what never was, is gone, or is
 * more than a share of all, does not. */
static void check_resend(uint32_t window_us, McSenderProtect protect)
{
    g_auto(Pair) pair = pair_open();
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(1, 65530);
    g_autofree uint8_t *ts = make_ts(40 * 7);
    g_autoptr(McSender) sender = mc_sender_new(pair.tx, "127.0.0.1", pair.port, NULL);
    const uint16_t asked[] = {65531, 3, 65529, 34, 1000};
    uint16_t all[40];

    mc_sender_set_protect(sender, protect, NULL);
    g_assert_true(mc_sender_set_pacing(sender, window_us, NULL));
    g_assert_cmpuint(mc_sender_resend(sender, asked, G_N_ELEMENTS(asked)), ==, 0);
    send_ts(sender, rtp, ts, 40 * 7 * PACKET, 0, true);
    g_assert_true(mc_sender_drain(sender, PATIENCE_MS * 1000));
    g_assert_cmpuint(mc_sender_resend(sender, asked, G_N_ELEMENTS(asked)), ==, 2);
    expect(&pair, 42);
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
        all[i] = (uint16_t) (65530 + i);
    g_assert_cmpuint(mc_sender_resend(sender, all, G_N_ELEMENTS(all)), ==, 8); /* of 40, ten */
    expect(&pair, 8);
    g_assert_cmpuint(mc_sender_stats(sender).datagrams, ==, 40);
}

static void test_resend(void)
{
    check_resend(0, NULL);
    check_resend(3000, NULL);
    check_resend(0, protect_all);
}

/* More than the queue holds: bounded, counted, and the rest arrives. */
static void test_overflow(void)
{
    g_auto(Pair) pair = pair_open();
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(1, 0);
    g_autofree uint8_t *ts = make_ts(5000 * 7);
    g_autoptr(McSender) sender = mc_sender_new(pair.tx, "127.0.0.1", pair.port, NULL);
    McSenderStats stats;

    g_assert_true(mc_sender_set_pacing(sender, 100000, NULL));
    send_ts(sender, rtp, ts, 5000 * 7 * PACKET, 0, true);
    mc_sender_discard(sender);
    stats = mc_sender_stats(sender);
    g_assert_cmpuint(stats.datagrams + stats.dropped, ==, 5000);
    g_assert_cmpuint(stats.dropped, >=, 5000 - 2048);
}

/* ---------- a socket that takes no more ---------- */

/* Runs in a network namespace of its own, where nobody answers ARP for 10.99.0.2: datagrams wait in
 * the kernel, charged to a small send buffer, until the neighbour is made known. */
static bool enter_silent_network(void)
{
    static const char *const setup = "ip link add v0 type veth peer name v1 && "
                                     "ip addr add 10.99.0.1/24 dev v0 && "
                                     "ip link set v1 up && ip link set v0 up";
    const char *argv[] = {"sh", "-c", setup, NULL};
    int status = -1;

    return unshare(CLONE_NEWNET) == 0 &&
           g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                        &status, NULL) &&
           status == 0;
}

static struct arpreq neighbour(void)
{
    struct arpreq request = {.arp_ha = {.sa_family = ARPHRD_ETHER, .sa_data = {2, 0, 0, 0, 0, 2}},
                             .arp_flags = ATF_COM | ATF_PERM,
                             .arp_dev = "v0"};
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_addr.s_addr = inet_addr("10.99.0.2")};

    memcpy(&request.arp_pa, &address, sizeof(address));
    return request;
}

static void make_neighbour_known(int fd)
{
    struct arpreq request = neighbour();

    g_assert_cmpint(ioctl(fd, SIOCSARP, &request), ==, 0);
}

static void forget_neighbour(int fd)
{
    struct arpreq request = neighbour();

    (void) ioctl(fd, SIOCDARP, &request);
}

#define STALE_US 250000 /* the sender's own limit */

static uint64_t process_cpu_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}

/* False: the machine stood still for so long that what was queued went stale. */
static bool check_full_socket(uint32_t window_us, bool goes_stale)
{
    const int sndbuf = 4608, fd = socket(AF_INET, SOCK_DGRAM, 0);
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(1, 0);
    g_autofree uint8_t *ts = make_ts(100 * 7);
    g_autoptr(McSender) sender = mc_sender_new(fd, "10.99.0.2", 5004, NULL);
    int64_t called_us = g_get_monotonic_time();
    uint64_t cpu_us;

    g_assert_cmpint(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof sndbuf), ==, 0);
    g_assert_true(mc_sender_set_pacing(sender, window_us, NULL));
    send_ts(sender, rtp, ts, 100 * 7 * PACKET, 0, true);
    g_assert_cmpint(g_get_monotonic_time() - called_us, <,
                    20000000); /* a full socket stays full: it did not block */
    cpu_us = process_cpu_us();
    g_usleep(goes_stale ? 300000 : 50000);
    /* waits, does not spin */
    g_assert_cmpuint(process_cpu_us() - cpu_us, <, goes_stale ? 150000 : 30000);
    g_assert_cmpuint(mc_sender_stats(sender).datagrams, <, 100);
    g_assert_cmpuint(mc_sender_stats(sender).dropped, ==, 0);
    bool ok = true;
    if (goes_stale) {
        send_ts(sender, rtp, ts, PACKET, 0, false);
        g_assert_cmpuint(mc_sender_stats(sender).dropped, >, 50);
    } else {
        make_neighbour_known(fd);
        for (int i = 0; i < 100 && !window_us; i++)
            send_ts(sender, rtp, ts, PACKET, 0, false); /* unpaced: each call tries again */
        const bool in_time = g_get_monotonic_time() - called_us < STALE_US;
        ok = all_left(sender, window_us ? 100 : 200);
        g_assert_true(ok || !in_time);
        forget_neighbour(fd);
    }
    g_clear_pointer(&sender, mc_sender_free); /* also with the socket full */
    close(fd);
    return ok;
}

static void *full_socket_thread(void *user_data)
{
    if (!enter_silent_network())
        return "no network namespace";
    check_full_socket(5000, true);
    check_full_socket(0, true);
    for (unsigned i = 0; !check_full_socket(5000, false); i++)
        g_assert_cmpuint(i, <, ATTEMPTS);
    return NULL;
}

static void *full_socket_unpaced_thread(void *user_data)
{
    if (!enter_silent_network())
        return "no network namespace";
    for (unsigned i = 0; !check_full_socket(0, false); i++)
        g_assert_cmpuint(i, <, ATTEMPTS);
    return NULL;
}

static void test_full_socket(void)
{
    const char *skip = g_thread_join(g_thread_new("paced", full_socket_thread, NULL));

    if (!skip)
        skip = g_thread_join(g_thread_new("unpaced", full_socket_unpaced_thread, NULL));
    if (skip)
        g_test_skip(skip);
}

static void test_dscp(void)
{
    g_auto(Pair) pair = pair_open();
    g_autoptr(McSender) sender = mc_sender_new(pair.tx, "127.0.0.1", pair.port, NULL);
    int tos = 0;
    socklen_t len = sizeof tos;

    g_assert_true(mc_sender_set_dscp(sender, MC_DSCP_AF41, NULL));
    g_assert_cmpint(getsockopt(pair.tx, IPPROTO_IP, IP_TOS, &tos, &len), ==, 0);
    g_assert_cmphex(tos, ==, 0x88);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sender/counts", test_counts);
    g_test_add_func("/sender/large-frame", test_large_frame);
    g_test_add_func("/sender/connected", test_connected);
    g_test_add_func("/sender/refused", test_refused);
    g_test_add_func("/sender/refused-unconnected", test_refused_unconnected);
    g_test_add_func("/sender/bad-arguments", test_bad_arguments);
    g_test_add_func("/sender/hook", test_hook);
    g_test_add_func("/sender/pacing", test_pacing);
    g_test_add_func("/sender/discard", test_discard);
    g_test_add_func("/sender/twice", test_twice);
    g_test_add_func("/sender/twice-discarded", test_twice_discarded);
    g_test_add_func("/sender/resend", test_resend);
    g_test_add_func("/sender/overflow", test_overflow);
    g_test_add_func("/sender/full-socket", test_full_socket);
    g_test_add_func("/sender/dscp", test_dscp);
    return g_test_run();
}
