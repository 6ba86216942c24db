/* SPDX-License-Identifier: MIT */
/* encoder/desktop-sound.h - what the desktop plays: the monitor of a sound server's output
 * (PulseAudio, or PipeWire through pipewire-pulse). Never an input: a source that does not say it
 * is the monitor of the output that was chosen is refused, and the stream may not be moved to
 * another. A server that ends is waited for.
 * Threads: one of libpulse's for its events; new, free and the rest on one thread at a time.
 * Owner: encoder/audio-source. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct McDesktopSound McDesktopSound;

/* prefer: an output's name, taken while there is such a one; else, and with "", the default output,
 * whichever that is at the time. Returns at once. */
McDesktopSound *mc_desktop_sound_new(const char *prefer);
void mc_desktop_sound_free(McDesktopSound *self); /* NULL is fine */

/* False: nothing is being captured now. *ret_epoch grows with each stream that begins;
 * *ret_newest_ns: what came last sounded then; 0: nothing came in this epoch. */
bool mc_desktop_sound_is_live(McDesktopSound *self, unsigned *ret_epoch, int64_t *ret_newest_ns);
/* As encoder/drift.h; times are CLOCK_MONOTONIC. */
bool mc_desktop_sound_pull(McDesktopSound *self, int64_t begin_ns, int16_t *block, size_t pairs);
void mc_desktop_sound_conceal(McDesktopSound *self, int16_t *block, size_t pairs);

/* True: this source is the monitor of that output, by what the server says of both. */
bool mc_desktop_sound_is_monitor(uint32_t monitor_of_sink, uint32_t sink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McDesktopSound, mc_desktop_sound_free)
