/* SPDX-License-Identifier: MIT */
/* rtsp/quirks.h - what is known about sinks that their answers do not say: a table of rows, each
 * with what identifies a sink and how to treat it.
 * Thread: any.  Owner: none; constant data and pure functions. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rtsp/audio-codecs.h"

typedef struct McWfdCaps McWfdCaps;

/* Zero: as for any sink. */
typedef struct {
    const char *ts_flavour;  /* of encoder/ts-flavour.h; NULL: any */
    bool single_slice;       /* more than one slice a picture stays black */
    bool no_keepalive;       /* M16 makes it leave */
    uint32_t keepalive_s;    /* longest period of M16 that it bears */
    uint32_t session_digits; /* longest session id */
    uint32_t patience_s;     /* that SETUP and PLAY may take */
    uint32_t idr_gap_ms;     /* it asks for key frames without end: one in this time */
    McAudioCodec audio_first;
    uint16_t max_width_px, max_height_px, max_fps;    /* that it really plays */
    uint16_t also_width_px, also_height_px, also_fps; /* that it plays and does not offer */
    uint16_t rtsp_port; /* where it dials, whatever the source's element says */
    const char *hint;   /* what helps where it does not connect; NULL: nothing known */
} McQuirks;

/* What is known of a sink; NULL and zero: not (yet). */
typedef struct {
    const char *device_name;    /* of its Wi-Fi Direct attributes */
    const char *agent;          /* Server or User-Agent header */
    const uint8_t *device_info; /* six bytes of its WFD device information */
    const McWfdCaps *caps;      /* its answer to M3 */
} McSinkIdentity;

#define MC_QUIRKS_NAMES_BYTES 128
/* All rows that match, merged in the table's order.  names: their names, divided by blanks. */
McQuirks mc_quirks_find(const McSinkIdentity *identity, char names[MC_QUIRKS_NAMES_BYTES]);

/* What they change, for people: "keep-alive every 20 s, at most 50 Hz"; "": nothing. */
char *mc_quirks_text(const McQuirks *quirks);

unsigned mc_quirks_count(void);
const char *mc_quirks_name(unsigned row);
