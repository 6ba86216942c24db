/* SPDX-License-Identifier: MIT */
/* Values seen on real devices, every sub-element there and back, and what a hostile peer may send.
 */
#include "p2p/wfd-ie.h"

#include <string.h>

static const McMac mac_a = {{0x42, 0, 0, 0, 1, 0}};
static const McMac mac_b = {{0xe2, 0x11, 0x22, 0x33, 0x44, 0x55}};

static void assert_hex(const GByteArray *bytes, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    mc_hex_append(text, bytes->data, bytes->len);
    g_assert_cmpstr(text->str, ==, expected);
}

static void test_mac(void)
{
    static const char *const bad[] = {"",
                                      "4",
                                      "42:00:00:00:01",
                                      "42:00:00:00:01:",
                                      "42:00:00:00:01:0",
                                      "42:00:00:00:01:00:",
                                      "42:00:00:00:01:000",
                                      "42-00-00-00-01-00",
                                      "g2:00:00:00:01:00"};
    char text[MC_MAC_TEXT];
    McMac mac = mac_b;

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(mc_mac_parse(bad[i], &mac));
    g_assert_true(mc_mac_equal(&mac, &mac_b));
    g_assert_true(mc_mac_parse("42:00:00:00:01:00 rest", &mac));
    g_assert_true(mc_mac_equal(&mac, &mac_a));
    g_assert_cmpstr(mc_mac_format(&mac_b, text), ==, "e2:11:22:33:44:55");
    g_assert_false(mc_mac_is_zero(&mac));
}

