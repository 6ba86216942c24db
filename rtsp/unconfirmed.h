/* SPDX-License-Identifier: MIT */
/* rtsp/unconfirmed.h - what public sources do not say, or say in two ways, and had to be
 * decided: one line each, so that a capture that shows otherwise changes one line.
 * Thread: any.  Owner: none; constants.  Grammars that are unconfirmed are a column of
 * rtsp/param-table.c. */
#pragma once

/* The 33-bit stamp of wfd_av_format_change_timing stands in the upper bits of 40. */
#define MC_UNCONFIRMED_TIMING_SHIFT 7

/* wfd2's native byte has the table in this many bits; Windows' "40" makes sense with R1's
 * three only, another implementation uses two. */
#define MC_UNCONFIRMED_WFD2_NATIVE_TABLE_BITS 3

/* What M10 "secondary" is answered where there is no second sink. */
#define MC_UNCONFIRMED_ROUTE_STATUS 415

/* Value of microsoft_audio_mute that silences; the table says 0, the example 1. */
#define MC_UNCONFIRMED_AUDIO_MUTE_VALUE '0'

/* M4 names one mode in microsoft_custom_video_formats; not sent until a capture shows it. */
#define MC_UNCONFIRMED_SEND_CUSTOM_MODE 0

/* Sinks that never send M2 may exist: M3 goes this long after M1's answer all the same. */
#define MC_UNCONFIRMED_NO_M2_S 3

/* Leaving standby is a PLAY trigger of ours or a PLAY of the sink's. */
#define MC_UNCONFIRMED_RESUME_BY_PLAY 1

/* A microsoft_cursor value whose sizes have "0x" states its port in decimal. */
#define MC_UNCONFIRMED_PREFIXED_CURSOR_PORT_BASE 10
