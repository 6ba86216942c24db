/* SPDX-License-Identifier: MIT */
/* The byte examples and PIN vectors of MS-MICE, and what a hostile peer may send. */
#include "p2p/mice/message.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t id[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static void assert_hex(const uint8_t *bytes, size_t len, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t i = 0; i < len; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    g_assert_cmpstr(text->str, ==, expected);
}

static GBytes *source_ready(void)
{
    g_autoptr(GByteArray) tlvs = g_byte_array_new();

    mc_mice_add_name(tlvs, "TestPC");
    mc_mice_add_port(tlvs, 7236);
    mc_mice_add_tlv(tlvs, MC_MICE_TLV_SOURCE_ID, id, sizeof(id));
    return mc_mice_message(MC_MICE_SOURCE_READY, tlvs->data, tlvs->len);
}

static void test_source_ready_bytes(void)
{
    g_autoptr(GBytes) message = source_ready();
    gsize len;
    const uint8_t *data = g_bytes_get_data(message, &len);

    assert_hex(data, len,
               "002b0101"
               "00000c540065007300740050004300"
               "0200021c44"
               "030010000102030405060708090a0b0c0d0e0f");
}

static void test_session_request_bytes(void)
{
    g_autoptr(GByteArray) tlvs = g_byte_array_new();
    const uint8_t options = MC_MICE_OPTION_ENCRYPT_STREAM | MC_MICE_OPTION_SINK_SHOWS_PIN;

    mc_mice_add_tlv(tlvs, MC_MICE_TLV_SECURITY_OPTIONS, &options, 1);
    mc_mice_add_name(tlvs, "TestPC");
    mc_mice_add_tlv(tlvs, MC_MICE_TLV_SOURCE_ID, id, sizeof(id));
    g_autoptr(GBytes) message = mc_mice_message(MC_MICE_SESSION_REQUEST, tlvs->data, tlvs->len);
    gsize len;
    const uint8_t *data = g_bytes_get_data(message, &len);
    assert_hex(data, len,
               "002a0104"
               "05000103"
               "00000c540065007300740050004300"
               "030010000102030405060708090a0b0c0d0e0f");
}

static void test_round_trip_and_every_cut(void)
{
    g_autoptr(GBytes) message = source_ready();
    gsize len;
    const uint8_t *data = g_bytes_get_data(message, &len), *array;
    size_t array_len, size;
    McMiceCommand command;
    McMiceTlvs tlvs;

    for (gsize cut = 0; cut < len; cut++)
        g_assert_cmpint(mc_mice_next(data, cut, &command, &array, &array_len, &size), ==,
                        MC_MICE_MORE);
    g_assert_cmpint(mc_mice_next(data, len, &command, &array, &array_len, &size), ==, MC_MICE_OK);
    g_assert_cmpint(command, ==, MC_MICE_SOURCE_READY);
    g_assert_cmpuint(size, ==, len);
    g_assert_cmpint(mc_mice_parse_tlvs(array, array_len, &tlvs), ==, MC_MICE_OK);
    g_assert_cmpstr(tlvs.friendly_name, ==, "TestPC");
    g_assert_cmpuint(tlvs.rtsp_port, ==, 7236);
    g_assert_cmpmem(tlvs.source_id, 16, id, 16);
    mc_mice_tlvs_clear(&tlvs);
}

static void test_hostile(void)
{
    static const struct {
        const char *bytes;
        size_t len;
        McMiceResult result;
    } rows[] = {
        {"\x00\x03\x01\x01", 4, MC_MICE_BAD_SIZE},    {"\xff\xff\x01\x01", 4, MC_MICE_BAD_SIZE},
        {"\x00\x04\x02\x01", 4, MC_MICE_BAD_VERSION}, {"\x00\x04\x01\x00", 4, MC_MICE_BAD_COMMAND},
        {"\x00\x04\x01\x07", 4, MC_MICE_BAD_COMMAND},
    };
    static const struct {
        const char *bytes;
        size_t len;
    } tlvs_bad[] = {
        {"\x02\x00", 2},     /* half a header */
        {"\x02\x00\x00", 3}, /* Length must be 1 or more */
        {"\x02\x00\x03"
         "ab",
         5}, /* runs over */
        {"\x02\x00\x01"
         "a",
         4}, /* a port of one byte */
        {"\x02\x00\x02"
         "ab"
         "\x02\x00\x02"
         "ab",
         10}, /* twice */
        {"\x06\x00\x04"
         "abcd",
         7}, /* a hash of four bytes */
        {"\x00\x00\x02"
         "\x00\xd8",
         5}, /* half of a surrogate pair */
    };
    const uint8_t *array;
    size_t array_len, size;
    McMiceCommand command;
    McMiceTlvs tlvs;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(mc_mice_next((const uint8_t *) rows[i].bytes, rows[i].len, &command, &array,
                                     &array_len, &size),
                        ==, rows[i].result);
    for (unsigned i = 0; i < G_N_ELEMENTS(tlvs_bad); i++)
        g_assert_cmpint(
            mc_mice_parse_tlvs((const uint8_t *) tlvs_bad[i].bytes, tlvs_bad[i].len, &tlvs), ==,
            MC_MICE_BAD_TLV);
}

static void test_pin_hashes(void)
{
    uint8_t address[16], hash[32];

    inet_pton(AF_INET, "192.0.2.100", address);
    g_assert_true(mc_mice_pin_hash("12345678", address, 4, hash));
    assert_hex(hash, 32, "605409f832308ad0b893a7f91be42b264c7372b36e9077506e1b4cc183de79da");
    inet_pton(AF_INET, "192.0.2.200", address);
    g_assert_true(mc_mice_pin_hash("12345678", address, 4, hash));
    assert_hex(hash, 32, "18d8d8afdbd02b0c0d5d27ed058f8df3afd860a45ef137ed257915a8bb2df74e");
    inet_pton(AF_INET6, "2001:db8:1f::4242", address);
    g_assert_true(mc_mice_pin_hash("98765432", address, 16, hash));
    assert_hex(hash, 32, "b3452b2c46c83d28d8d464b6697a81d1af3f356107e1d0731ea9bb183803f9c7");
    inet_pton(AF_INET6, "::ffff:192.0.2.100", address);
    g_assert_true(mc_mice_pin_hash("12345678", address, 16, hash));
    assert_hex(hash, 32, "605409f832308ad0b893a7f91be42b264c7372b36e9077506e1b4cc183de79da");
}

static void test_long_name_is_cut_at_a_character(void)
{
    g_autoptr(GByteArray) tlvs = g_byte_array_new();
    g_autoptr(GString) name = g_string_new("x");

    for (int i = 0; i < 200; i++)
        g_string_append(name, "\xf0\x9f\x93\xba"); /* a television, a surrogate pair each */
    mc_mice_add_name(tlvs, name->str);
    g_assert_cmpuint(tlvs->len, ==, 3 + 2 + 129 * 4);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mice/message/source-ready", test_source_ready_bytes);
    g_test_add_func("/mice/message/session-request", test_session_request_bytes);
    g_test_add_func("/mice/message/round-trip", test_round_trip_and_every_cut);
    g_test_add_func("/mice/message/hostile", test_hostile);
    g_test_add_func("/mice/message/pin-hashes", test_pin_hashes);
    g_test_add_func("/mice/message/long-name", test_long_name_is_cut_at_a_character);
    return g_test_run();
}
