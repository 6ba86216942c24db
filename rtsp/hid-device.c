/* SPDX-License-Identifier: MIT */
#include "rtsp/hid-device.h"

#include <glib.h>
#include <string.h>

#define NOTCH 120
#define MAX_BUTTONS 3u
#define FIRST_KEY 4u /* lower usages are no keys but errors */
#define ROLL_OVER 1u /* too many keys at once: the report says nothing */
#define FIRST_MODIFIER 0xe0u
#define LAST_MODIFIER 0xe7u

/* ---- the boot protocol (HID 1.11, appendix B) ---- */

static const uint8_t boot_keyboard[] = {
    0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29,
    0xe7, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, /* modifiers */
    0x95, 0x01, 0x75, 0x08, 0x81, 0x01,                               /* reserved */
    0x95, 0x06, 0x75, 0x08, 0x15, 0x00, 0x26, 0xff, 0x00, 0x19, 0x00,
    0x2a, 0xff, 0x00, 0x81, 0x00, 0xc0}; /* six keys */
static const uint8_t boot_mouse[] = {
    0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x05, 0x09, 0x19, 0x01, 0x29,
    0x03, 0x15, 0x00, 0x25, 0x01, 0x95, 0x03, 0x75, 0x01, 0x81, 0x02, /* buttons */
    0x95, 0x01, 0x75, 0x05, 0x81, 0x01,                               /* padding */
    0x05, 0x01, 0x09, 0x30, 0x09, 0x31, 0x09, 0x38, 0x15, 0x81, 0x25,
    0x7f, 0x75, 0x08, 0x95, 0x03, 0x81, 0x06, 0xc0}; /* x, y, wheel */

void mc_hid_device_init(McHidDevice *self, McHidBoot boot)
{
    memset(self, 0, sizeof(*self));
    if (boot == MC_HID_BOOT_KEYBOARD)
        mc_hid_layout_parse(boot_keyboard, sizeof(boot_keyboard), &self->layout);
    else if (boot == MC_HID_BOOT_MOUSE)
        mc_hid_layout_parse(boot_mouse, sizeof(boot_mouse), &self->layout);
}

/* ---- one report ---- */

typedef struct {
    McHidDevice *device;
    uint8_t id;
    const uint8_t *data;
    size_t len;
    McUibcSink sink;
    void *user_data;
    bool used; /* a field was in it */
} Report;

static void tell(Report *self, McUibcEvent event)
{
    self->sink(&event, self->user_data);
}

/* The value of a field that this report has. */
static bool value_of(Report *self, const McHidField *field, unsigned index, int32_t *ret_value)
{
    if (field->report_id != self->id ||
        !mc_hid_field_value(field, index, self->data, self->len, ret_value))
        return false;
    self->used = true;
    return true;
}

/* A usage's value in this report; group 0: anywhere. */
static const McHidField *find(Report *self, uint32_t usage, unsigned group, int32_t *ret_value)
{
    const McHidLayout *layout = &self->device->layout;

    for (unsigned i = 0; i < layout->n_fields; i++) {
        const McHidField *field = &layout->field[i];
        if (field->usage == usage && !field->array && (!group || field->group == group) &&
            value_of(self, field, 0, ret_value))
            return field;
    }
    return NULL;
}

/* ---- keys ---- */

typedef uint8_t Keys[256 / 8];

static bool has(const Keys keys, unsigned usage)
{
    return keys[usage / 8] >> usage % 8 & 1;
}

static void put(Keys keys, unsigned usage, bool pressed)
{
    keys[usage / 8] = (uint8_t) ((keys[usage / 8] & ~(1u << usage % 8)) | pressed << usage % 8);
}

/* The range that a field speaks of is what its report says and nothing else. */
static bool read_array(Report *self, const McHidField *field, Keys keys)
{
    Keys listed = {0};
    int32_t value;

    for (unsigned slot = 0; slot < field->count; slot++) {
        if (!value_of(self, field, slot, &value))
            return true; /* of another report, or cut */
        const int64_t usage = (field->usage & 0xffff) + (int64_t) value - field->logical_min;
        if (usage == ROLL_OVER)
            return false;
        if (value >= field->logical_min && usage >= FIRST_KEY && usage < 256)
            put(listed, (unsigned) usage, true);
    }
    for (unsigned usage = MAX(field->usage & 0xffff, FIRST_KEY);
         usage <= MIN(field->usage_max & 0xffff, 255u); usage++)
        put(keys, usage, has(listed, usage));
    return true;
}

