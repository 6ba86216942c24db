/* SPDX-License-Identifier: MIT */
/* Packets as they stand in the file, looked up by hand: both families, both directions, sequence
 * numbers, padding, checksums, and a disk that takes no more. */
#include "host/pcapng.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>

#define FIRST_PACKET (28u + 20u)
#define BLOCK_HEAD 28u

typedef struct {
    char *path;
    McPcapng *packets;
    uint8_t *bytes;
    gsize len;
} File;

static void file_open(File *file)
{
    g_autoptr(GError) error = NULL;

    *file = (File){0};
    g_close(g_file_open_tmp("packets-XXXXXX", &file->path, &error), NULL);
    g_assert_no_error(error);
    file->packets = mc_pcapng_new(file->path, &error);
    g_assert_no_error(error);
}

static void file_read(File *file)
{
    g_clear_pointer(&file->packets, mc_pcapng_free);
    g_assert_true(g_file_get_contents(file->path, (char **) &file->bytes, &file->len, NULL));
}

static void file_clear(File *file)
{
    mc_pcapng_free(file->packets);
    g_unlink(file->path);
    g_free(file->path);
    g_free(file->bytes);
}

static struct sockaddr_storage address(const char *ip, uint16_t port)
{
    struct sockaddr_storage ret = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *) &ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) &ret;

    if (strchr(ip, ':')) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        g_assert_cmpint(inet_pton(AF_INET6, ip, &v6->sin6_addr), ==, 1);
    } else {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        g_assert_cmpint(inet_pton(AF_INET, ip, &v4->sin_addr), ==, 1);
    }
    return ret;
}

static void set_ends(File *file, const char *local_ip, const char *peer_ip)
{
    const struct sockaddr_storage local = address(local_ip, 7236), peer = address(peer_ip, 50000);

    mc_pcapng_set_ends(file->packets, &local, &peer);
}

static uint32_t word(const File *file, size_t at)
{
    uint32_t ret;

    g_assert_cmpuint(at + 4, <=, file->len);
    memcpy(&ret, file->bytes + at, 4);
    return ret;
}

/* The packet in the block at *at, which moves on; its time and direction are right. */
static const uint8_t *next_packet(const File *file, size_t *at, size_t *ret_len, bool in)
{
    const uint32_t total = word(file, *at + 4), len = word(file, *at + 20);
    const size_t options = *at + BLOCK_HEAD + ((len + 3) & ~3u);

    g_assert_cmpuint(word(file, *at), ==, 6);
    g_assert_cmpuint((uint64_t) word(file, *at + 12) << 32 | word(file, *at + 16), ==,
                     1700000000000001);
    g_assert_cmpuint(word(file, options + 4), ==, in ? 1 : 2);
    g_assert_cmpuint(word(file, *at + total - 4), ==, total);
    *ret_len = len;
    *at += total;
    return file->bytes + *at - total + BLOCK_HEAD;
}

#define NOW 1700000000000001

static void test_datagrams(void)
{
    /* 192.0.2.1:19000 > 192.0.2.2:1028, three bytes; sums by hand of another program */
    static const uint8_t expected[] = {0x45, 0,    0, 31, 0,    0,    0x40, 0,   64, 17,   0xb6,
                                       0xca, 192,  0, 2,  1,    192,  0,    2,   2,  0x4a, 0x38,
                                       0x04, 0x04, 0, 11, 0x69, 0x35, 'a',  'b', 'c'};
    File file;
    size_t at = FIRST_PACKET, len;

    file_open(&file);
    /* nobody is there yet */
    g_assert_true(mc_pcapng_udp(file.packets, MC_PCAPNG_OUT, 1, 2, expected, 3, NOW));
    set_ends(&file, "192.0.2.1", "192.0.2.2");
    g_assert_true(
        mc_pcapng_udp(file.packets, MC_PCAPNG_OUT, 19000, 1028, (const uint8_t *) "abc", 3, NOW));
    g_assert_true(mc_pcapng_udp(file.packets, MC_PCAPNG_IN, 19001, 1029, expected, 31, NOW));
    file_read(&file);
    g_assert_cmphex(word(&file, 8), ==, 0x1a2b3c4d);
    const uint8_t *packet = next_packet(&file, &at, &len, false);
    g_assert_cmpmem(packet, len, expected, sizeof(expected));
    packet = next_packet(&file, &at, &len, true);
    g_assert_cmpuint(len, ==, 28 + 31);
    g_assert_cmpmem(packet + 12, 8, ((uint8_t[]){192, 0, 2, 2, 192, 0, 2, 1}), 8);
    g_assert_cmpmem(packet + 20, 4, ((uint8_t[]){1029 >> 8, 1029 & 255, 19001 >> 8, 19001 & 255}),
                    4);
    g_assert_cmpuint(at, ==, file.len);
    file_clear(&file);
}

