/* SPDX-License-Identifier: MIT */
/* rtsp/params.h - the lines of a text/parameters body: name, colon, value; or a name alone.
 * Thread: any.  Owner: caller. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define MC_MAX_PARAMS 256u /* lines of one body that are read; the rest is reported, not used */

typedef struct {
    char *name;  /* as the peer wrote it, trimmed */
    char *value; /* trimmed; "" for a bare name */
    bool bare;   /* no colon */
} McParam;

/* Never fails: lines that are no parameter become notes (char *; may be NULL).  Frees with
 * g_ptr_array_unref(). */
GPtrArray *mc_params_parse(const char *body, size_t len, GPtrArray *notes);
/* First one of that name, any case; NULL when there is none. */
const McParam *mc_params_find(const GPtrArray *params, const char *name);

/* "name: value CRLF", or "name CRLF" where value is NULL. */
void mc_params_write(GString *out, const char *name, const char *value);
