/* SPDX-License-Identifier: MIT */
/* encoder/fingerprint.h - the SHA-256 of a certificate as people and SDP write it: "AB:CD:...".
 * Threads: any; pure.  Owner: the caller. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MC_FINGERPRINT_BYTES 32u
#define MC_FINGERPRINT_MAX 96u /* its text, and the end of that */

void mc_fingerprint_print(const uint8_t bytes[MC_FINGERPRINT_BYTES],
                          char ret_text[MC_FINGERPRINT_MAX]);
/* True: 32 bytes in hex, with colons or without them. */
bool mc_fingerprint_parse(const char *text, char ret_text[MC_FINGERPRINT_MAX]);
