/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/capture.h - what every source of pictures can do: one table of functions each.
 * Threads: open on any; cancel on any; the rest on one thread at a time, which is the capture
 * thread once that runs.
 * Owner: the display path, through the capture thread. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#include "kmd-shim/abi/message.h"
#include "kmd-shim/capture/error.h"
#include "kmd-shim/capture/frame-pool.h"
#include "kmd-shim/portal-session.h"

#define MC_CAPTURE_MIN_PX 16u
#define MC_CAPTURE_MAX_PX 16384u

typedef struct McCapture McCapture; /* each kind defines its own */

typedef struct {
    const char *capture;  /* "kind" or "kind:argument" */
    const char *argument; /* what follows "kind:" or "kind,"; NULL: nothing; set by the capture
                           * thread */
    uint32_t width_px, height_px; /* wanted, where the kind can choose */
    bool input;               /* the sink's input is to be let in, where that is asked with it */
    const char *state_folder; /* where a permission is kept; NULL: nowhere */
    GCancellable *cancel;     /* ends an open that waits for a person; NULL: nothing does */
} McCaptureConfig;

typedef struct {
    int32_t x_px, y_px; /* upper left corner of the image */
    bool visible;
    uint32_t shape_id; /* grows with each new shape; 0: no new shape, bgra is NULL */
    uint16_t width_px, height_px, hot_x_px, hot_y_px;
    const uint8_t *bgra; /* premultiplied, width_px * 4 bytes a row; valid until the next poll */
} McCursor;

/* What has happened since the last poll; poll only ever sets what it finds. */
typedef struct {
    bool dirty;   /* the pixels changed */
    bool resized; /* so did their number: size() says how many */
    bool cursor_changed;
    McCursor cursor;
} McCaptureNews;

typedef enum {
    MC_GRAB_OK,
    MC_GRAB_LATER,  /* the picture is changing its size right now */
    MC_GRAB_FAILED, /* for good; the error says why */
} McGrab;

typedef struct {
    const char *kind;
    bool attaches_early; /* once open has returned, so that the first pictures need not wait for it
                          */
    /* MC_CAPTURE_ERROR, or G_IO_ERROR_CANCELLED by config->cancel. */
    McCapture *(*open)(const McCaptureConfig *config, GError **error);
    void (*close)(McCapture *self);
    void (*size)(const McCapture *self, uint32_t *ret_width_px, uint32_t *ret_height_px);
    /* On the capture thread, before a session's first poll: a cursor is news again. NULL: nothing.
     */
    void (*begin)(McCapture *self);
    /* On the capture thread, after a session's last poll. NULL: nothing. */
    void (*end)(McCapture *self);
    /* On the capture thread: nobody sees the pictures for now, or somebody again. NULL: what is
     * shown goes on meanwhile. */
    void (*pause)(McCapture *self, bool paused);
    /* Readable when there is news, so that it need not wait for the next tick. NULL: only a poll
     * tells. */
    int (*fd)(const McCapture *self);
    /* Once a tick, and when fd is readable. */
    bool (*poll)(McCapture *self, McCaptureNews *news, GError **error);
    /* Memory for a picture of today's size; detach takes a frame that has none, too. */
    bool (*attach)(McCapture *self, McFrame *frame, GError **error);
    void (*detach)(McCapture *self, McFrame *frame);
    /* Fills an attached frame with the picture as it is at now_ns (CLOCK_MONOTONIC). */
    McGrab (*grab)(McCapture *self, McFrame *frame, int64_t now_ns, GError **error);
    /* Any thread: makes a call that hangs return; nothing works afterwards. NULL: none ever hangs.
     */
    void (*cancel)(McCapture *self);
    /* Any thread: what mc_input_new opens for what is shown, borrowed. NULL: what McCaptureConfig
     * names. */
    const char *(*input_target)(const McCapture *self);
    /* Any thread: the desktop portal's session, by which input goes, too. NULL: there is none. */
    McPortalSession *(*portal)(McCapture *self);
    /* Any thread: the sound that belongs to the pictures, 48 kHz, stereo, of begin_ns
     * (CLOCK_MONOTONIC) on; silence where there is none. NULL: it never has any. */
    void (*read_sound)(McCapture *self, int64_t begin_ns, int16_t *block, size_t pairs);
} McCaptureOps;

extern const McCaptureOps mc_capture_test_pattern;
extern const McCaptureOps mc_capture_x11;    /* desktop, monitor or window of an X server */
extern const McCaptureOps mc_capture_portal; /* what a person picks; Wayland's way */
extern const McCaptureOps mc_capture_kms;    /* what a card's CRTC scans out; consoles, kiosks */
extern const McCaptureOps mc_capture_file;   /* a media file, with its sound */

/* The kind that a text like "test" or "x11:5" names, and its argument (NULL: none). */
const McCaptureOps *mc_capture_find(const char *text, const char **ret_argument, GError **error);
