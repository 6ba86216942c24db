/* SPDX-License-Identifier: MIT */
/* SRTP: libsrtp's published vector, round trips, tampering, replay, rollover, keys and SDP; and
 * GStreamer, a stock receiver, shows what was sent. */
#include "encoder/srtp.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "encoder/rtcp.h"
#include "encoder/rtp.h"
#include "tests/unit/hex.h"

#define ROOM (MC_RTP_DATAGRAM_MAX + MC_SRTP_RTP_OVERHEAD)

static const McSrtpProfile both[] = {MC_SRTP_AES_CM_128_HMAC_SHA1_80, MC_SRTP_AEAD_AES_128_GCM};

static McSrtpKey make_key(McSrtpProfile profile)
{
    McSrtpKey key;

    g_assert_true(mc_srtp_key_generate(profile, &key, NULL));
    return key;
}

static McSrtp *open_srtp(const McSrtpKey *key)
{
    g_autoptr(GError) error = NULL;
    McSrtp *srtp = mc_srtp_new(key, &error);

    g_assert_no_error(error);
    return srtp;
}

static size_t make_rtp(uint8_t datagram[ROOM], uint16_t seq, size_t payload)
{
    memset(datagram, 0, ROOM);
    datagram[0] = 0x80;
    datagram[1] = 33;
    datagram[2] = (uint8_t) (seq >> 8);
    datagram[3] = (uint8_t) seq;
    datagram[11] = 77;
    for (size_t i = 0; i < payload; i++)
        datagram[12 + i] = (uint8_t) (seq + i);
    return 12 + payload;
}

/* From libsrtp's srtp_driver.c: also what RFC 3711's keys give with other implementations. */
static void test_vector(void)
{
    McSrtpKey key = {.profile = MC_SRTP_AES_CM_128_HMAC_SHA1_80};
    uint8_t datagram[38], expected[38];
    size_t len = 28;

    test_hex("e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6", key.bytes,
             sizeof key.bytes);
    test_hex("800f1234decafbadcafebabeabababababababababababababababab", datagram, sizeof datagram);
    test_hex("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb",
             expected, sizeof expected);
    g_autoptr(McSrtp) srtp = open_srtp(&key);
    g_assert_true(mc_srtp_protect_rtp(srtp, datagram, sizeof(datagram), &len));
    g_assert_cmpmem(datagram, len, expected, sizeof(expected));
}

static void test_round_trip(void)
{
    for (unsigned p = 0; p < 2; p++) {
        const McSrtpKey key = make_key(both[p]);
        g_autoptr(McSrtp) tx = open_srtp(&key);
        g_autoptr(McSrtp) rx = open_srtp(&key);
        uint8_t datagram[ROOM], plain[ROOM];

        for (uint16_t seq = 0; seq < 50; seq++) {
            size_t len = make_rtp(plain, seq, MC_RTP_PAYLOAD_MAX);
            const size_t before = len;

            memcpy(datagram, plain, len);
            g_assert_true(mc_srtp_protect_rtp(tx, datagram, ROOM, &len));
            g_assert_cmpuint(len, ==, before + (p ? 16 : 10));
            g_assert_cmpmem(datagram, 12, plain, 12); /* the header stays readable */
            g_assert_cmpint(memcmp(datagram + 12, plain + 12, MC_RTP_PAYLOAD_MAX), !=, 0);
            g_assert_true(mc_srtp_unprotect_rtp(rx, datagram, &len));
            g_assert_cmpmem(datagram, len, plain, before);
        }
    }
}

static void test_tamper_and_replay(void)
{
    for (unsigned p = 0; p < 2; p++) {
        const McSrtpKey key = make_key(both[p]), other_key = make_key(both[p]);
        g_autoptr(McSrtp) tx = open_srtp(&key);
        g_autoptr(McSrtp) rx = open_srtp(&key);
        g_autoptr(McSrtp) stranger = open_srtp(&other_key);
        uint8_t good[ROOM], bad[ROOM];
        size_t len = make_rtp(good, 5, 188), bad_len;

        g_assert_true(mc_srtp_protect_rtp(tx, good, ROOM, &len));
        for (size_t i = 2; i < len; i++) { /* header, payload and tag alike */
            memcpy(bad, good, len);
            bad[i] ^= 0x10;
            bad_len = len;
            g_assert_false(mc_srtp_unprotect_rtp(rx, bad, &bad_len));
        }
        for (bad_len = 0; bad_len < len; bad_len++) {
            size_t cut = bad_len;

            memcpy(bad, good, len);
            g_assert_false(mc_srtp_unprotect_rtp(rx, bad, &cut));
        }
        memcpy(bad, good, len);
        bad_len = len;
        g_assert_false(mc_srtp_unprotect_rtp(stranger, bad, &bad_len));
        memcpy(bad, good, len);
        g_assert_true(mc_srtp_unprotect_rtp(rx, bad, &bad_len));
        g_assert_false(mc_srtp_unprotect_rtp(rx, good, &len)); /* replayed */
    }
}

