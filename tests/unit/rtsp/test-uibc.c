/* SPDX-License-Identifier: MIT */
#include "rtsp/uibc.h"

#include <string.h>

#include "rtsp/error.h"

static void collect(const McUibcEvent *event, void *user_data)
{
    g_array_append_val((GArray *) user_data, *event);
}

/* Events of the bytes, fed in pieces of a size. */
static GArray *read_pieces(const char *hex, size_t piece, unsigned *ret_skipped)
{
    GArray *events = g_array_new(FALSE, TRUE, sizeof(McUibcEvent));
    g_autoptr(McUibcReader) reader = mc_uibc_reader_new(collect, events);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    for (const char *p = hex; *p; p++) {
        if (*p == ' ')
            continue;
        uint8_t byte = (uint8_t) (g_ascii_xdigit_value(p[0]) << 4 | g_ascii_xdigit_value(p[1]));
        g_byte_array_append(bytes, &byte, 1);
        p++;
    }
    for (size_t at = 0; at < bytes->len; at += piece)
        g_assert_true(
            mc_uibc_reader_feed(reader, bytes->data + at, MIN(piece, bytes->len - at), &error));
    if (ret_skipped)
        *ret_skipped = mc_uibc_reader_skipped(reader);
    return events;
}

#define EVENT(events, i) g_array_index(events, McUibcEvent, i)

/* The reference's own example: touch down at (960,540). */
static void test_touch(void)
{
    for (size_t piece = 1; piece <= 14; piece++) {
        g_autoptr(GArray) events = read_pieces("0000000E 00 0006 01 00 03C0 021C 00", piece, NULL);
        g_assert_cmpuint(events->len, ==, 1);
        McUibcEvent event = EVENT(events, 0);
        g_assert_cmpint(event.kind, ==, MC_UIBC_EVENT_POINTER);
        g_assert_cmpuint(event.x, ==, 960);
        g_assert_cmpuint(event.y, ==, 540);
        g_assert_true(event.pressed && event.changed);
    }
}

static void test_many_in_one(void)
{
    unsigned skipped;
    /* time stamp; two pointers move; key down "A"; scroll down 3 notches; left 20 px; rotate */
    g_autoptr(GArray) events = read_pieces("1000 0034 1234 "
                                           "02 000B 02 00 0001 0002 01 0003 0004 "
                                           "03 0005 00 0041 0000 "
                                           "06 0002 4003 07 0002 2014 08 0002 FF80 "
                                           "05 0006 0010 0020 0180",
                                           64, &skipped);

    g_assert_cmpuint(skipped, ==, 0);
    g_assert_cmpuint(events->len, ==, 7);
    g_assert_cmpuint(EVENT(events, 1).x, ==, 3);
    g_assert_false(EVENT(events, 1).changed);
    g_assert_cmpuint(EVENT(events, 2).code, ==, 'A');
    g_assert_true(EVENT(events, 2).pressed);
    g_assert_cmpint(EVENT(events, 3).dy, ==, -360);
    g_assert_cmpint(EVENT(events, 4).dx, ==, -60);
    g_assert_cmpint(EVENT(events, 5).angle_256, ==, -128);
    g_assert_cmpuint(EVENT(events, 6).factor_256, ==, 384);
}

/* Mouse with report id 28, keyboard with 29, as a Windows sink sends them. */
static void test_hid(void)
{
    g_autoptr(GArray) mouse = read_pieces("0001 0010 01 01 00 0005 28 01 05 FB 01 0000 "
                                          "0001 000E 01 01 00 0005 28 00 00 00 00",
                                          64, NULL);
    g_assert_cmpuint(mouse->len, ==, 4);
    g_assert_cmpint(EVENT(mouse, 0).dx, ==, 5);
    g_assert_cmpint(EVENT(mouse, 0).dy, ==, -5);
    g_assert_cmpuint(EVENT(mouse, 1).code, ==, 1);
    g_assert_true(EVENT(mouse, 1).pressed);
    g_assert_cmpint(EVENT(mouse, 2).dy, ==, 120);
    g_assert_false(EVENT(mouse, 3).pressed);

    g_autoptr(GArray) keys = read_pieces("0001 0012 01 00 00 0009 29 02 00 04 05 00 00 00 00 "
                                         "0001 0012 01 00 00 0009 29 00 00 05 00 00 00 00 00",
                                         64, NULL);
    static const struct {
        uint32_t usage;
        bool pressed;
    } expected[] = {{0xe1, true}, {4, true}, {5, true}, {4, false}, {0xe1, false}};
    g_assert_cmpuint(keys->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < keys->len; i++) {
        g_assert_cmphex(EVENT(keys, i).code, ==, MC_UIBC_KEY_HID + expected[i].usage);
        g_assert_true(EVENT(keys, i).pressed == expected[i].pressed);
    }
}

