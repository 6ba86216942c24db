/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/file-player.h - a media file at its own pace on CLOCK_MONOTONIC: its newest
 * picture, and its sound of the last and the next moments. Only the file itself is read: what would
 * open another place (playlists, adaptive streams, edit lists of other files) is refused.
 * Threads: GStreamer's; read_sound on any, the rest on one thread at a time.
 * Owner: kmd-shim/capture/file.
 *
 *   file > demultiplexer, decoders +> BGRx, square pixels, upright > newest picture, an event
 *                                  +> 48 kHz stereo > ring of two seconds > read_sound
 */
#pragma once

#include <gio/gio.h>
#include <gst/gst.h>
#include <stdbool.h>

typedef struct McFilePlayer McFilePlayer;

/* Waits for the first picture and rests there. loop: it begins anew at its end.
 * MC_CAPTURE_ERROR, or G_IO_ERROR_CANCELLED by cancel (may be NULL). */
McFilePlayer *mc_file_player_new(const char *path, bool loop, GCancellable *cancel, GError **error);
void mc_file_player_free(McFilePlayer *self); /* NULL is fine */

/* It goes on, from the beginning where it was at its end; or it rests. */
void mc_file_player_run(McFilePlayer *self, bool running);
/* While it runs: it rests where it is, at its end too, or goes on from there. */
void mc_file_player_pause(McFilePlayer *self, bool paused);
/* Readable: a picture is due, or step has something to say. */
int mc_file_player_fd(const McFilePlayer *self);
/* The picture that became due since the last call, with its caps; NULL: none did. */
GstSample *mc_file_player_take(McFilePlayer *self);
/* After each event, and now and then. False: it is over (MC_CAPTURE_ERROR_FINISHED) or failed. */
bool mc_file_player_step(McFilePlayer *self, GError **error);
/* The sound of begin_ns (CLOCK_MONOTONIC) on; silence where there is none. */
void mc_file_player_read_sound(McFilePlayer *self, int64_t begin_ns, int16_t *block, size_t pairs);

/* Whether an element of that class (GST_ELEMENT_METADATA_KLASS) and name may decode a file: it
 * reads what it is given and opens nothing, in memory that everyone can read. */
bool mc_file_player_may_use(const char *klass, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McFilePlayer, mc_file_player_free)