/* A sequence number is not used twice: with counter modes that would give the contents away. */
static void test_no_reuse(void)
{
    const McSrtpKey key = make_key(MC_SRTP_AEAD_AES_128_GCM);
    g_autoptr(McSrtp) tx = open_srtp(&key);
    uint8_t datagram[ROOM];
    size_t len = make_rtp(datagram, 9, 188);

    g_assert_true(mc_srtp_protect_rtp(tx, datagram, ROOM, &len));
    len = make_rtp(datagram, 9, 188);
    g_assert_false(mc_srtp_protect_rtp(tx, datagram, ROOM, &len));
}

/* Past 2^16 three times, from a first number just below it.  Between the rollovers most numbers are
 * skipped, as by heavy loss; around each of them every number is sent, and some are lost. */
static void test_rollover(void)
{
    for (unsigned p = 0; p < 2; p++) {
        const McSrtpKey key = make_key(both[p]);
        g_autoptr(McSrtp) tx = open_srtp(&key);
        g_autoptr(McSrtp) rx = open_srtp(&key);
        g_autoptr(McSrtp) late = open_srtp(&key); /* joins after a rollover: cannot know it */
        uint8_t datagram[ROOM], copy[ROOM];
        unsigned received = 0;

        for (uint32_t i = 65500; i < 3 * 65536 + 40;) {
            size_t len = make_rtp(datagram, (uint16_t) i, 16), copy_len;
            const uint32_t low = i % 65536;

            g_assert_true(mc_srtp_protect_rtp(tx, datagram, ROOM, &len));
            copy_len = len;
            memcpy(copy, datagram, len);
            if (low >= 3 && i % 5 != 0) {
                g_assert_true(mc_srtp_unprotect_rtp(rx, datagram, &len));
                g_assert_cmpuint(datagram[12], ==, (uint8_t) i);
                received++;
            }
            if (i > 2 * 65536 && i < 2 * 65536 + 10)
                g_assert_false(mc_srtp_unprotect_rtp(late, copy, &copy_len));
            i += low < 40 || low >= 65496 ? 1 : MIN(251, 65496 - low);
        }
        g_assert_cmpuint(received, >, 500);
    }
}

static void test_rtcp(void)
{
    const McRtcpSenderInfo info = {.ssrc = 77, .packets = 3, .octets = 99};

    for (unsigned p = 0; p < 2; p++) {
        const McSrtpKey key = make_key(both[p]);
        g_autoptr(McSrtp) tx = open_srtp(&key);
        g_autoptr(McSrtp) rx = open_srtp(&key);
        uint8_t packet[MC_RTCP_MAX_BYTES + MC_SRTP_RTCP_OVERHEAD], plain[MC_RTCP_MAX_BYTES];
        const size_t before = mc_rtcp_build_report(&info, plain);

        for (unsigned i = 0; i < 3; i++) { /* the same report again has an index of its own */
            size_t len = before;

            memcpy(packet, plain, before);
            g_assert_false(mc_srtp_protect_rtcp(tx, packet, before + 13, &len));
            g_assert_true(mc_srtp_protect_rtcp(tx, packet, sizeof(packet), &len));
            g_assert_cmpuint(len, ==, before + (p ? 20 : 14));
            packet[len - 1] ^= 1;
            g_assert_false(mc_srtp_unprotect_rtcp(rx, packet, &len));
            packet[len - 1] ^= 1;
        }
        size_t len = before;
        memcpy(packet, plain, before);
        g_assert_true(mc_srtp_protect_rtcp(tx, packet, sizeof(packet), &len));
        g_assert_true(mc_srtp_unprotect_rtcp(rx, packet, &len));
        g_assert_cmpmem(packet, len, plain, before);
    }
}

static void test_room(void)
{
    const McSrtpKey key = make_key(MC_SRTP_AES_CM_128_HMAC_SHA1_80);
    g_autoptr(McSrtp) tx = open_srtp(&key);
    uint8_t datagram[ROOM];
    size_t len = make_rtp(datagram, 1, 188);

    g_assert_false(mc_srtp_protect_rtp(tx, datagram, 209, &len));
    g_assert_false(mc_srtp_protect_rtp(tx, datagram, 100, &len));
    g_assert_cmpuint(len, ==, 200);
    g_assert_true(mc_srtp_protect_rtp(tx, datagram, 210, &len));
    len = 11;
    g_assert_false(mc_srtp_protect_rtp(tx, datagram, ROOM, &len));
}

/* ---- key files ---- */