/* Sequence and acknowledgement go on; a text longer than IP takes is several segments. */
static void test_dialogue(void)
{
    static const uint8_t text[70000] = {'x'};
    const size_t lengths[] = {32768, 32768, 70000 - 65536};
    uint32_t sequence = 1;
    size_t at = FIRST_PACKET, len;
    File file;

    file_open(&file);
    set_ends(&file, "2001:db8::1", "2001:db8::2");
    g_assert_true(mc_pcapng_tcp(file.packets, MC_PCAPNG_OUT, text, sizeof(text), NOW));
    g_assert_true(mc_pcapng_tcp(file.packets, MC_PCAPNG_IN, text, 5, NOW));
    file_read(&file);
    for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
        const uint8_t *packet = next_packet(&file, &at, &len, false);
        g_assert_cmpuint(len, ==, 60 + lengths[i]);
        g_assert_cmpint(packet[0], ==, 0x60);
        g_assert_cmpuint((unsigned) packet[4] << 8 | packet[5], ==, 20 + lengths[i]);
        uint32_t seen;
        memcpy(&seen, packet + 44, 4);
        g_assert_cmpuint(g_ntohl(seen), ==, sequence);
        sequence += (uint32_t) lengths[i];
    }
    const uint8_t *packet = next_packet(&file, &at, &len, true);
    uint32_t seen[2];
    memcpy(seen, packet + 44, 8);
    g_assert_cmpuint(g_ntohl(seen[0]), ==, 1);
    g_assert_cmpuint(g_ntohl(seen[1]), ==, sequence);
    g_assert_cmpuint(at, ==, file.len);
    file_clear(&file);
}

static void test_mapped(void)
{
    size_t at = FIRST_PACKET, len;
    File file;

    file_open(&file);
    set_ends(&file, "::ffff:192.0.2.1", "::ffff:192.0.2.2");
    g_assert_true(mc_pcapng_udp(file.packets, MC_PCAPNG_OUT, 1, 2, (const uint8_t *) "x", 1, NOW));
    file_read(&file);
    g_assert_cmpint(next_packet(&file, &at, &len, false)[0], ==, 0x45);
    g_assert_cmpuint(len, ==, 29);
    file_clear(&file);
}

/* It says so once, and goes on doing nothing. */
static void test_no_room(void)
{
    static const uint8_t datagram[1328];
    const struct rlimit few = {64 * 1024, RLIM_INFINITY};
    struct rlimit before;
    bool ok = true;
    File file;

    file_open(&file);
    set_ends(&file, "192.0.2.1", "192.0.2.2");
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &few), ==, 0);
    for (unsigned i = 0; ok && i < 10000; i++)
        ok = mc_pcapng_udp(file.packets, MC_PCAPNG_OUT, 1, 2, datagram, sizeof(datagram), NOW);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
    g_assert_false(ok);
    g_assert_false(mc_pcapng_udp(file.packets, MC_PCAPNG_OUT, 1, 2, datagram, 9, NOW));
    g_assert_false(mc_pcapng_tcp(file.packets, MC_PCAPNG_OUT, datagram, 9, NOW));
    file_clear(&file);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pcapng/datagrams", test_datagrams);
    g_test_add_func("/pcapng/dialogue", test_dialogue);
    g_test_add_func("/pcapng/mapped", test_mapped);
    g_test_add_func("/pcapng/no-room", test_no_room);
    return g_test_run();
}
