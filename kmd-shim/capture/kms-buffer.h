/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/kms-buffer.h - framebuffers of a card as memory that can be read: exported as a
 * dma-buf and mapped, or mapped through the card where its driver exports nothing.
 *
 * A framebuffer's number is given anew as soon as it is free, so that it names no memory for long:
 * it is asked for at each use, and what tells one memory from another is the dma-buf's inode. The
 * mappings are kept, as a screen goes round between two or three.
 * Threads: one at a time. Owner: kmd-shim/capture/kms. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct McKmsBuffers McKmsBuffers;

typedef struct {
    uint32_t width_px, height_px, stride_bytes, fourcc;
    const uint8_t *pixels; /* read-only; only between _begin and _end */
    void *mapping;
} McKmsBuffer;

#define MC_KMS_BUFFERS_HELD 8u /* more than the planes of one look */

McKmsBuffers *mc_kms_buffers_new(int card_fd, const char *card_name);
void mc_kms_buffers_free(McKmsBuffers *self); /* NULL is fine */

/* Valid until MC_KMS_BUFFERS_HELD others were asked for, or _forget. MC_CAPTURE_ERROR_CARD_DENIED,
 * MC_CAPTURE_ERROR_UNREADABLE; G_IO_ERROR_NOT_FOUND: it has just gone. */
bool mc_kms_buffers_get(McKmsBuffers *self, uint32_t fb_id, McKmsBuffer *ret, GError **error);
/* Waits until it is drawn, and makes the processor see it. */
void mc_kms_buffer_begin(const McKmsBuffer *buffer);
void mc_kms_buffer_end(const McKmsBuffer *buffer);
/* Gives back what was not asked for since the last call of this. */
void mc_kms_buffers_forget(McKmsBuffers *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McKmsBuffers, mc_kms_buffers_free)
