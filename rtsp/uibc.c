/* SPDX-License-Identifier: MIT */
#include "rtsp/uibc.h"

#include <string.h>

#include "rtsp/error.h"
#include "rtsp/hid-device.h"

/*
 *   0        1        2        3
 *   |VVVT----|----CCCC| length (whole packet)     V version 0, T time stamp, C category
 *   [time stamp (2) where T is set]
 *   body, padded to an even length
 */
#define HEADER_BYTES 4u
#define CATEGORY_GENERIC 0u
#define CATEGORY_HIDC 1u
#define NOTCH 120
#define PIXELS_A_NOTCH 40 /* for scrolling in pixels */
#define MAX_POINTERS 10u

#define HID_KEYBOARD 0u
#define HID_MOUSE 1u
#define HID_REPORT 0u
#define HID_DESCRIPTOR 1u
#define MAX_DEVICES 8u

typedef struct {
    uint8_t path, type;
    bool described; /* by a descriptor of its own */
    McHidDevice hid;
} Device;

struct McUibcReader {
    McUibcSink sink;
    void *user_data;
    McUibcOpen open; /* NULL: bodies are in the clear */
    void *open_data;
    GByteArray *held; /* less than one packet */
    unsigned skipped;
    Device *device[MAX_DEVICES];
    unsigned n_devices;
};

static unsigned get16(const uint8_t *p)
{
    return (unsigned) p[0] << 8 | p[1];
}

static void tell(McUibcReader *self, McUibcEvent event)
{
    self->sink(&event, self->user_data);
}

/* ---- generic input; each returns false when the data are too short ---- */

/* n(1), then n times pointer id(1), x(2), y(2) */
static bool on_pointer(McUibcReader *self, unsigned id, const uint8_t *data, size_t len)
{
    if (len < 1 || data[0] == 0 || data[0] > MAX_POINTERS || len < 1 + data[0] * 5u)
        return false;
    for (unsigned i = 0; i < data[0]; i++) {
        const uint8_t *p = data + 1 + i * 5;
        tell(self, (McUibcEvent){.kind = MC_UIBC_EVENT_POINTER,
                                 .id = p[0],
                                 .x = (uint16_t) get16(p + 1),
                                 .y = (uint16_t) get16(p + 3),
                                 .changed = id != 2,
                                 .pressed = id == 0});
    }
    return true;
}

/* reserved(1), code1(2), code2(2): ASCII in the low byte, 0 is none */
static bool on_key(McUibcReader *self, unsigned id, const uint8_t *data, size_t len)
{
    if (len < 5)
        return false;
    for (unsigned i = 0; i < 2; i++) {
        unsigned code = get16(data + 1 + i * 2) & 0xff;
        if (code)
            tell(self, (McUibcEvent){.kind = MC_UIBC_EVENT_KEY, .code = code, .pressed = id == 3});
    }
    return true;
}

/* x(2), y(2), integer(1), fraction/256(1) */
static bool on_zoom(McUibcReader *self, unsigned id, const uint8_t *data, size_t len)
{
    if (len < 6)
        return false;
    tell(self, (McUibcEvent){.kind = MC_UIBC_EVENT_ZOOM,
                             .x = (uint16_t) get16(data),
                             .y = (uint16_t) get16(data + 2),
                             .factor_256 = get16(data + 4)});
    return true;
}

/* bits 15:14 unit (0 pixel, 1 notch), 13 direction, 12:0 amount
 * vertical: 0 down, 1 up; horizontal: 0 right, 1 left */
static bool on_scroll(McUibcReader *self, unsigned id, const uint8_t *data, size_t len)
{
    if (len < 2)
        return false;
    unsigned word = get16(data), unit = word >> 14;
    int32_t amount = (int32_t) (word & 0x1fff) * NOTCH / (unit == 1 ? 1 : PIXELS_A_NOTCH);
    bool second = word >> 13 & 1;
    McUibcEvent event = {.kind = MC_UIBC_EVENT_SCROLL};
    if (unit > 1)
        return false;
    if (id == 6)
        event.dy = second ? amount : -amount;
    else
        event.dx = second ? -amount : amount;
    tell(self, event);
    return true;
}

/* integer radians(1, signed), fraction/256(1, added) */
static bool on_rotate(McUibcReader *self, unsigned id, const uint8_t *data, size_t len)
{
    if (len < 2)
        return false;
    tell(self, (McUibcEvent){.kind = MC_UIBC_EVENT_ROTATE,
                             .angle_256 = (int8_t) data[0] * 256 + data[1]});
    return true;
}

static bool (*const generic[])(McUibcReader *, unsigned, const uint8_t *, size_t) = {
    on_pointer, on_pointer, on_pointer, on_key, on_key, on_zoom, on_scroll, on_scroll, on_rotate,
};

/* One or more of: id(1), length(2, of the data), data. A last odd byte is padding. */
static void on_generic(McUibcReader *self, const uint8_t *body, size_t len)
{
    while (len >= 3) {
        unsigned id = body[0];
        size_t bytes = get16(body + 1);
        if (bytes > len - 3) {
            self->skipped++;
            return;
        }
        if (id >= G_N_ELEMENTS(generic) || !generic[id](self, id, body + 3, bytes))
            self->skipped++;
        body += 3 + bytes;
        len -= 3 + bytes;
    }
}

/* ---- HID ---- */

