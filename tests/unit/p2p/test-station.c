/* SPDX-License-Identifier: MIT */
/* Station messages of nl80211, as the kernel builds them and as it never should. */
#include "p2p/station.h"

#include <glib.h>
#include <linux/nl80211.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

static const uint8_t mac[] = {0x42, 0, 0, 0, 1, 0};

static void put_rate(struct nl_msg *message, int attribute, uint16_t units, uint32_t units32)
{
    struct nlattr *rate = nla_nest_start(message, attribute);

    if (units)
        nla_put_u16(message, NL80211_RATE_INFO_BITRATE, units);
    if (units32)
        nla_put_u32(message, NL80211_RATE_INFO_BITRATE32, units32);
    nla_nest_end(message, rate);
}

static struct nl_msg *full_message(void)
{
    struct nl_msg *message = nlmsg_alloc();

    nla_put(message, NL80211_ATTR_MAC, sizeof(mac), mac);
    struct nlattr *info = nla_nest_start(message, NL80211_ATTR_STA_INFO);
    put_rate(message, NL80211_STA_INFO_TX_BITRATE, 0xffff, 12010); /* 1201.0 Mbit/s */
    put_rate(message, NL80211_STA_INFO_RX_BITRATE, 540, 0);
    nla_put_u8(message, NL80211_STA_INFO_SIGNAL, (uint8_t) -47);
    nla_put_u64(message, NL80211_STA_INFO_TX_BYTES64, G_GUINT64_CONSTANT(5000000000));
    nla_put_u32(message, NL80211_STA_INFO_RX_BYTES, 77);
    nla_put_u32(message, NL80211_STA_INFO_TX_PACKETS, 1000);
    nla_put_u32(message, NL80211_STA_INFO_TX_RETRIES, 30);
    nla_put_u32(message, NL80211_STA_INFO_TX_FAILED, 2);
    nla_put_u32(message, NL80211_STA_INFO_INACTIVE_TIME, 12);
    nla_nest_end(message, info);
    return message;
}

static const void *attributes(struct nl_msg *message, int *ret_len)
{
    *ret_len = nlmsg_datalen(nlmsg_hdr(message));
    return nlmsg_data(nlmsg_hdr(message));
}

static void test_full(void)
{
    struct nl_msg *message = full_message();
    McStation station;
    int len;
    const void *data = attributes(message, &len);

    g_assert_true(mc_station_parse(data, len, &station));
    g_assert_cmpmem(station.mac.bytes, 6, mac, 6);
    g_assert_cmpuint(station.tx_kbps, ==, 1201000);
    g_assert_cmpuint(station.rx_kbps, ==, 54000);
    g_assert_cmpint(station.signal_dbm, ==, -47);
    g_assert_cmpuint(station.tx_bytes, ==, G_GUINT64_CONSTANT(5000000000));
    g_assert_cmpuint(station.rx_bytes, ==, 77);
    g_assert_cmpuint(station.tx_packets, ==, 1000);
    g_assert_cmpuint(station.tx_retries, ==, 30);
    g_assert_cmpuint(station.tx_failed, ==, 2);
    g_assert_cmpuint(station.inactive_ms, ==, 12);
    nlmsg_free(message);
}

/* A driver that tells nothing but that it is there. */
static void test_bare(void)
{
    struct nl_msg *message = nlmsg_alloc();
    McStation station;
    int len;

    nla_put(message, NL80211_ATTR_MAC, sizeof(mac), mac);
    nla_nest_end(message, nla_nest_start(message, NL80211_ATTR_STA_INFO));
    const void *data = attributes(message, &len);
    /* An empty nest is taken back by some versions of the library: then there is no station. */
    if (mc_station_parse(data, len, &station)) {
        g_assert_cmpuint(station.tx_kbps, ==, 0);
        g_assert_cmpuint(station.tx_packets, ==, 0);
        g_assert_cmpint(station.signal_dbm, ==, 0);
    }
    nlmsg_free(message);
}

/* Values shorter than their type count as absent; a message cut anywhere is no crash. */
static void test_broken(void)
{
    struct nl_msg *message = nlmsg_alloc();
    McStation station = {0};
    int len;

    nla_put(message, NL80211_ATTR_MAC, 3, mac);
    const void *data = attributes(message, &len);
    g_assert_false(mc_station_parse(data, len, &station));
    nlmsg_free(message);

    message = nlmsg_alloc();
    nla_put(message, NL80211_ATTR_MAC, sizeof(mac), mac);
    struct nlattr *info = nla_nest_start(message, NL80211_ATTR_STA_INFO);
    nla_put_u8(message, NL80211_STA_INFO_TX_PACKETS, 9);
    nla_put(message, NL80211_STA_INFO_SIGNAL, 0, "");
    nla_put(message, NL80211_STA_INFO_TX_BITRATE, 3, "abc");
    nla_nest_end(message, info);
    data = attributes(message, &len);
    g_assert_true(mc_station_parse(data, len, &station));
    g_assert_cmpuint(station.tx_packets, ==, 0);
    g_assert_cmpuint(station.tx_kbps, ==, 0);
    nlmsg_free(message);

    message = full_message();
    data = attributes(message, &len);
    for (int cut = 0; cut < len; cut++) {
        g_autofree void *copy = g_memdup2(data, (gsize) MAX(cut, 1));
        mc_station_parse(copy, cut, &station);
    }
    nlmsg_free(message);
}

static void test_no_radio(void)
{
    McStation station;

    g_assert_false(mc_station_read("lo", &station));
    g_assert_false(mc_station_read("no-such-if", &station));
    g_assert_false(mc_station_set_power_save("lo", false));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/station/full", test_full);
    g_test_add_func("/station/bare", test_bare);
    g_test_add_func("/station/broken", test_broken);
    g_test_add_func("/station/no-radio", test_no_radio);
    return g_test_run();
}