static void assert_load(const char *text, unsigned mode, int code)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    McSrtpKey key;
    const int fd = g_file_open_tmp("srtp-XXXXXX", &path, NULL);

    g_assert_cmpint(write(fd, text, strlen(text)), ==, strlen(text));
    close(fd);
    g_assert_cmpint(g_chmod(path, (int) mode), ==, 0);
    const bool ok = mc_srtp_key_load(path, &key, &error);
    g_unlink(path);
    g_assert_cmpint(ok, ==, code < 0);
    if (ok) {
        g_assert_cmpuint(key.bytes[0], ==, 0xab);
        g_assert_cmpuint(key.bytes[27], ==, 0xab);
        return;
    }
    g_assert_error(error, MC_SRTP_ERROR, code);
    g_assert_null(strstr(error->message, "abab"));
}

static void test_key_file(void)
{
    g_autofree char *hex60 = g_strnfill(60, 'x'), *large = g_strnfill(5000, '#');
    for (unsigned i = 0; i < 60; i++)
        hex60[i] = "ab"[i % 2];
    g_autofree char *cm =
        g_strdup_printf("# mine\nprofile = AES_CM_128_HMAC_SHA1_80\n\nkey=%s", hex60);
    g_autofree char *gcm =
        g_strdup_printf("key = %.56s # secret\r\nprofile = AEAD_AES_128_GCM\r\n", hex60);
    g_autofree char *mixed = g_strdup_printf("key = %s\nprofile = AEAD_AES_128_GCM\n", hex60);
    g_autofree char *longer =
        g_strdup_printf("key = %sabab\nprofile = AES_CM_128_HMAC_SHA1_80\n", hex60);
    g_autofree char *no_profile = g_strdup_printf("key = %s\n", hex60);
    g_autofree char *stray = g_strdup_printf("%s\nabab\n", cm);

    assert_load(cm, 0600, -1);
    assert_load(gcm, 0400, -1);
    assert_load(cm, 0644, MC_SRTP_ERROR_UNSAFE);
    assert_load(mixed, 0600, MC_SRTP_ERROR_KEY);
    assert_load(longer, 0600, MC_SRTP_ERROR_KEY);
    assert_load(no_profile, 0600, MC_SRTP_ERROR_KEY);
    assert_load(stray, 0600, MC_SRTP_ERROR_KEY);
    assert_load("profile = NULL_CIPHER\n", 0600, MC_SRTP_ERROR_KEY);
    assert_load("", 0600, MC_SRTP_ERROR_KEY);
    assert_load(large, 0600, MC_SRTP_ERROR_KEY);
    g_assert_cmpstr(mc_srtp_error_code(MC_SRTP_ERROR_UNSAFE), ==, "srtp.key-unsafe");
}

static void test_sdp(void)
{
    McSrtpKey key = {.profile = MC_SRTP_AEAD_AES_128_GCM};
    char *six = mc_srtp_build_sdp(&key, "fe80::1", 1028, 0xfffffffe);

    g_assert_nonnull(strstr(six, "c=IN IP6 fe80::1\r\n"));
    g_assert_nonnull(strstr(six, "m=video 1028 RTP/SAVP 33\r\n"));
    g_assert_nonnull(strstr(six, "a=crypto:1 AEAD_AES_128_GCM inline:"
                                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\r\n"));
    g_assert_nonnull(strstr(six, "a=ssrc:4294967294 cname:"));
    mc_srtp_sdp_free(six);
}

/* ---- a stock receiver ---- */

typedef struct {
    int fd;
    McSrtp *srtp;
} Outlet;

static void send_protected(const uint8_t *header, const uint8_t *payload, size_t len, void *data)
{
    Outlet *outlet = data;
    uint8_t datagram[ROOM];
    size_t total = MC_RTP_HEADER_BYTES + len;

    memcpy(datagram, header, MC_RTP_HEADER_BYTES);
    memcpy(datagram + MC_RTP_HEADER_BYTES, payload, len);
    g_assert_true(mc_srtp_protect_rtp(outlet->srtp, datagram, sizeof(datagram), &total));
    /* Refused while the receiver is not there yet. */
    (void) !send(outlet->fd, datagram, total, MSG_DONTWAIT);
}

static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *) &address, sizeof(address)), ==, 0);
    getsockname(fd, (struct sockaddr *) &address, &len);
    close(fd);
    return ntohs(address.sin_port) & 0xfffe; /* even, as RTP ports are */
}

static int connect_to(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    g_assert_cmpint(connect(fd, (const struct sockaddr *) &address, sizeof(address)), ==, 0);
    return fd;
}

