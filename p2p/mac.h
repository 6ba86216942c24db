/* SPDX-License-Identifier: MIT */
/* p2p/mac.h - 48-bit addresses and hexadecimal text, as wpa_supplicant and the air write them.
 * Thread: any; pure functions.  Owner: none, plain values. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define MC_MAC_BYTES 6
#define MC_MAC_TEXT 18 /* "xx:xx:xx:xx:xx:xx" and its NUL */

typedef struct {
    uint8_t bytes[MC_MAC_BYTES];
} McMac;

/* Reads exactly 17 characters at text; what follows them must not be a further hex digit or ':'. */
bool mc_mac_parse(const char *text, McMac *ret);
/* Returns text, which has MC_MAC_TEXT bytes. */
const char *mc_mac_format(const McMac *self, char *text);
bool mc_mac_equal(const McMac *a, const McMac *b);
bool mc_mac_is_zero(const McMac *self);

/* Pairs of hex digits up to the end of text_len characters (-1: up to NUL). False, with *ret_len
 * untouched, on an odd count, another character, or more than max bytes. */
bool mc_hex_parse(const char *text, gssize text_len, uint8_t *ret, size_t max, size_t *ret_len);
void mc_hex_append(GString *text, const uint8_t *bytes, size_t len);
