/* SPDX-License-Identifier: MIT */
/* The WSC attribute of MS-MICE 4.1, and what strangers' beacons may hold. */
#include "p2p/mice/announcement.h"

#include <glib.h>
#include <string.h>

#define EXAMPLE                                                                                    \
    "\x20\x01\0\1\x05\x20\x02\0\x0f"                                                               \
    "Dummy1-Kabylake"
#define OUI "\0\1\x37"

static bool parse(const char *bytes, size_t len, McMiceAnnouncement *ret)
{
    g_autofree uint8_t *exact = g_memdup2(bytes, len); /* reading past it is seen */

    return mc_mice_announcement_parse(exact, len, ret);
}

#define PARSE(text, ret) parse((text), sizeof(text) - 1, (ret))

static void test_example(void)
{
    McMiceAnnouncement got;

    g_assert_true(PARSE(OUI EXAMPLE, &got));
    g_assert_true(got.supported && !got.encrypts && !got.shows_pin);
    g_assert_cmpuint(got.version, ==, 1);
    g_assert_cmpstr(got.host, ==, "Dummy1-Kabylake");
    g_assert_cmpstr(got.address, ==, "");
    g_assert_false(got.has_bssid);
}

static void test_all(void)
{
    McMiceAnnouncement got;

    g_assert_true(PARSE(OUI "\x20\x05\0\x07"
                            "fe80::1"
                            "\x20\x04\0\4\x12\0\0\0"
                            "\x20\x03\0\6"
                            "abcdef"
                            "\x20\x02\0\2tv"
                            "\x20\x09\0\1z"
                            "\x20\x01\0\1\x27"
                            "\x20\x05\0\x09"
                            "192.0.2.7"
                            "\x20\x05\0\x09"
                            "192.0.2.8",
                        &got));
    g_assert_true(got.supported && got.encrypts && got.shows_pin && got.has_bssid);
    g_assert_cmpstr(got.address, ==, "192.0.2.7");
    g_assert_cmpmem(got.bssid, 6, "abcdef", 6);
    g_assert_cmpuint(got.transports[0], ==, MC_MICE_TRANSPORT_INFRASTRUCTURE);
    g_assert_cmpuint(got.transports[1], ==, MC_MICE_TRANSPORT_WIFI_DIRECT);
    g_assert_cmpuint(got.transports[2], ==, 0);
    g_assert_true(PARSE(OUI "\x20\x01\0\1\x21\x20\x02\0\1x", &got)); /* a PIN needs encryption */
    g_assert_false(got.shows_pin);
}

static void test_refused(void)
{
    McMiceAnnouncement got;

    g_assert_false(PARSE(OUI "\x20\x02\0\1x", &got));                            /* no capability */
    g_assert_false(PARSE(OUI "\x20\x01\0\1\5", &got));                           /* no host name */
    g_assert_false(PARSE(OUI "\x20\x01\0\1\5\x20\x02\0\1x\x20\x02\0\1y", &got)); /* two */
    g_assert_false(PARSE(OUI "\x20\x01\0\1\5\x20\x02\0\4x.de", &got));
    g_assert_false(PARSE(OUI "\x20\x01\0\1\5\x20\x02\0\3x\ny", &got));
    g_assert_false(PARSE(OUI "\x20\x01\0\2\5\5\x20\x02\0\1x", &got));
    g_assert_false(PARSE("\0\1\x38" EXAMPLE, &got));
    for (size_t len = 0; len < sizeof(OUI EXAMPLE) - 1; len++)
        g_assert_false(parse(OUI EXAMPLE, len, &got));
}

/* Among other elements, and cut into two of WSC's, as long ones are. */
static void test_elements(void)
{
    static const char wsc[] = "\x10\x4a\0\1\x10"
                              "\x10\x49\0\x1b" OUI EXAMPLE;
    const size_t len = sizeof(wsc) - 1;
    McMiceAnnouncement got;

    for (size_t cut = 0; cut <= len; cut++) {
        g_autoptr(GByteArray) ies = g_byte_array_new();
        const uint8_t first[] = {221, (uint8_t) (4 + cut), 0, 0x50, 0xf2, 4};
        const uint8_t second[] = {221, (uint8_t) (4 + len - cut), 0, 0x50, 0xf2, 4};

        g_byte_array_append(ies, (const uint8_t *) "\0\2TV\xdd\4\0\x50\xf2\1", 10);
        g_byte_array_append(ies, first, sizeof(first));
        g_byte_array_append(ies, (const uint8_t *) wsc, (guint) cut);
        g_byte_array_append(ies, second, sizeof(second));
        g_byte_array_append(ies, (const uint8_t *) wsc + cut, (guint) (len - cut));
        g_assert_true(mc_mice_announcement_from_ies(ies->data, ies->len, &got));
        g_assert_cmpstr(got.host, ==, "Dummy1-Kabylake");
        if (cut < len)
            g_assert_false(mc_mice_announcement_from_ies(ies->data, ies->len - 1, &got));
    }
    g_assert_false(mc_mice_announcement_from_ies(NULL, 0, &got));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mice/announcement/example", test_example);
    g_test_add_func("/mice/announcement/all", test_all);
    g_test_add_func("/mice/announcement/refused", test_refused);
    g_test_add_func("/mice/announcement/elements", test_elements);
    return g_test_run();
}