/* A device for each path and type; a sink that invents more than fit has them skipped. */
static Device *device_of(McUibcReader *self, uint8_t path, uint8_t type)
{
    static const McHidBoot boot[] = {
        [HID_KEYBOARD] = MC_HID_BOOT_KEYBOARD, [HID_MOUSE] = MC_HID_BOOT_MOUSE};

    for (unsigned i = 0; i < self->n_devices; i++)
        if (self->device[i]->path == path && self->device[i]->type == type)
            return self->device[i];
    if (self->n_devices == MAX_DEVICES)
        return NULL;
    Device *device = self->device[self->n_devices++] = g_new0(Device, 1);
    device->path = path;
    device->type = type;
    mc_hid_device_init(&device->hid, type <= HID_MOUSE ? boot[type] : MC_HID_BOOT_NONE);
    return device;
}

/* Without a descriptor: the boot protocol's report, or one with an id before it. */
static bool on_report(McUibcReader *self, Device *device, const uint8_t *report, size_t len)
{
    static const struct {
        size_t least, with_id;
    } boot[] = {[HID_KEYBOARD] = {8, 9}, [HID_MOUSE] = {3, 5}};

    if (!device->described && device->type <= HID_MOUSE) {
        if (len < boot[device->type].least)
            return false;
        const size_t id = len == boot[device->type].with_id;
        report += id;
        len -= id;
    }
    return mc_hid_device_report(&device->hid, report, len, self->sink, self->user_data);
}

/* path(1), type(1), usage(1), length(2), bytes */
static void on_hidc(McUibcReader *self, const uint8_t *body, size_t len)
{
    size_t bytes = len >= 5 ? get16(body + 3) : 0;
    bool ok = false;

    if (len < 5 || bytes > len - 5) {
        self->skipped++;
        return;
    }
    Device *device = device_of(self, body[0], body[1]);
    if (device && body[2] == HID_REPORT)
        ok = on_report(self, device, body + 5, bytes);
    else if (device && body[2] == HID_DESCRIPTOR)
        ok = mc_hid_device_describe(&device->hid, body + 5, bytes, self->sink, self->user_data);
    if (device && ok && body[2] == HID_DESCRIPTOR)
        device->described = true;
    if (!ok)
        self->skipped++;
}

/* ---- packets ---- */

static void on_body(McUibcReader *self, unsigned category, const uint8_t *body, size_t len)
{
    if (category == CATEGORY_GENERIC)
        on_generic(self, body, len);
    else
        on_hidc(self, body, len);
}

static void on_packet(McUibcReader *self, const uint8_t *packet, size_t len)
{
    size_t head = HEADER_BYTES + (packet[0] & 0x10 ? 2u : 0u);
    unsigned category = packet[1] & 0x0f;
    g_autoptr(GByteArray) plain = NULL;

    if (len < head || category > CATEGORY_HIDC) {
        self->skipped++;
        return;
    }
    if (!self->open) {
        on_body(self, category, packet + head, len - head);
        return;
    }
    plain = g_byte_array_new();
    if (self->open(packet + head, len - head, plain, self->open_data))
        on_body(self, category, plain->data, plain->len);
    else
        self->skipped++;
}

static bool malformed(GError **error, const char *what)
{
    g_set_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_MALFORMED, "the sink's input channel sent %s",
                what);
    return false;
}

bool mc_uibc_reader_feed(McUibcReader *self, const uint8_t *data, size_t len, GError **error)
{
    size_t at = 0;

    g_byte_array_append(self->held, data, (guint) len);
    while (self->held->len - at >= HEADER_BYTES) {
        const uint8_t *packet = self->held->data + at;
        size_t bytes = get16(packet + 2);
        if (packet[0] >> 5 != 0)
            return malformed(error, "a version that is not 0");
        if (bytes < HEADER_BYTES)
            return malformed(error, "a packet shorter than its header");
        if (self->held->len - at < bytes)
            break;
        on_packet(self, packet, bytes);
        at += bytes;
    }
    if (at)
        g_byte_array_remove_range(self->held, 0, (guint) at);
    return true;
}

McUibcReader *mc_uibc_reader_new(McUibcSink sink, void *user_data)
{
    McUibcReader *self = g_new0(McUibcReader, 1);

    self->sink = sink;
    self->user_data = user_data;
    self->held = g_byte_array_new();
    return self;
}

void mc_uibc_reader_free(McUibcReader *self)
{
    if (!self)
        return;
    for (unsigned i = 0; i < self->n_devices; i++)
        g_free(self->device[i]);
    g_byte_array_unref(self->held);
    g_free(self);
}

void mc_uibc_reader_set_open(McUibcReader *self, McUibcOpen open, void *user_data)
{
    self->open = open;
    self->open_data = user_data;
}

unsigned mc_uibc_reader_skipped(const McUibcReader *self)
{
    return self->skipped;
}

/* ---- coordinates ---- */

static int32_t map_axis(int64_t value, int64_t border, int64_t content, int64_t desktop)
{
    int64_t at = content > 0 ? (value - border) * desktop / content : 0;

    return (int32_t) CLAMP(at, 0, desktop - 1);
}

void mc_uibc_map(uint32_t picture_width_px, uint32_t picture_height_px, uint32_t desktop_width_px,
                 uint32_t desktop_height_px, uint16_t x, uint16_t y, int32_t *ret_x_px,
                 int32_t *ret_y_px)
{
    int64_t pw = picture_width_px, ph = picture_height_px, dw = MAX(desktop_width_px, 1u),
            dh = MAX(desktop_height_px, 1u);
    int64_t cw = pw, ch = ph;

    if (pw * dh > ph * dw)
        cw = ph * dw / dh; /* borders left and right */
    else
        ch = pw * dh / dw; /* above and below */
    *ret_x_px = map_axis(x, (pw - cw) / 2, cw, dw);
    *ret_y_px = map_axis(y, (ph - ch) / 2, ch, dh);
}
