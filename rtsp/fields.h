/* SPDX-License-Identifier: MIT */
/* rtsp/fields.h - reads the words of a parameter's value: hexadecimal fields, names, commas.
 * Thread: any.  Owner: caller; the value must outlive the cursor. */
#pragma once

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *at;
    char problem[96]; /* what went wrong, once a function returned false */
} McFields;

McFields mc_fields(const char *value);
bool mc_fields_at_end(McFields *self);
bool mc_fields_comma(McFields *self);                  /* takes it when it stands there */
bool mc_fields_word(McFields *self, const char *word); /* takes that very word, any case */
/* Next word up to a blank or comma; false when there is none or it does not fit. */
bool mc_fields_text(McFields *self, const char *what, char *buf, size_t size);
/* 1..digits hexadecimal digits. */
bool mc_fields_hex64(McFields *self, unsigned digits, const char *what, uint64_t *ret);
bool mc_fields_hex32(McFields *self, unsigned digits, const char *what, uint32_t *ret);
bool mc_fields_hex16(McFields *self, unsigned digits, const char *what, uint16_t *ret);
bool mc_fields_hex8(McFields *self, unsigned digits, const char *what, uint8_t *ret);
bool mc_fields_decimal(McFields *self, const char *what, uint64_t max, uint64_t *ret);

bool mc_fields_lower_case(const char *value); /* has hexadecimal digits a..f and none of A..F */
bool mc_fields_tight(const char *value);      /* has a comma with no blank behind it */
