/* SPDX-License-Identifier: MIT */
#include "rtsp/hid-report.h"

#include <glib.h>
#include <string.h>

/*
 *   |TTTTttSS| data (0, 1, 2 or 4 bytes by SS)      T tag, t type: 0 main, 1 global, 2 local
 *   |11111110| size | tag | data                    a long item: skipped
 */
#define LONG_ITEM 0xfe
#define MAX_STACK 8u  /* of Push */
#define MAX_DEPTH 32u /* of collections */
#define MAX_USAGES 64u
#define MAX_REPORTS 32u
#define MAX_REPORT_BITS 16384u

/* Prefixes without their size. */
enum {
    MAIN_INPUT = 0x80,
    MAIN_OUTPUT = 0x90,
    MAIN_FEATURE = 0xb0,
    MAIN_COLLECTION = 0xa0,
    MAIN_END = 0xc0,
    GLOBAL_PAGE = 0x04,
    GLOBAL_LOGICAL_MIN = 0x14,
    GLOBAL_LOGICAL_MAX = 0x24,
    GLOBAL_SIZE = 0x74,
    GLOBAL_ID = 0x84,
    GLOBAL_COUNT = 0x94,
    GLOBAL_PUSH = 0xa4,
    GLOBAL_POP = 0xb4,
    LOCAL_USAGE = 0x08,
    LOCAL_USAGE_MIN = 0x18,
    LOCAL_USAGE_MAX = 0x28,
};
#define INPUT_CONSTANT 1u
#define INPUT_VARIABLE 2u
#define INPUT_RELATIVE 4u

typedef struct {
    uint32_t page, bits, count, id;
    int32_t logical_min, logical_max;
    uint32_t logical_max_unsigned;
} Globals;

typedef struct {
    McHidLayout *layout;
    Globals now, stack[MAX_STACK];
    unsigned depth; /* of the stack */
    uint32_t usage[MAX_USAGES], usage_min, usage_max;
    unsigned n_usages;
    bool has_range;
    uint8_t group[MAX_DEPTH], next_group;
    unsigned n_groups;
    struct {
        uint8_t id;
        uint16_t bits;
    } report[MAX_REPORTS]; /* how far each one is */
    unsigned n_reports;
} Parser;

/* ---- reports ---- */

static uint16_t *report_bits(Parser *self)
{
    for (unsigned i = 0; i < self->n_reports; i++)
        if (self->report[i].id == self->now.id)
            return &self->report[i].bits;
    if (self->n_reports == MAX_REPORTS)
        return NULL;
    self->report[self->n_reports].id = (uint8_t) self->now.id;
    return &self->report[self->n_reports++].bits;
}

/* The usages in order, the last one for all that are left. */
static uint32_t usage_at(const Parser *self, unsigned index)
{
    if (self->has_range)
        return MIN(self->usage_min + index, self->usage_max);
    return self->n_usages ? self->usage[MIN(index, self->n_usages - 1)] : 0;
}

static bool of_use(uint32_t usage)
{
    const unsigned page = usage >> 16;

    return page == MC_HID_PAGE_KEYBOARD || page == MC_HID_PAGE_BUTTON || usage == MC_HID_X ||
           usage == MC_HID_Y || usage == MC_HID_WHEEL || usage == MC_HID_AC_PAN ||
           usage == MC_HID_TIP || usage == MC_HID_CONTACT_ID || usage == MC_HID_CONTACT_COUNT;
}

static void add_field(Parser *self, uint32_t usage, unsigned bit, unsigned flags, unsigned count)
{
    const Globals *now = &self->now;

    if (!of_use(usage) || self->layout->n_fields == MC_HID_MAX_FIELDS)
        return;
    McHidField *field = &self->layout->field[self->layout->n_fields++];
    *field = (McHidField){.usage = usage,
                          .usage_max = self->has_range ? self->usage_max : usage,
                          .logical_min = now->logical_min,
                          .logical_max = now->logical_max,
                          .bit = (uint16_t) bit,
                          .count = (uint16_t) count,
                          .bits = (uint8_t) now->bits,
                          .report_id = (uint8_t) now->id,
                          .group = self->n_groups ? self->group[self->n_groups - 1] : 0,
                          .array = !(flags & INPUT_VARIABLE),
                          .relative = (flags & INPUT_RELATIVE) != 0};
    /* 0 to 255 is written as 0 to -1 in one byte; a minimum of 0 says what is meant. */
    if (field->logical_min >= 0 && field->logical_max < field->logical_min)
        field->logical_max = (int32_t) MIN(now->logical_max_unsigned, (uint32_t) G_MAXINT32);
}

static bool on_input(Parser *self, uint32_t flags)
{
    uint16_t *at = report_bits(self);
    const uint64_t total = (uint64_t) self->now.bits * self->now.count;

    if (!at || *at + total > MAX_REPORT_BITS)
        return false;
    const bool values = !(flags & INPUT_CONSTANT) && self->now.bits >= 1 && self->now.bits <= 32;
    if (values && !(flags & INPUT_VARIABLE))
        add_field(self, usage_at(self, 0), *at, flags, self->now.count);
    for (unsigned i = 0; values && (flags & INPUT_VARIABLE) && i < self->now.count; i++)
        add_field(self, usage_at(self, i), *at + i * self->now.bits, flags, 1);
    *at = (uint16_t) (*at + total);
    return true;
}