static bool read_keys(Report *self, Keys keys)
{
    const McHidLayout *layout = &self->device->layout;
    Keys told = {0};
    int32_t value;

    for (unsigned i = 0; i < layout->n_fields; i++) {
        const McHidField *field = &layout->field[i];
        if (field->usage >> 16 == MC_HID_PAGE_KEYBOARD && field->array &&
            !read_array(self, field, keys))
            return false;
    }
    for (unsigned i = 0; i < layout->n_fields; i++) {
        const McHidField *field = &layout->field[i];
        const unsigned usage = field->usage & 0xffff;
        if (field->usage >> 16 != MC_HID_PAGE_KEYBOARD || field->array || usage < FIRST_KEY ||
            usage > 255 || !value_of(self, field, 0, &value))
            continue;
        if (!has(told, usage)) /* the first field of a usage speaks for it */
            put(keys, usage, value);
        put(told, usage, true);
    }
    return true;
}

static void tell_keys(Report *self, const Keys now, bool pressed, bool modifiers)
{
    const uint8_t *before = self->device->keys;

    for (unsigned usage = FIRST_KEY; usage < 256; usage++) {
        const bool modifier = usage >= FIRST_MODIFIER && usage <= LAST_MODIFIER;
        if (modifier == modifiers && has(now, usage) != has(before, usage) &&
            has(now, usage) == pressed)
            tell(self, (McUibcEvent){.kind = MC_UIBC_EVENT_KEY,
                                     .code = MC_UIBC_KEY_HID + usage,
                                     .pressed = pressed});
    }
}

/* Modifiers go down first and up last. */
static void take_keys(Report *self, const Keys now)
{
    tell_keys(self, now, true, true);
    tell_keys(self, now, false, false);
    tell_keys(self, now, true, false);
    tell_keys(self, now, false, true);
    memcpy(self->device->keys, now, sizeof(Keys));
}

static void on_keys(Report *self)
{
    Keys now;

    memcpy(now, self->device->keys, sizeof(now));
    if (read_keys(self, now))
        take_keys(self, now);
}

/* ---- mouse ---- */

static void take_buttons(Report *self, uint32_t now)
{
    static const uint32_t codes[MAX_BUTTONS] = {1, 3, 2}; /* HID counts left, right, middle */
    const uint32_t changed = now ^ self->device->buttons;

    for (unsigned i = 0; i < MAX_BUTTONS; i++)
        if (changed >> i & 1)
            tell(self, (McUibcEvent){.kind = MC_UIBC_EVENT_BUTTON,
                                     .code = codes[i],
                                     .pressed = now >> i & 1});
    self->device->buttons = now;
}

static void on_buttons(Report *self)
{
    const McHidLayout *layout = &self->device->layout;
    uint32_t now = self->device->buttons;
    int32_t value;

    for (unsigned i = 0; i < layout->n_fields; i++) {
        const unsigned button = layout->field[i].usage & 0xffff;
        if (layout->field[i].usage >> 16 != MC_HID_PAGE_BUTTON || layout->field[i].array ||
            button < 1 || button > MAX_BUTTONS || !value_of(self, &layout->field[i], 0, &value))
            continue;
        now = (now & ~(1u << (button - 1))) | (uint32_t) (value != 0) << (button - 1);
    }
    take_buttons(self, now);
}

/* A place on the device's surface as a share of it. */
static uint16_t share(const McHidField *field, int32_t value)
{
    const int64_t range = (int64_t) field->logical_max - field->logical_min;

    if (range <= 0)
        return 0;
    return (uint16_t) (CLAMP((int64_t) value - field->logical_min, 0, range) * G_MAXUINT16 / range);
}

static void on_motion(Report *self)
{
    int32_t x, y;
    const McHidField *across = find(self, MC_HID_X, 0, &x), *down = find(self, MC_HID_Y, 0, &y);

    if (!across || !down)
        return;
    if (!across->relative)
        tell(self, (McUibcEvent){.kind = MC_UIBC_EVENT_POINTER,
                                 .shares = true,
                                 .x = share(across, x),
                                 .y = share(down, y)});
    else if (x || y)
        tell(self, (McUibcEvent){.kind = MC_UIBC_EVENT_MOTION,
                                 .dx = CLAMP(x, G_MININT16, G_MAXINT16),
                                 .dy = CLAMP(y, G_MININT16, G_MAXINT16)});
}

