/* SPDX-License-Identifier: MIT */
/* umd/radio-notice.h - what the operating system's data-rate notice (C-102) says of the radio.
 * Threads: any.  Owner: none; a plain value. */
#pragma once

#include <stdint.h>

typedef struct {
    uint32_t kbps;                  /* that the air carries; 0: not known */
    uint64_t sent, failed, retried; /* frames since the notice before */
} McRadioNotice;
