/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/capture-thread.h - the frame clock: grabs pictures and lends them out.
 * Threads: one of its own ("mc-capture"), on which every callback runs; functions as they say.
 * Owner: the capture share.
 * Errors: MC_CAPTURE_ERROR. */
#pragma once

#include "kmd-shim/abi/ntstatus.h"
#include "kmd-shim/capture/capture.h"

typedef struct McCaptureThread McCaptureThread;

/* Frame numbers start at 1 (U28) and go on over stops and starts. */
typedef struct {
    void (*started)(uint64_t number, void *user_data);
    void (*dropped)(uint64_t number, void *user_data);
    /* The picture is lent from here on, until it is released. */
    void (*deliver)(const McFrameDesc *desc, uint64_t number, void *user_data);
    void (*woken)(void *user_data); /* mc_capture_thread_wake was called */
    void (*cursor)(const McCursor *cursor, void *user_data);
    void (*resized)(uint32_t width_px, uint32_t height_px, void *user_data);
    void (*failed)(const GError *error, void *user_data); /* once; no more frames come */
    void *user_data;
} McCaptureEvents;

/* Opens the source that config->capture names, which may take as long as a person thinks. No thread
 * runs yet. */
McCaptureThread *mc_capture_thread_new(const McCaptureConfig *config, const McCaptureEvents *events,
                                       GError **error);
/* Stops, and gives all memory back. NULL is fine. */
void mc_capture_thread_free(McCaptureThread *self);

/* Any thread. */
const char *mc_capture_thread_kind(const McCaptureThread *self);
const char *mc_capture_thread_input_target(const McCaptureThread *self);
McPortalSession *mc_capture_thread_portal(McCaptureThread *self); /* borrowed; NULL: none */
void mc_capture_thread_read_sound(McCaptureThread *self, int64_t begin_ns, int16_t *block,
                                  size_t pairs); /* as McCaptureOps has it */
void mc_capture_thread_size(McCaptureThread *self, uint32_t *ret_width_px, uint32_t *ret_height_px);

/* Starts, or goes on at another rate; either way a frame comes at once. One of a new size has
 * MC_FRAME_FORCE_IDR. */
bool mc_capture_thread_start(McCaptureThread *self, uint32_t refresh_mhz);
/* Any thread while started: no frames while paused; one comes at once after that. */
void mc_capture_thread_pause(McCaptureThread *self, bool paused);
/* Joins the thread and takes every frame back; their memory stays. May be started again. */
void mc_capture_thread_stop(McCaptureThread *self);

/* Any thread: the picture may be drawn over. False: no such frame is lent. */
bool mc_capture_thread_release(McCaptureThread *self, uint64_t frame_id);
/* As mc_frame_pool_doubt and mc_frame_pool_set_max_lent. */
void mc_capture_thread_doubt(McCaptureThread *self, uint64_t frame_id);
void mc_capture_thread_set_readers(McCaptureThread *self, unsigned frames);
void mc_capture_thread_wake(McCaptureThread *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McCaptureThread, mc_capture_thread_free)