/* What wpa_supplicant prints for, and takes from, devices met in the field. */
static void test_field_values(void)
{
    static const struct {
        const char *dev_info, *text;
        bool available;
    } cases[] = {
        {"0x01111c440032", "primary sink, available, HDCP, port 7236, 50 Mbit/s", true},
        {"0x0151022a012c", "primary sink, available, HDCP, port 554, 300 Mbit/s", true},
        {"00111c440096", "primary sink, available, port 7236, 150 Mbit/s", true},
        {"0x00101c440032", "source, available, port 7236, 50 Mbit/s", true},
        {"0x01011c440032", "primary sink, not available, HDCP, port 7236, 50 Mbit/s", false},
        {"0x00131c440032", "dual role, available, port 7236, 50 Mbit/s", true},
        {"0x00121c440032", "secondary sink, available, port 7236, 50 Mbit/s", true},
        {"0x00311c440032", "primary sink, not available, port 7236, 50 Mbit/s", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        McWfdIe ie = {0};
        McWfdDeviceInfo info;

        g_assert_true(mc_wfd_device_info_parse(cases[i].dev_info, &info));
        mc_wfd_ie_set_device(&ie, &info);
        g_autofree char *text = mc_wfd_ie_describe(&ie);
        g_assert_cmpstr(text, ==, cases[i].text);
        g_assert_cmpint(mc_wfd_device_info_is_available(&info), ==, cases[i].available);
    }
}

static void test_dev_info_refused(void)
{
    static const char *const bad[] = {
        "", "0x", "0x01111c4400", "0x01111c4400320", "0x01111c44003200", "0x01111c44003g"};
    McWfdDeviceInfo info = {1, 2, 3};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(mc_wfd_device_info_parse(bad[i], &info));
    g_assert_cmpuint(info.max_throughput_mbps, ==, 3);
}

static void test_supplicant_strings(void)
{
    McWfdIe ie = {0};

    mc_wfd_ie_set_device(&ie, &(McWfdDeviceInfo){MC_WFD_INFO_AVAILABLE, 7236, 54});
    mc_wfd_ie_set_extended(&ie, MC_WFD_EXTENDED_UIBC);
    mc_wfd_ie_set_r2(&ie, MC_WFD_TYPE_SOURCE);
    g_autofree char *info = mc_wfd_ie_subelement_hex(&ie, 0);
    g_autofree char *extended = mc_wfd_ie_subelement_hex(&ie, 7);
    g_autofree char *r2 = mc_wfd_ie_subelement_hex(&ie, 11);
    g_autofree char *all = mc_wfd_ie_set_command(&ie);
    g_assert_cmpstr(info, ==, "000600101c440036");
    g_assert_cmpstr(extended, ==, "00020001");
    g_assert_cmpstr(r2, ==, "00020000");
    g_assert_cmpstr(all, ==,
                    "WFD_SUBELEM_SET all 00000600101c4400360700020001"
                    "0b00020000");
    g_assert_null(mc_wfd_ie_subelement_hex(&ie, 1));
    g_assert_null(mc_wfd_ie_subelement_hex(&ie, 2));
    g_assert_null(mc_wfd_ie_subelement_hex(&ie, 255));
}

static McWfdIe everything(void)
{
    McWfdIe ie = {0};
    McWfdSession session = {mac_a, mac_b, 0x0111, 300, {MC_WFD_COUPLED, mac_b}};

    mc_wfd_ie_set_device(&ie, &(McWfdDeviceInfo){0x0111, 7236, 50});
    mc_wfd_ie_set_extended(&ie, 0x000d);
    mc_wfd_ie_set_r2(&ie, MC_WFD_TYPE_PRIMARY_SINK);
    ie.associated_bssid = ie.alternative_mac = mac_b;
    ie.coupled = (McWfdCoupledSink){MC_WFD_COUPLED, mac_a};
    memcpy(ie.local_ip, (uint8_t[]){192, 168, 49, 1}, 4);
    ie.present |= 1u << MC_WFD_SUBELEMENT_ASSOCIATED_BSSID | 1u << MC_WFD_SUBELEMENT_COUPLED_SINK |
                  1u << MC_WFD_SUBELEMENT_LOCAL_IP | 1u << MC_WFD_SUBELEMENT_ALTERNATIVE_MAC;
    g_assert_true(mc_wfd_ie_add_session(&ie, &session));
    session.device = mac_b;
    g_assert_true(mc_wfd_ie_add_session(&ie, &session));
    return ie;
}

static void test_layout_of_every_subelement(void)
{
    McWfdIe ie = everything();
    g_autoptr(GByteArray) tlvs = mc_wfd_ie_build_subelements(&ie);

    assert_hex(tlvs, "00000601111c440032"
                     "010006e21122334455"
                     "06000701420000000100"
                     "070002000d"
                     "08000501c0a83101"
                     "090030"
                     "17420000000100e211223344550111012c01e21122334455"
                     "17e21122334455e211223344550111012c01e21122334455"
                     "0a0006e21122334455"
                     "0b00020001");
}

static void test_there_and_back(void)
{
    static const uint8_t unknown[] = {200, 0, 3, 1, 2, 3, 3, 0, 1, 9};
    McWfdIe ie = everything(), back;
    g_autoptr(GByteArray) tlvs = mc_wfd_ie_build_subelements(&ie);

    g_byte_array_append(tlvs, unknown, sizeof(unknown));
    g_assert_true(mc_wfd_ie_parse_subelements(tlvs->data, tlvs->len, &back));
    g_assert_cmpuint(back.present, ==, 0x0fc3);
    g_assert_cmpuint(back.n_sessions, ==, 2);
    g_assert_true(mc_mac_equal(&back.sessions[1].device, &mac_b));
    g_assert_cmpuint(back.sessions[1].max_throughput_mbps, ==, 300);
    g_assert_cmpuint(back.n_other, ==, 2);
    g_assert_cmpuint(back.other[0].id, ==, 200);
    g_assert_cmpuint(back.other[1].id, ==, 3);
    g_autoptr(GByteArray) again = mc_wfd_ie_build_subelements(&back);
    g_assert_cmpmem(again->data, again->len, tlvs->data, tlvs->len);
}

static void test_hex_from_the_lab(void)
{
    McWfdIe ie;

    g_assert_true(mc_wfd_ie_parse_hex("00000600111c440032", &ie));
    g_assert_cmpuint(ie.present, ==, 1);
    g_assert_cmpuint(ie.device.control_port, ==, 7236);
    g_assert_true(mc_wfd_ie_parse_hex("", &ie));
    g_assert_cmpuint(ie.present, ==, 0);
    g_assert_false(mc_wfd_ie_parse_hex("00000600111c44003", &ie));
    g_assert_false(mc_wfd_ie_parse_hex("00000600111c4400zz", &ie));
    g_autofree char *endless = g_strnfill(3 * MC_WFD_MAX_IE_BYTES, '0');
    g_assert_false(mc_wfd_ie_parse_hex(endless, &ie));
}

/* 16 sessions need two elements; the cut falls inside a descriptor. */
static void test_elements_split_and_joined(void)
{
    McWfdIe ie = everything(), back;
    const McWfdSession session = {mac_a, mac_b, 0x0111, 300, {0, mac_b}};
    static const uint8_t ssid[] = {0, 4, 'D', 'I', 'R', 'E'},
                         p2p[] = {0xdd, 4, 0x50, 0x6f, 0x9a, 9};

    while (mc_wfd_ie_add_session(&ie, &session))
        continue;
    g_autoptr(GByteArray) tlvs = mc_wfd_ie_build_subelements(&ie);
    g_autoptr(GByteArray) elements = mc_wfd_ie_build_elements(&ie);
    g_assert_cmpuint(elements->len, ==, tlvs->len + 2 * 6);
    g_assert_cmphex(elements->data[1], ==, 255);
    g_byte_array_prepend(elements, ssid, sizeof(ssid));
    g_byte_array_append(elements, p2p, sizeof(p2p));
    g_assert_true(mc_wfd_ie_parse_elements(elements->data, elements->len, &back));
    g_assert_cmpuint(back.n_sessions, ==, MC_WFD_MAX_SESSIONS);
    g_autoptr(GByteArray) again = mc_wfd_ie_build_subelements(&back);
    g_assert_cmpmem(again->data, again->len, tlvs->data, tlvs->len);
}

/* Each cut is in a block of its own size, so that a sanitizer sees a read beyond it. */
static void test_every_cut(void)
{
    McWfdIe ie = everything(), back;
    g_autoptr(GByteArray) tlvs = mc_wfd_ie_build_subelements(&ie);
    g_autoptr(GByteArray) elements = mc_wfd_ie_build_elements(&ie);
    unsigned whole = 0;

    for (guint len = 0; len < tlvs->len; len++) {
        g_autofree uint8_t *copy = g_memdup2(tlvs->data, len);
        whole += mc_wfd_ie_parse_subelements(copy, len, &back);
        g_assert_cmpuint(back.present & ~0x0fc3u, ==, 0);
    }
    g_assert_cmpuint(whole, ==, 8); /* the cuts between sub-elements, and the empty one */
    for (guint len = 1; len < elements->len; len++) {
        g_autofree uint8_t *copy = g_memdup2(elements->data, len);
        g_assert_false(mc_wfd_ie_parse_elements(copy, len, &back));
    }
}

static void test_wrong_lengths_are_kept_raw(void)
{
    static const uint8_t bytes[] = {0, 0, 2, 1,  1,          /* short device info */
                                    8, 0, 5, 2,  1, 2, 3, 4, /* IP version 2 */
                                    9, 0, 3, 23, 0, 0,       /* cut descriptor */
                                    7, 0, 3, 0,  1, 9,       /* longer: known part */
                                    7, 0, 2, 0,  2};         /* repeated */
    McWfdIe ie;

    g_assert_true(mc_wfd_ie_parse_subelements(bytes, sizeof(bytes), &ie));
    g_assert_cmpuint(ie.present, ==, 1u << 7);
    g_assert_cmpuint(ie.extended_capability, ==, 1);
    g_assert_cmpuint(ie.n_other, ==, 3);
    g_assert_cmpuint(ie.n_dropped, ==, 1);
    g_autofree char *text = mc_wfd_ie_describe(&ie);
    g_assert_cmpstr(text, ==, "no device information, UIBC");
}

static void test_flood_is_bounded(void)
{
    g_autofree uint8_t *bytes = g_malloc0(MC_WFD_MAX_IE_BYTES + 1);
    McWfdIe ie;

    for (size_t i = 0; i + 3 <= MC_WFD_MAX_IE_BYTES; i += 3)
        bytes[i] = 99;
    g_assert_true(mc_wfd_ie_parse_subelements(bytes, MC_WFD_MAX_IE_BYTES / 3 * 3, &ie));
    g_assert_cmpuint(ie.n_other, ==, MC_WFD_MAX_OTHER);
    g_assert_cmpuint(ie.n_dropped, ==, MC_WFD_MAX_IE_BYTES / 3 - MC_WFD_MAX_OTHER);
    g_assert_false(mc_wfd_ie_parse_subelements(bytes, MC_WFD_MAX_IE_BYTES + 1, &ie));
    bytes[0] = 99, bytes[1] = 2, bytes[2] = 1; /* one of 513 bytes: one too many to keep */
    g_assert_true(mc_wfd_ie_parse_subelements(bytes, 3 + 513, &ie));
    g_assert_cmpuint(ie.n_other + 10 * ie.n_dropped, ==, 10);
}

static void test_noise(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(20260730);
    McWfdIe ie, again;

    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t) g_rand_int_range(rand, 0, 300);
        g_autofree uint8_t *bytes = g_malloc(len + 1);

        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t) (g_rand_int(rand) % (i % 3 ? 32 : 256));
        mc_wfd_ie_parse_elements(bytes, len, &ie);
        mc_wfd_ie_parse_subelements(bytes, len, &ie);
        g_autoptr(GByteArray) built = mc_wfd_ie_build_subelements(&ie);
        g_assert_true(mc_wfd_ie_parse_subelements(built->data, built->len, &again));
        g_assert_cmpuint(again.present, ==, ie.present);
        g_assert_cmpuint(again.n_other, ==, ie.n_other);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wfd-ie/mac", test_mac);
    g_test_add_func("/wfd-ie/field-values", test_field_values);
    g_test_add_func("/wfd-ie/dev-info-refused", test_dev_info_refused);
    g_test_add_func("/wfd-ie/supplicant-strings", test_supplicant_strings);
    g_test_add_func("/wfd-ie/layout", test_layout_of_every_subelement);
    g_test_add_func("/wfd-ie/there-and-back", test_there_and_back);
    g_test_add_func("/wfd-ie/hex", test_hex_from_the_lab);
    g_test_add_func("/wfd-ie/split-and-joined", test_elements_split_and_joined);
    g_test_add_func("/wfd-ie/every-cut", test_every_cut);
    g_test_add_func("/wfd-ie/wrong-lengths", test_wrong_lengths_are_kept_raw);
    g_test_add_func("/wfd-ie/flood", test_flood_is_bounded);
    g_test_add_func("/wfd-ie/noise", test_noise);
    return g_test_run();
}
