/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/capture-share.h - one captured desktop for several display paths: each frame is
 * grabbed once and lent to all of them uncopied; it may be drawn over when the last has released it
 * (kmd-shim/capture/frame-loans.h).
 * Threads: the capture thread, on which every event of a tap comes; functions as they say.
 * Owner: a share is counted; a tap belongs to its display path.
 * Errors: MC_CAPTURE_ERROR.
 *
 *                                +-> tap (two frames lent at most, the newest waits) -> display
 * path desktop -> capture thread ---+-> tap -> ...
 *                                +-> tap -> ...
 *
 * A tap sees what it would see of a capture thread of its own: frame numbers from 1, a key frame
 * first, the newest frame when it is late. The clock is that of the fastest tap. */
#pragma once

#include "kmd-shim/capture/capture-thread.h"

typedef struct McCaptureShare McCaptureShare;
typedef struct McCaptureTap McCaptureTap;

#define MC_CAPTURE_MAX_TAPS 16u

/* As McCaptureEvents, but the reader may refuse a frame. */
typedef struct {
    void (*started)(uint64_t number, void *user_data);
    void (*dropped)(uint64_t number, void *user_data);
    /* The picture is lent from here on, unless the result is a failure. */
    NTSTATUS (*deliver)(const McFrameDesc *desc, uint64_t number, void *user_data);
    void (*cursor)(const McCursor *cursor, void *user_data);
    void (*resized)(uint32_t width_px, uint32_t height_px, void *user_data);
    void (*failed)(const GError *error, void *user_data); /* once; no more frames come */
    void *user_data;
} McCaptureTapEvents;

/* As mc_capture_thread_new. Any thread. */
McCaptureShare *mc_capture_share_new(const McCaptureConfig *config, GError **error);
McCaptureShare *mc_capture_share_ref(McCaptureShare *self);
void mc_capture_share_unref(
    McCaptureShare *self); /* NULL is fine; the last one closes the source */

/* The sound that belongs to the pictures, as McCaptureOps has it. Any thread. */
void mc_capture_share_read_sound(McCaptureShare *self, int64_t begin_ns, int16_t *block,
                                 size_t pairs);

/* Refers to the share. Start, pause, stop, renumber and free of one tap: one at
 * a time; different taps need not know of each other. */
McCaptureTap *mc_capture_tap_new(McCaptureShare *share, const McCaptureTapEvents *events);
void mc_capture_tap_free(McCaptureTap *self); /* stops; NULL is fine */

/* As the capture thread's functions of these names; no event comes after stop has returned. False
 * also where MC_CAPTURE_MAX_TAPS are started already. */
bool mc_capture_tap_start(McCaptureTap *self, uint32_t refresh_mhz);
void mc_capture_tap_pause(McCaptureTap *self, bool paused);
void mc_capture_tap_stop(McCaptureTap *self);
void mc_capture_tap_renumber(McCaptureTap *self);
/* Any thread, also from inside an event. */
bool mc_capture_tap_release(McCaptureTap *self, uint64_t frame_id);
const char *mc_capture_tap_kind(const McCaptureTap *self);
/* As McCaptureOps has it. */
const char *mc_capture_tap_input_target(const McCaptureTap *self);
/* The desktop portal's session, by which input goes, too; borrowed. NULL: there is none. */
McPortalSession *mc_capture_tap_portal(McCaptureTap *self);
void mc_capture_tap_size(McCaptureTap *self, uint32_t *ret_width_px, uint32_t *ret_height_px);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McCaptureShare, mc_capture_share_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McCaptureTap, mc_capture_tap_free)
