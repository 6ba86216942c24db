/* SPDX-License-Identifier: MIT */
/* rtsp/param-table.h - every parameter of Wi-Fi Display that is known, as one table: its name, how
 * its value is parsed into a typed model, written back and freed.
 * Thread: any.  Owner: caller frees with mc_typed_param_free(). */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "rtsp/audio-codecs.h"
#include "rtsp/display-params.h"
#include "rtsp/edid.h"
#include "rtsp/link-params.h"
#include "rtsp/params.h"
#include "rtsp/simple-params.h"
#include "rtsp/uibc-capability.h"
#include "rtsp/vendor-params.h"
#include "rtsp/video-formats.h"

typedef union {
    McVideoFormats video;
    McAudioCodecs audio;
    McFormats3d formats_3d;
    McDisplayMode display_mode;
    McChangeTiming timing;
    McEdid edid;
    McRtpPorts rtp_ports;
    McPresentationUrl url;
    McContentProtection protection;
    McCoupledSink coupled;
    McUibcCapability uibc;
    McCursorCapability cursor;
    McCustomModes custom_modes;
    McProjection projection;
    McTeardownReason reason;
    McSinkVersion version;
    McWord word;
    McNumber number;
    McHexFields hex;
    McTextValue text;
} McParamValue;

typedef struct McParamRow McParamRow;
typedef struct {
    bool (*parse)(const McParamRow *row, const char *value, McParamValue *ret_value,
                  GPtrArray *notes, char **ret_problem);
    char *(*write)(const McParamRow *row, const McParamValue *value);
    void (*clear)(McParamValue *value); /* NULL: nothing to free */
} McParamType;

struct McParamRow {
    const char *name;
    const McParamType *type; /* NULL: a bare name */
    bool unconfirmed;        /* the grammar is recollection or one weak source */
    /* The type's own: */
    const char *const *words;  /* vocabulary */
    const char *prefix;        /* of a number */
    uint64_t max;              /* number, or bytes of a text */
    unsigned n_fields, digits; /* hexadecimal */
    McFormatsKind kind;        /* video formats */
};

typedef struct {
    const McParamRow *row; /* NULL: not known, or malformed */
    McParamValue value;    /* by row->type; zeros without a row or type */
    char *name;            /* as the peer wrote it */
    char *text;            /* its value as it stood there; NULL: bare */
    bool own_spelling;     /* text says the same in other words than we write */
} McTypedParam;

unsigned mc_param_rows(void);
const McParamRow *mc_param_row(unsigned index);
const McParamRow *mc_param_row_find(const char *name); /* any case; NULL: not known */

/* Never fails: what is not known or malformed is kept as text, and why is a note (may be NULL). */
McTypedParam *mc_typed_param_parse(const McParam *param, GPtrArray *notes);
void mc_typed_param_free(McTypedParam *self); /* NULL is fine */
/* The value as the peer wrote it; NULL for a bare name. */
char *mc_typed_param_write(const McTypedParam *self);
/* The value in our own spelling, from the typed model alone. */
char *mc_param_value_write(const McParamRow *row, const McParamValue *value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McTypedParam, mc_typed_param_free)
