/* SPDX-License-Identifier: MIT */
/* rtsp/negotiate.h - choice of mode and sound: pure functions of the sink's capabilities and our
 * wish.
 * Thread: any.  Owner: caller; plain values, no allocation. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtsp/caps.h"
#include "rtsp/quirks.h"

/* What the desktop, the link, the encoder and the person want. Zero means "no wish" or "no limit".
 */
typedef struct {
    uint32_t desktop_width_px, desktop_height_px;     /* size that is captured */
    uint32_t max_fps;                                 /* of capture and encoder; 0: 60 */
    uint32_t max_width_px, max_height_px;             /* encoder's limit; 0: 4096x2304 */
    uint32_t mode_width_px, mode_height_px, mode_fps; /* the person's --mode */
    uint32_t bitrate_kbps;                            /* the link's recommendation or --bitrate */
    bool allow_chp;                                   /* high profile is preferred where offered */
    bool audio;            /* there is sound to send; else silence is sent */
    uint32_t audio_codecs; /* bit (1 << McAudioCodec) of what we encode */
    McQuirks quirks;       /* what is known of this sink besides its answer */
} McWfdWish;

typedef enum { MC_PROFILE_CBP, MC_PROFILE_CHP } McH264Profile;

typedef struct {
    McVideoMode mode;
    McFormatsKind kind; /* parameter that M4 uses */
    McH264Profile profile;
    uint8_t level_bit;    /* index 0..7: 3.1 3.2 4 4.1 4.2 5 5.1 5.2 */
    uint8_t level_idc;    /* 31 32 40 41 42 50 51 52 */
    uint32_t max_kbps;    /* level's, sink's and link's limit together */
    int32_t score;        /* order of the alternatives */
    char video_line[128]; /* M4's value */
} McVideoChoice;

typedef struct {
    McAudioCodec codec;
    uint32_t rate_hz, channels;
    const char *name; /* parameter that M4 uses: the one in which the sink offered it */
    char line[32];    /* M4's value; "none" */
} McAudioChoice;

#define MC_MAX_ALTERNATIVES 16
#define MC_MAX_AUDIO_CHOICES 4
typedef struct {
    McVideoChoice video[MC_MAX_ALTERNATIVES]; /* best first */
    unsigned n_video, current_video;
    uint32_t refused; /* a bit for each that mc_wfd_decision_next() has left behind */
    McAudioChoice audio[MC_MAX_AUDIO_CHOICES]; /* best first */
    unsigned n_audio, current_audio;
    McQuirks quirks;  /* the wish's, for the encoder */
    char reason[256]; /* why the first one, in words */
} McWfdDecision;

/* The alternative that is in use; n_video is not 0. */
static inline const McVideoChoice *mc_wfd_decision_video(const McWfdDecision *self)
{
    return &self->video[self->current_video];
}

/* False with MC_RTSP_ERROR_NO_COMMON_FORMAT when nothing fits; *ret_decision untouched then. */
bool mc_wfd_negotiate(const McWfdCaps *caps, const McWfdWish *wish, McWfdDecision *ret_decision,
                      GError **error);

/* The sink refused the alternative in use: the best of those that ask less of its decoder (level)
 * than anything it refused, so that it is soon at what any sink plays; without such the mandatory
 * one, then the best that is left.  False: all were refused. */
bool mc_wfd_decision_next(McWfdDecision *self);
bool mc_wfd_choice_is_mandatory(const McVideoChoice *choice); /* for every sink: 640x480p60 */
