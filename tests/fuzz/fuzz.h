/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz.h - what a fuzz target defines; libFuzzer or replay.c calls it.
 * Thread: the one of main, though a target may start its own.  Owner: nobody. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* always 0 */