static void on_wheel(Report *self)
{
    int32_t up = 0, right = 0;

    find(self, MC_HID_WHEEL, 0, &up);
    find(self, MC_HID_AC_PAN, 0, &right);
    if (up || right)
        tell(self, (McUibcEvent){.kind = MC_UIBC_EVENT_SCROLL,
                                 .dx = CLAMP(right, -127, 127) * NOTCH,
                                 .dy = CLAMP(up, -127, 127) * NOTCH});
}

/* ---- fingers ---- */

/* The contact's place among ours; -1: all are taken, or it is not known and not down. */
static int contact_slot(McHidDevice *self, int32_t id, bool down)
{
    int vacant = -1;

    for (unsigned i = 0; i < MC_HID_MAX_CONTACTS; i++) {
        if (self->contact[i].down && self->contact[i].id == id)
            return (int) i;
        if (!self->contact[i].down && vacant < 0)
            vacant = (int) i;
    }
    return down ? vacant : -1;
}

static void take_contact(Report *self, int32_t id, bool down, uint16_t x, uint16_t y)
{
    const int slot = contact_slot(self->device, id, down);

    if (slot < 0)
        return;
    tell(self, (McUibcEvent){.kind = MC_UIBC_EVENT_POINTER,
                             .shares = true,
                             .id = (uint8_t) slot,
                             .x = x,
                             .y = y,
                             .changed = down != self->device->contact[slot].down,
                             .pressed = down});
    self->device->contact[slot].down = down;
    self->device->contact[slot].id = id;
}

/* A finger's fields share a collection; a tip switch begins one. */
static void on_fingers(Report *self)
{
    const McHidLayout *layout = &self->device->layout;
    int32_t left = G_MAXINT32, tip, x, y;

    find(self, MC_HID_CONTACT_COUNT, 0, &left);
    for (unsigned i = 0; i < layout->n_fields && left > 0; i++) {
        const McHidField *field = &layout->field[i];
        int32_t id = 0;
        if (field->usage != MC_HID_TIP || !value_of(self, field, 0, &tip))
            continue;
        const McHidField *across = find(self, MC_HID_X, field->group, &x);
        const McHidField *down = find(self, MC_HID_Y, field->group, &y);
        find(self, MC_HID_CONTACT_ID, field->group, &id);
        if (across && down)
            take_contact(self, id, tip != 0, share(across, x), share(down, y));
        left--;
    }
}

static bool has_fingers(const McHidLayout *layout)
{
    for (unsigned i = 0; i < layout->n_fields; i++)
        if (layout->field[i].usage == MC_HID_TIP)
            return true;
    return false;
}

/* ---- device ---- */

bool mc_hid_device_report(McHidDevice *self, const uint8_t *report, size_t len, McUibcSink sink,
                          void *user_data)
{
    const bool ids = self->layout.has_ids && len > 0;
    Report now = {.device = self,
                  .id = ids ? report[0] : 0,
                  .data = report + ids,
                  .len = len - ids,
                  .sink = sink,
                  .user_data = user_data};

    on_keys(&now);
    if (has_fingers(&self->layout)) {
        on_fingers(&now);
    } else {
        on_motion(&now);
        on_buttons(&now);
    }
    on_wheel(&now);
    return now.used;
}

static void let_go(McHidDevice *self, McUibcSink sink, void *user_data)
{
    Report now = {.device = self, .sink = sink, .user_data = user_data};
    const Keys none = {0};

    take_keys(&now, none);
    take_buttons(&now, 0);
    for (unsigned i = 0; i < MC_HID_MAX_CONTACTS; i++)
        if (self->contact[i].down)
            take_contact(&now, self->contact[i].id, false, 0, 0);
}

bool mc_hid_device_describe(McHidDevice *self, const uint8_t *descriptor, size_t len,
                            McUibcSink sink, void *user_data)
{
    McHidLayout layout;

    if (!mc_hid_layout_parse(descriptor, len, &layout))
        return false;
    let_go(self, sink, user_data);
    self->layout = layout;
    return true;
}
