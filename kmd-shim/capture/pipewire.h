/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/pipewire.h - the pictures of one PipeWire node.  The newest buffer is held until
 * a newer one comes, so that its picture can be read at any time without a copy of our own.
 * Threads: one at a time; between start and stop the one that started.  Owner:
 * kmd-shim/capture/portal. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "kmd-shim/capture/capture.h"

typedef struct McPipeWire McPipeWire;

/* Connects and waits until the size is known (MC_CAPTURE_ERROR; G_IO_ERROR_CANCELLED by cancel,
 * which may be NULL).  Takes fd. */
McPipeWire *mc_pipewire_new(int fd, uint32_t node, GCancellable *cancel, GError **error);
void mc_pipewire_free(McPipeWire *self); /* NULL is fine */

/* Readable when there is something to iterate over. */
int mc_pipewire_fd(const McPipeWire *self);
/* Pictures flow to the thread that starts, and stops, and iterates between. */
void mc_pipewire_start(McPipeWire *self);
void mc_pipewire_stop(McPipeWire *self); /* the newest picture is let go */
/* Takes in what has come; sets news as McCaptureOps.poll does.  False: no more will come. */
bool mc_pipewire_iterate(McPipeWire *self, McCaptureNews *news, GError **error);
/* The cursor's shape and place are news again. */
void mc_pipewire_renew_cursor(McPipeWire *self);

void mc_pipewire_size(const McPipeWire *self, uint32_t *ret_width_px, uint32_t *ret_height_px);
/* The newest picture, whose size mc_pipewire_size tells, into rows of stride_bytes, bytes B G R x.
 * False: none has come yet. */
bool mc_pipewire_copy(McPipeWire *self, uint8_t *to, uint32_t stride_bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McPipeWire, mc_pipewire_free)
