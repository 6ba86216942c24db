/* SPDX-License-Identifier: MIT */
/* encoder/ts-psi.h - the tables of a transport stream (ISO/IEC 13818-1 2.4.4): PAT and PMT of one
 * program, their versions, and when they are due. Byte for byte what sinks expect.
 * Threads: none of its own; one caller at a time. Owner: encoder/ts-mux. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum { MC_TS_AUDIO_NONE, MC_TS_AUDIO_LPCM, MC_TS_AUDIO_AAC, MC_TS_AUDIO_AC3 } McTsAudio;

/* What the tables say. */
typedef struct {
    uint16_t pmt_pid, pcr_pid, video_pid, audio_pid;
    McTsAudio audio; /* at 48 kHz, two channels */
    bool avc_descriptors;
    uint8_t profile_idc, constraints, level_idc; /* of the AVC descriptor */
    bool hdcp;                                   /* the PMT has the HDCP descriptor */
} McTsProgram;

typedef struct McTsPsi McTsPsi;
/* Due at once, with this version (0..31). */
McTsPsi *mc_ts_psi_new(const McTsProgram *program, uint8_t version);
void mc_ts_psi_free(McTsPsi *self); /* NULL is fine */

/* Another PMT: the next version of it unless nobody saw the last one, and due at once. PIDs stay;
 * else it is another program. */
void mc_ts_psi_change(McTsPsi *self, const McTsProgram *program);
/* Another program: the PAT too. version counts where no table was sent yet. */
void mc_ts_psi_replace(McTsPsi *self, const McTsProgram *program, uint8_t version);

bool mc_ts_psi_is_due(const McTsPsi *self, uint64_t pcr_27m); /* 50 ms after the last ones */
void mc_ts_psi_append(McTsPsi *self, uint64_t pcr_27m, GByteArray *out); /* one packet each */
uint64_t mc_ts_psi_count(const McTsPsi *self); /* pairs of PAT and PMT so far */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McTsPsi, mc_ts_psi_free)