/* A descriptor of its own: a mouse whose buttons stand behind its axes. Another device of that
 * type, on another path, keeps the boot protocol. */
static void test_described(void)
{
    unsigned skipped;
    g_autoptr(GArray) events = read_pieces("0001 0036 01 01 01 002D "
                                           "05010902A101 05010930 09311581257F 75089502 8106"
                                           "05091901 29031500 25017501 95038102 75059501 8103C0"
                                           "0001 000C 01 01 00 0003 05 FB 01 "
                                           "0001 000C 02 01 00 0003 01 05 FB ",
                                           7, &skipped);

    g_assert_cmpuint(skipped, ==, 0);
    g_assert_cmpuint(events->len, ==, 4);
    for (guint i = 0; i < 4; i += 2) {
        g_assert_cmpint(EVENT(events, i).kind, ==, MC_UIBC_EVENT_MOTION);
        g_assert_cmpint(EVENT(events, i).dx, ==, 5);
        g_assert_cmpint(EVENT(events, i).dy, ==, -5);
        g_assert_cmpint(EVENT(events, i + 1).kind, ==, MC_UIBC_EVENT_BUTTON);
    }
}

/* One device after the other: eight are kept, the rest is skipped and costs nothing. */
static void test_many_devices(void)
{
    g_autoptr(GString) hex = g_string_new(NULL);
    unsigned skipped;

    for (unsigned path = 0; path < 256; path++)
        g_string_append_printf(hex, "0001 000C %02X 01 00 0003 01 00 00 ", path);
    g_autoptr(GArray) events = read_pieces(hex->str, 1000, &skipped);
    g_assert_cmpuint(events->len, ==, 8);
    g_assert_cmpuint(skipped, ==, 248);
}

/* Each kind of generic input and HID report that is too short for what it says: skipped, counted.
 */
static void test_short(void)
{
    static const char *const packets[] = {
        "0000 0008 00 0001 01",            /* a touch without a place */
        "0000 000A 03 0003 00 0041",       /* one code of two */
        "0000 000A 05 0003 00 0001",       /* zoom without a factor */
        "0000 0008 06 0001 40",            /* half a scroll */
        "0000 000A 06 0002 C003 00",       /* a scroll in a unit that is none */
        "0000 0008 08 0001 FF",            /* half a turn */
        "0001 000C 01 00 00 0003 000000",  /* a keyboard of three bytes */
        "0001 000C 01 01 00 0002 0000 00", /* a mouse of two */
        "0001 000A 01 03 00 0001 00",      /* reports of a touch screen: no layout is known */
        "0001 000A 01 01 01 0001 00",      /* a descriptor */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(packets); i++) {
        unsigned skipped;
        g_autoptr(GArray) events = read_pieces(packets[i], 5, &skipped);
        if (events->len || skipped != 1)
            g_error("%s: %u events, %u skipped", packets[i], events->len, skipped);
    }
    mc_uibc_reader_free(NULL);
}

static void test_nonsense_is_skipped(void)
{
    unsigned skipped;
    g_autoptr(GArray) events = read_pieces("0000 0008 00 0006 01 " /* longer than the packet */
                                           "0000 0007 77 0000 "    /* unknown id */
                                           "0002 0004 "            /* unknown category */
                                           "0000 0008 00 0001 FF " /* 255 pointers */
                                           "1000 0004 "            /* no room for the stamp */
                                           "0001 0006 01 01 "      /* half a HID head */
                                           "0000000E 01 0006 01 00 0001 0002 00",
                                           3, &skipped);

    g_assert_cmpuint(skipped, ==, 6);
    g_assert_cmpuint(events->len, ==, 1);
}