/* ---- items ---- */

static bool begin_collection(Parser *self)
{
    if (self->n_groups == MAX_DEPTH)
        return false;
    self->group[self->n_groups++] = ++self->next_group;
    return true;
}

static bool on_main(Parser *self, unsigned tag, uint32_t data)
{
    bool ok = true;

    if (tag == MAIN_INPUT)
        ok = on_input(self, data);
    else if (tag == MAIN_COLLECTION)
        ok = begin_collection(self);
    else if (tag == MAIN_END)
        ok = self->n_groups-- > 0;
    self->n_usages = 0; /* what is local ends with a main item */
    self->usage_min = self->usage_max = 0;
    self->has_range = false;
    return ok;
}

static bool on_global(Parser *self, unsigned tag, uint32_t data, int32_t value)
{
    Globals *now = &self->now;

    switch (tag) {
    case GLOBAL_PAGE:
        now->page = data & 0xffff;
        return true;
    case GLOBAL_LOGICAL_MIN:
        now->logical_min = value;
        return true;
    case GLOBAL_LOGICAL_MAX:
        now->logical_max = value;
        now->logical_max_unsigned = data;
        return true;
    case GLOBAL_SIZE:
        now->bits = data;
        return true;
    case GLOBAL_COUNT:
        now->count = data;
        return true;
    case GLOBAL_ID:
        now->id = data;
        self->layout->has_ids = true;
        return data >= 1 && data <= 255;
    case GLOBAL_PUSH:
        if (self->depth == MAX_STACK)
            return false;
        self->stack[self->depth++] = *now;
        return true;
    case GLOBAL_POP:
        if (!self->depth)
            return false;
        *now = self->stack[--self->depth];
        return true;
    default:
        return true; /* units and physical sizes */
    }
}

static void on_local(Parser *self, unsigned tag, uint32_t data, unsigned bytes)
{
    const uint32_t usage = bytes == 4 ? data : MC_HID_USAGE(self->now.page, data & 0xffff);

    if (tag == LOCAL_USAGE && self->n_usages < MAX_USAGES)
        self->usage[self->n_usages++] = usage;
    else if (tag == LOCAL_USAGE_MIN)
        self->usage_min = usage;
    else if (tag == LOCAL_USAGE_MAX)
        self->usage_max = usage;
    if (tag == LOCAL_USAGE_MIN || tag == LOCAL_USAGE_MAX)
        self->has_range = self->usage_max >= self->usage_min;
}

static bool on_item(Parser *self, uint8_t prefix, const uint8_t *bytes, unsigned n)
{
    uint32_t data = 0;

    for (unsigned i = 0; i < n; i++)
        data |= (uint32_t) bytes[i] << 8 * i;
    const int32_t value = n == 1 ? (int8_t) data : n == 2 ? (int16_t) data : (int32_t) data;
    switch (prefix >> 2 & 3) {
    case 0:
        return on_main(self, prefix & 0xfc, data);
    case 1:
        return on_global(self, prefix & 0xfc, data, value);
    case 2:
        on_local(self, prefix & 0xfc, data, n);
        return true;
    default:
        return true;
    }
}

bool mc_hid_layout_parse(const uint8_t *descriptor, size_t len, McHidLayout *ret_layout)
{
    static const uint8_t sizes[] = {0, 1, 2, 4};
    Parser parser = {.layout = ret_layout};

    memset(ret_layout, 0, sizeof(*ret_layout));
    if (len > MC_HID_MAX_DESCRIPTOR)
        return false;
    for (size_t at = 0; at < len;) {
        const uint8_t prefix = descriptor[at++];
        size_t n = sizes[prefix & 3];
        if (prefix == LONG_ITEM) {
            n = at < len ? (size_t) descriptor[at] + 2 : SIZE_MAX;
            if (n > len - at)
                return false;
        } else if (n > len - at || !on_item(&parser, prefix, descriptor + at, (unsigned) n)) {
            return false;
        }
        at += n;
    }
    return parser.n_groups == 0 && ret_layout->n_fields > 0;
}

bool mc_hid_field_value(const McHidField *field, unsigned index, const uint8_t *report, size_t len,
                        int32_t *ret_value)
{
    const size_t first = field->bit + (size_t) index * field->bits, end = first + field->bits;
    uint64_t value = 0;

    if (end > len * 8)
        return false;
    for (size_t byte = first / 8, i = 0; byte <= (end - 1) / 8; byte++, i++)
        value |= (uint64_t) report[byte] << 8 * i;
    value = value >> first % 8 & ((UINT64_C(1) << field->bits) - 1);
    if (field->logical_min < 0 && value >> (field->bits - 1) & 1)
        value |= ~UINT64_C(0) << field->bits;
    *ret_value = (int32_t) (int64_t) value;
    return true;
}
