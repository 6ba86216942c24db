/* SPDX-License-Identifier: MIT */
/* rtsp/simple-params.h - parameters whose value is one word of a vocabulary, one number, some
 * hexadecimal bytes or free text.
 * Thread: any.  Owner: caller; plain values, mc_text_value_clear() for texts. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A word, found in any case in a NULL-terminated vocabulary. */
typedef struct {
    unsigned index;
    const char *word; /* the vocabulary's own spelling */
} McWord;
bool mc_word_parse(const char *value, const char *const *words, McWord *ret_word,
                   char **ret_problem);

/* "none", or a decimal number up to a limit; port_key: "port=" stands before it. */
typedef struct {
    bool none;
    uint64_t number;
} McNumber;
bool mc_number_parse(const char *value, uint64_t max, const char *prefix, McNumber *ret_number,
                     char **ret_problem);
char *mc_number_write(const McNumber *number, const char *prefix);

/* "none", or up to eight hexadecimal fields of a fixed width. */
#define MC_MAX_HEX_FIELDS 8u
typedef struct {
    bool none, lower_case;
    unsigned n_fields, digits;
    uint64_t field[MC_MAX_HEX_FIELDS];
} McHexFields;
bool mc_hex_fields_parse(const char *value, unsigned n_fields, unsigned digits,
                         McHexFields *ret_fields, char **ret_problem);
char *mc_hex_fields_write(const McHexFields *fields);

/* UTF-8 text up to a length; "none" is a text like others, and said to be so. */
typedef struct {
    bool none;
    char *text;
} McTextValue;
bool mc_text_value_parse(const char *value, size_t max_bytes, McTextValue *ret_text,
                         char **ret_problem);
void mc_text_value_clear(McTextValue *text);
