/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/pipewire-format.h - what we ask of a PipeWire node and what it agrees to:
 * formats, kinds of memory, what comes beside a picture.  Pure.
 * Threads: any.  Owner: kmd-shim/capture/pipewire.
 *
 * Shared memory is asked for first: a compositor with a graphics card copies there faster than the
 * processor reads the card's memory.  Where only DMA-BUF is offered it is taken if it is linear:
 * rows of pixels, which everybody can read.  What a driver means by "no modifier" nobody knows. */
#pragma once

#include <spa/pod/builder.h>
#include <stdbool.h>
#include <stdint.h>

#define MC_PIPEWIRE_PARAM_BYTES 2048 /* room for what one function here builds */
#define MC_PIPEWIRE_MAX_PARAMS 5

typedef struct {
    uint32_t width_px, height_px;
    bool red_first; /* bytes R G B x in memory, else B G R x */
    bool dmabuf;    /* linear */
} McPipeWireFormat;

/* The formats that we take, the one we like best first; how many. */
unsigned mc_pipewire_offer(struct spa_pod_builder *builder, bool dmabuf,
                           const struct spa_pod *ret_params[MC_PIPEWIRE_MAX_PARAMS]);
/* False: not one of ours. */
bool mc_pipewire_format_read(const struct spa_pod *param, McPipeWireFormat *ret_format);
/* What buffers of this format are to be like and to bring along; how many. */
unsigned mc_pipewire_wishes(struct spa_pod_builder *builder, const McPipeWireFormat *format,
                            const struct spa_pod *ret_params[MC_PIPEWIRE_MAX_PARAMS]);
