/* SPDX-License-Identifier: MIT */
/* rtsp/hid-device.h - one input device of a sink: its report descriptor, or the boot protocol's
 * where it sends none, and what was pressed in its last report; reports in, input events out.
 * Threads: one caller at a time.  Owner: rtsp/uibc, by value. */
#pragma once

#include "rtsp/hid-report.h"
#include "rtsp/uibc.h"

#define MC_HID_MAX_CONTACTS 10u

typedef struct {
    McHidLayout layout;
    uint8_t keys[256 / 8]; /* pressed, by usage */
    uint32_t buttons;      /* bit n - 1 is button n */
    struct {
        bool down;
        int32_t id; /* the device's own */
    } contact[MC_HID_MAX_CONTACTS];
} McHidDevice;

typedef enum { MC_HID_BOOT_KEYBOARD, MC_HID_BOOT_MOUSE, MC_HID_BOOT_NONE } McHidBoot;
/* Forgets all and takes the boot protocol's layout; NONE: no layout until a descriptor comes. */
void mc_hid_device_init(McHidDevice *self, McHidBoot boot);
/* A descriptor replaces the layout; what is pressed by the old one is let go.  False: as before. */
bool mc_hid_device_describe(McHidDevice *self, const uint8_t *descriptor, size_t len,
                            McUibcSink sink, void *user_data);
/* False: no field of the layout is in it. */
bool mc_hid_device_report(McHidDevice *self, const uint8_t *report, size_t len, McUibcSink sink,
                          void *user_data);
