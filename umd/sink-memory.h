/* SPDX-License-Identifier: MIT */
/* umd/sink-memory.h - what was found out about a sink, for the next session with it: a small file
 * of the person's (state folder, mode 0600, replaced as a whole).  What is broken in it is
 * forgotten.
 * Threads: any.  Owner: none. */
#pragma once

#include "rtsp/caps.h"
#include "umd/proof.h"

#define MC_SINK_KEY_BYTES 65
/* Names a sink by what it answered to M3, without what changes from session to session. */
void mc_sink_memory_key(const McWfdCaps *caps, char ret_key[MC_SINK_KEY_BYTES]);

typedef struct {
    McRung rung;  /* that helped */
    bool patient; /* it asks for key frames without end, whatever is tried */
} McSinkMemory;

McSinkMemory mc_sink_memory_load(const char *key); /* zeros: nothing is known */
/* Zeros forget the sink. False: it could not be written; the reason is a warning of the log. */
bool mc_sink_memory_store(const char *key, const char *name, const McSinkMemory *memory);
