/* SPDX-License-Identifier: MIT */
/* HID devices of a sink: descriptors as real devices have them, their reports, and nonsense. */
#include "rtsp/hid-device.h"

#include <string.h>

#include "tests/unit/hex.h"

typedef struct {
    McHidDevice device;
    GArray *events;
} Bed;

static void collect(const McUibcEvent *event, void *user_data)
{
    g_array_append_val((GArray *) user_data, *event);
}

static void set_up(Bed *bed, gconstpointer data)
{
    bed->events = g_array_new(FALSE, TRUE, sizeof(McUibcEvent));
    mc_hid_device_init(&bed->device, MC_HID_BOOT_NONE);
}

static void tear_down(Bed *bed, gconstpointer data)
{
    g_array_unref(bed->events);
}

static bool describe(Bed *bed, const char *hex)
{
    uint8_t bytes[1024];
    size_t n = test_hex(hex, bytes, sizeof(bytes));

    return mc_hid_device_describe(&bed->device, bytes, n, collect, bed->events);
}

/* Events of one report, as words. */
static char *report(Bed *bed, const char *hex)
{
    GString *text = g_string_new(NULL);
    uint8_t bytes[256];
    size_t n = test_hex(hex, bytes, sizeof(bytes));

    g_array_set_size(bed->events, 0);
    if (!mc_hid_device_report(&bed->device, bytes, n, collect, bed->events))
        g_string_append(text, "nothing ");
    for (guint i = 0; i < bed->events->len; i++) {
        const McUibcEvent *e = &g_array_index(bed->events, McUibcEvent, i);
        if (e->kind == MC_UIBC_EVENT_KEY)
            g_string_append_printf(text, "key %x %s ", e->code - MC_UIBC_KEY_HID,
                                   e->pressed ? "down" : "up");
        else if (e->kind == MC_UIBC_EVENT_BUTTON)
            g_string_append_printf(text, "button %u %s ", e->code, e->pressed ? "down" : "up");
        else if (e->kind == MC_UIBC_EVENT_MOTION)
            g_string_append_printf(text, "by %d,%d ", e->dx, e->dy);
        else if (e->kind == MC_UIBC_EVENT_SCROLL)
            g_string_append_printf(text, "scroll %d,%d ", e->dx / 120, e->dy / 120);
        else if (e->kind == MC_UIBC_EVENT_POINTER && e->shares)
            g_string_append_printf(
                text, "%s %u at %u,%u ",
                !e->changed ? (e->pressed ? "drag" : "to") : (e->pressed ? "touch" : "lift"), e->id,
                (e->x * 100 + 32767) / 65535, (e->y * 100 + 32767) / 65535);
        else
            g_string_append(text, "? ");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void expect_report(Bed *bed, const char *hex, const char *events)
{
    g_autofree char *text = report(bed, hex);

    g_assert_cmpstr(g_strchomp(text), ==, events);
}

/* ---- devices ---- */

/* A mouse of 12 bits an axis, five buttons, wheel and tilt (AC Pan), report id 2. */
#define MOUSE                                                                                      \
    "05 01 09 02 A1 01 85 02 09 01 A1 00 05 09 19 01 29 05 15 00 25 01 95 05 75 01 81 02 "         \
    "95 01 75 03 81 01 05 01 09 30 09 31 16 01 F8 26 FF 07 75 0C 95 02 81 06 "                     \
    "09 38 15 81 25 7F 75 08 95 01 81 06 05 0C 0A 38 02 95 01 81 06 C0 C0"

static void test_mouse(Bed *bed, gconstpointer data)
{
    g_assert_true(describe(bed, MOUSE));
    expect_report(bed, "02 01 05 B0 FF 00 00", "by 5,-5 button 1 down");
    expect_report(bed, "02 07 00 00 00 00 00", "button 3 down button 2 down");
    expect_report(bed, "02 18 00 00 00 FF 02", "button 1 up button 3 up button 2 up scroll 2,-1");
    expect_report(bed, "02 00 01 F8 7F 00 00", "by -2047,2047");
    expect_report(bed, "01 07 00 00 00 00 00", "nothing"); /* another report's id */
    expect_report(bed, "02", "nothing");
    expect_report(bed, "", "nothing");
}

/* A tablet's pointer: a place, not a way; 0..32767. */
static void test_absolute(Bed *bed, gconstpointer data)
{
    g_assert_true(
        describe(bed, "05 01 09 02 A1 01 09 01 A1 00 05 09 19 01 29 03 15 00 25 01 75 01 95 03 "
                      "81 02 75 05 95 01 81 03 05 01 09 30 09 31 15 00 26 FF 7F 75 10 95 02 "
                      "81 02 C0 C0"));
    expect_report(bed, "00 00 40 FF 7F", "to 0 at 50,100");
    expect_report(bed, "01 FF FF FF FF", "to 0 at 100,100 button 1 down");
}

#define KEYBOARD                                                                                   \
    "05 01 09 06 A1 01 05 07 19 E0 29 E7 15 00 25 01 75 01 95 08 81 02 95 01 75 08 81 01 "         \
    "95 05 75 01 05 08 19 01 29 05 91 02 95 01 75 03 91 01 95 06 75 08 15 00 25 65 05 07 "         \
    "19 00 29 65 81 00 C0"

static void test_keyboard(Bed *bed, gconstpointer data)
{
    g_assert_true(describe(bed, KEYBOARD));
    expect_report(bed, "02 00 04 05 00 00 00 00", "key e1 down key 4 down key 5 down");
    expect_report(bed, "02 00 05 04 00 00 00 00", ""); /* the order says nothing */
    expect_report(bed, "02 00 01 01 01 01 01 01", ""); /* too many at once: neither does this */
    expect_report(bed, "00 00 06 00 00 00 00 00", "key 4 up key 5 up key 6 down key e1 up");
    expect_report(bed, "00 00 06 FF 00 00 00 00", ""); /* beyond the range that it names */
    expect_report(bed, "00 00 00 00 00 00 00 00", "key 6 up");
}

/* One bit a key, as keyboards without a limit have it. */
static void test_bit_keyboard(Bed *bed, gconstpointer data)
{
    g_assert_true(describe(
        bed, "05 01 09 06 A1 01 85 07 05 07 19 04 29 13 15 00 25 01 75 01 95 10 81 02 C0"));
    expect_report(bed, "07 03 80", "key 4 down key 5 down key 13 down");
    expect_report(bed, "07 01 00", "key 5 up key 13 up");
}

/* Two fingers of a touch screen, 0..4095; a count says how many of them are meant. */
#define FINGER                                                                                     \
    "05 0D 09 22 A1 02 09 42 15 00 25 01 75 01 95 01 81 02 95 07 81 03 75 08 95 01 09 51 25 7F "   \
    "81 02 05 01 26 FF 0F 75 10 09 30 81 02 09 31 81 02 C0 "
#define SCREEN "05 0D 09 04 A1 01 85 01 " FINGER FINGER "05 0D 09 54 25 0A 75 08 95 01 81 02 C0"

static void test_fingers(Bed *bed, gconstpointer data)
{
    g_assert_true(describe(bed, SCREEN));
    expect_report(bed, "01 01 05 FF07 FF07  00 00 0000 0000  01", "touch 0 at 50,50");
    expect_report(bed, "01 01 05 0000 FF0F  01 09 FF0F 0000  02",
                  "drag 0 at 0,100 touch 1 at 100,0");
    expect_report(bed, "01 00 05 0000 FF0F  01 09 FF0F FF0F  02",
                  "lift 0 at 0,100 drag 1 at 100,100");
    expect_report(bed, "01 01 07 0000 0000  01 09 FF0F FF0F  02",
                  "touch 0 at 0,0 drag 1 at 100,100");
    expect_report(bed, "01 00 07 0000 0000  00 09 FF0F FF0F  02",
                  "lift 0 at 0,0 lift 1 at 100,100");
    expect_report(bed, "01 00 07 0000 0000  00 09 FF0F FF0F  02", "");
}

/* Eleven fingers, each in a report of its own: ten are as many as there are. */
static void test_many_fingers(Bed *bed, gconstpointer data)
{
    g_assert_true(describe(bed, "05 0D 09 04 A1 01 " FINGER "C0"));
    for (unsigned i = 0; i < 11; i++) {
        g_autofree char *hex = g_strdup_printf("01 %02X 0000 0000", i);
        g_autofree char *events = i < 10 ? g_strdup_printf("touch %u at 0,0", i) : g_strdup("");
        expect_report(bed, hex, events);
    }
    /* Another descriptor: nothing stays pressed by the one before. */
    g_array_set_size(bed->events, 0);
    g_assert_true(describe(bed, MOUSE));
    g_assert_cmpuint(bed->events->len, ==, 10);
    for (guint i = 0; i < 10; i++)
        g_assert_false(g_array_index(bed->events, McUibcEvent, i).pressed);
}

static void test_boot(Bed *bed, gconstpointer data)
{
    mc_hid_device_init(&bed->device, MC_HID_BOOT_KEYBOARD);
    expect_report(bed, "01 00 04 00 00 00 00 00", "key e0 down key 4 down");
    mc_hid_device_init(&bed->device, MC_HID_BOOT_MOUSE);
    expect_report(bed, "05 FF 01", "by -1,1 button 1 down button 2 down");
    mc_hid_device_init(&bed->device, MC_HID_BOOT_NONE);
    expect_report(bed, "05 FF 01", "nothing");
}

/* ---- nonsense ---- */

static void test_bad(Bed *bed, gconstpointer data)
{
    static const char *const bad[] = {
        "",
        "05",                                          /* an item without its data */
        "FE 10 00 00",                                 /* a long item that breaks off */
        "C0",                                          /* the end of nothing */
        "A1 01",                                       /* no end */
        "B4",                                          /* Pop without Push */
        "A4 A4 A4 A4 A4 A4 A4 A4 A4",                  /* Push without end */
        "85 00",                                       /* report 0 */
        "05 01 09 30 75 20 96 FF FF 81 02",            /* a report of 2 million bits */
        "05 01 09 30 77 FFFFFFFF 97 FFFFFFFF 81 02",   /* and of 2^64 */
        "05 01 09 06 A1 01 05 08 19 01 29 05 91 02 C0" /* lamps, and no input */
    };
    g_autoptr(GString) deep = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        if (describe(bed, bad[i]))
            g_error("%s was read", bad[i]);
    for (unsigned i = 0; i < 33; i++)
        g_string_append(deep, "A1 02 ");
    g_assert_false(describe(bed, deep->str));
    uint8_t *large = g_malloc0(MC_HID_MAX_DESCRIPTOR + 1);
    g_assert_false(mc_hid_device_describe(&bed->device, large, MC_HID_MAX_DESCRIPTOR + 1, collect,
                                          bed->events));
    g_free(large);
    g_assert_true(describe(bed, "FE 02 F0 AA BB " KEYBOARD)); /* a whole long item is skipped */
    g_assert_true(describe(bed, "A4 75 08 B4 " MOUSE));
}

/* More fields than are kept: the first ones count, and nothing is written beyond. */
static void test_bounds(Bed *bed, gconstpointer data)
{
    McHidLayout layout;
    uint8_t bytes[128];
    size_t n = test_hex("05 07 19 04 29 FF 15 00 25 01 75 01 95 FF 81 02 C0", bytes, sizeof(bytes));

    g_assert_true(mc_hid_layout_parse(bytes, n - 1, &layout));
    g_assert_cmpuint(layout.n_fields, ==, MC_HID_MAX_FIELDS);
    /* 32 bits across five bytes, and a sign. */
    McHidField field = {.bit = 7, .bits = 32, .logical_min = -1, .count = 1};
    static const uint8_t report_bytes[5] = {0x00, 0xff, 0xff, 0xff, 0x7f};
    int32_t value;
    g_assert_true(mc_hid_field_value(&field, 0, report_bytes, 5, &value));
    g_assert_cmpint(value, ==, -2);
    g_assert_false(mc_hid_field_value(&field, 0, report_bytes, 4, &value));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add(path, Bed, NULL, set_up, func, tear_down)
    ADD("/hid/mouse", test_mouse);
    ADD("/hid/absolute", test_absolute);
    ADD("/hid/keyboard", test_keyboard);
    ADD("/hid/bit-keyboard", test_bit_keyboard);
    ADD("/hid/fingers", test_fingers);
    ADD("/hid/many-fingers", test_many_fingers);
    ADD("/hid/boot", test_boot);
    ADD("/hid/bad", test_bad);
    ADD("/hid/bounds", test_bounds);
    return g_test_run();
}
