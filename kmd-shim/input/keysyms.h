/* SPDX-License-Identifier: MIT */
/* kmd-shim/input/keysyms.h - what a code of Latin-1 types, as X and the desktop portal name it.
 * Thread: any.  Owner: none; constant data. */
#pragma once

#include <stdint.h>

/* Of printable codes and of a keyboard's control codes; 0: no such key. */
uint32_t mc_keysym(uint32_t code);
