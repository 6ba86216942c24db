/* SPDX-License-Identifier: MIT */
/* kmd-shim/input/hid-keys.h - keys of a USB keyboard as the kernel numbers them.
 * Thread: any.  Owner: none; constant data. */
#pragma once

#include <stdint.h>

/* KEY_* of linux/input-event-codes.h for a usage of HID's keyboard page; 0: no such key. */
uint16_t mc_hid_key(uint32_t usage);