/* "Encrypted" by turning the bits; what does not begin with a mark does not open. */
static bool open_body(const uint8_t *body, size_t len, GByteArray *out, void *user_data)
{
    if (!len || body[0] != 0x17)
        return false;
    for (size_t i = 1; i < len; i++)
        g_byte_array_append(out, &(uint8_t){(uint8_t) ~body[i]}, 1);
    return true;
}

static void count_event(const McUibcEvent *event, void *user_data)
{
    g_assert_cmpint(event->kind, ==, MC_UIBC_EVENT_KEY);
    ++*(unsigned *) user_data;
}

/* A key press: type 3, 5 bytes: reserved, two codes of two bytes. */
static void test_encrypted_bodies(void)
{
    static const uint8_t clear[] = {3, 0, 5, 0, 0, 'a', 0, 0};
    uint8_t packet[4 + 1 + sizeof(clear)] = {0, 0, 0, sizeof(packet), 0x17};
    unsigned events = 0;
    g_autoptr(McUibcReader) reader = mc_uibc_reader_new(count_event, &events);

    for (size_t i = 0; i < sizeof(clear); i++)
        packet[5 + i] = (uint8_t) ~clear[i];
    mc_uibc_reader_set_open(reader, open_body, NULL);
    g_assert_true(mc_uibc_reader_feed(reader, packet, sizeof(packet), NULL));
    g_assert_cmpuint(events, ==, 1);
    packet[4] = 3; /* in the clear, or forged: skipped */
    g_assert_true(mc_uibc_reader_feed(reader, packet, sizeof(packet), NULL));
    g_assert_cmpuint(events, ==, 1);
    g_assert_cmpuint(mc_uibc_reader_skipped(reader), ==, 1);
}

static void test_lost_framing(void)
{
    static const uint8_t bad[][4] = {{0x00, 0x00, 0x00, 0x03}, {0x20, 0x00, 0x00, 0x08}};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(McUibcEvent));
        g_autoptr(McUibcReader) reader = mc_uibc_reader_new(collect, events);
        g_autoptr(GError) error = NULL;
        g_assert_false(mc_uibc_reader_feed(reader, bad[i], 4, &error));
        g_assert_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_MALFORMED);
    }
}

static void test_map(void)
{
    static const struct {
        uint32_t pw, ph, dw, dh;
        uint16_t x, y;
        int32_t dx, dy;
    } rows[] = {
        {1920, 1080, 1920, 1080, 960, 540, 960, 540},
        {1280, 720, 1920, 1080, 1279, 719, 1918, 1078},
        {1920, 1080, 1024, 768, 240, 0, 0, 0},   /* borders of 240 left and right */
        {1920, 1080, 1024, 768, 0, 540, 0, 384}, /* in the border: clamped */
        {1920, 1080, 1024, 768, 1679, 1079, 1023, 767},
        {640, 480, 1920, 1080, 320, 60, 960, 0}, /* above and below */
        {1920, 1080, 1920, 1080, 65535, 65535, 1919, 1079},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int32_t x, y;
        mc_uibc_map(rows[i].pw, rows[i].ph, rows[i].dw, rows[i].dh, rows[i].x, rows[i].y, &x, &y);
        g_assert_cmpint(x, ==, rows[i].dx);
        g_assert_cmpint(y, ==, rows[i].dy);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/uibc/touch", test_touch);
    g_test_add_func("/uibc/many-in-one", test_many_in_one);
    g_test_add_func("/uibc/hid", test_hid);
    g_test_add_func("/uibc/described", test_described);
    g_test_add_func("/uibc/many-devices", test_many_devices);
    g_test_add_func("/uibc/short", test_short);
    g_test_add_func("/uibc/nonsense-is-skipped", test_nonsense_is_skipped);
    g_test_add_func("/uibc/encrypted-bodies", test_encrypted_bodies);
    g_test_add_func("/uibc/lost-framing", test_lost_framing);
    g_test_add_func("/uibc/map", test_map);
    return g_test_run();
}
