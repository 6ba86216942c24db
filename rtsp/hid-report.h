/* SPDX-License-Identifier: MIT */
/* rtsp/hid-report.h - HID report descriptors (USB HID 1.11, section 6.2.2): where in a report which
 * usage stands.  Bounded: fields beyond MC_HID_MAX_FIELDS and what no input needs are left out.
 * Thread: any; pure.  Owner: caller; plain values. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pages and usages of the HID usage tables that input needs. */
#define MC_HID_PAGE_DESKTOP 0x01
#define MC_HID_PAGE_KEYBOARD 0x07
#define MC_HID_PAGE_BUTTON 0x09
#define MC_HID_PAGE_CONSUMER 0x0c
#define MC_HID_PAGE_DIGITIZER 0x0d
#define MC_HID_USAGE(page, id) ((uint32_t) (page) << 16 | (id))
#define MC_HID_X MC_HID_USAGE(MC_HID_PAGE_DESKTOP, 0x30)
#define MC_HID_Y MC_HID_USAGE(MC_HID_PAGE_DESKTOP, 0x31)
#define MC_HID_WHEEL MC_HID_USAGE(MC_HID_PAGE_DESKTOP, 0x38)
#define MC_HID_AC_PAN MC_HID_USAGE(MC_HID_PAGE_CONSUMER, 0x238)
#define MC_HID_TIP MC_HID_USAGE(MC_HID_PAGE_DIGITIZER, 0x42)
#define MC_HID_CONTACT_ID MC_HID_USAGE(MC_HID_PAGE_DIGITIZER, 0x51)
#define MC_HID_CONTACT_COUNT MC_HID_USAGE(MC_HID_PAGE_DIGITIZER, 0x54)

#define MC_HID_MAX_FIELDS 160u
#define MC_HID_MAX_DESCRIPTOR 4096u /* bytes; Linux takes as many */

typedef struct {
    uint32_t usage, usage_max;        /* page << 16 | id; an array's slots name one of the range */
    int32_t logical_min, logical_max; /* of the value, or of an array's first and last usage */
    uint16_t bit, count;              /* first bit behind the report id; an array's slots */
    uint8_t bits;                     /* of a value, 1..32 */
    uint8_t report_id;                /* 0: reports have none */
    uint8_t group; /* fields of one finger share it: the collection they stand in */
    bool array, relative;
} McHidField;

typedef struct {
    McHidField field[MC_HID_MAX_FIELDS];
    unsigned n_fields;
    bool has_ids; /* the first byte of each report is its id */
} McHidLayout;

/* False: it breaks off, nests or counts beyond all measure, or has no input field of use. */
bool mc_hid_layout_parse(const uint8_t *descriptor, size_t len, McHidLayout *ret_layout);

/* Slot `index` of a field in a report (behind its id); sign-extended where its minimum is negative.
 * False: the report is too short. */
bool mc_hid_field_value(const McHidField *field, unsigned index, const uint8_t *report, size_t len,
                        int32_t *ret_value);