/* Sends the file over and over until the receiver has decided. */
static void send_until_exit(Outlet *outlet, const char *ts, size_t len, GPid pid, int *ret_status)
{
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(77, 100); /* it comes late */
    uint32_t timestamp = 0;

    for (unsigned round = 0; round < 2000; round++) {
        const size_t at = (round * 35u * 188u) % len;

        mc_rtp_packetise(rtp, (const uint8_t *) ts + at, MIN(35u * 188u, len - at), timestamp, true,
                         send_protected, outlet);
        timestamp += 900;
        if (waitpid(pid, ret_status, WNOHANG) == pid)
            return;
        g_usleep(10000); /* a stream's pace; the receiver tells nothing we could wait for */
    }
    kill(pid, SIGKILL);
    waitpid(pid, ret_status, 0);
}

/* What a person types; srtpdec is libsrtp below, but finds rollover, key and sizes on its own. */
static char *receiver_command(const McSrtpKey *key, uint16_t port)
{
    const bool gcm = key->profile == MC_SRTP_AEAD_AES_128_GCM;
    const char *cipher = gcm ? "aes-128-gcm" : "aes-128-icm";
    const char *auth = gcm ? "null" : "hmac-sha1-80";
    g_autoptr(GString) hex = g_string_new(NULL);

    for (size_t i = 0; i < mc_srtp_key_bytes(key->profile); i++)
        g_string_append_printf(hex, "%02x", key->bytes[i]);
    return g_strdup_printf(
        "gst-launch-1.0 -q udpsrc address=127.0.0.1 port=%u caps=\"application/x-srtp,"
        "payload=(int)33,clock-rate=(int)90000,encoding-name=(string)MP2T,media=(string)video,"
        "ssrc=(uint)77,srtp-key=(buffer)%s,srtp-cipher=(string)%s,srtp-auth=(string)%s,"
        "srtcp-cipher=(string)%s,srtcp-auth=(string)%s\" ! srtpdec ! rtpmp2tdepay ! tsdemux ! "
        "h264parse ! avdec_h264 ! identity eos-after=10 ! video/x-raw,width=320,height=240 ! "
        "fakesink sync=false",
        port, hex->str, cipher, auth, cipher, auth);
}

static void judge(McSrtpProfile profile, const char *ts, size_t len)
{
    const McSrtpKey key = make_key(profile);
    const uint16_t port = free_port();
    g_autofree char *command = receiver_command(&key, port);
    g_autoptr(McSrtp) srtp = open_srtp(&key);
    Outlet outlet = {.fd = connect_to(port), .srtp = srtp};
    g_auto(GStrv) argv = NULL;
    GPid pid = 0;
    int status = 1;

    g_assert_true(g_shell_parse_argv(command, NULL, &argv, NULL));
    g_assert_true(g_spawn_async(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                                NULL, NULL, &pid, NULL));
    send_until_exit(&outlet, ts, len, pid, &status);
    g_assert_true(g_spawn_check_wait_status(status, NULL));
    close(outlet.fd);
}

static void test_stock_receiver(void)
{
    g_autofree char *dir = g_dir_make_tmp("srtp-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "in.ts", NULL);
    g_autofree char *make =
        g_strdup_printf("gst-launch-1.0 -q videotestsrc num-buffers=60 ! "
                        "video/x-raw,width=320,height=240 ! x264enc tune=zerolatency "
                        "key-int-max=5 ! mpegtsmux ! filesink location=%s",
                        path);
    g_autofree char *ts = NULL;
    gsize len = 0;
    int status = 1;

    if (!g_spawn_command_line_sync(make, NULL, NULL, &status, NULL) || status ||
        !g_spawn_command_line_sync("gst-inspect-1.0 --exists srtpdec", NULL, NULL, &status, NULL) ||
        status) {
        g_test_skip("GStreamer lacks x264enc or srtpdec");
    } else {
        g_assert_true(g_file_get_contents(path, &ts, &len, NULL));
        judge(MC_SRTP_AES_CM_128_HMAC_SHA1_80, ts, len);
        judge(MC_SRTP_AEAD_AES_128_GCM, ts, len);
    }
    g_unlink(path);
    g_rmdir(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/encoder/srtp/vector", test_vector);
    g_test_add_func("/encoder/srtp/round-trip", test_round_trip);
    g_test_add_func("/encoder/srtp/tamper-and-replay", test_tamper_and_replay);
    g_test_add_func("/encoder/srtp/no-reuse", test_no_reuse);
    g_test_add_func("/encoder/srtp/rollover", test_rollover);
    g_test_add_func("/encoder/srtp/rtcp", test_rtcp);
    g_test_add_func("/encoder/srtp/room", test_room);
    g_test_add_func("/encoder/srtp/key-file", test_key_file);
    g_test_add_func("/encoder/srtp/sdp", test_sdp);
    g_test_add_func("/encoder/srtp/stock-receiver", test_stock_receiver);
    return g_test_run();
}
