/* SPDX-License-Identifier: MIT */
/* umd/dispatcher.h - HandleKernelModeMessage: message -> table -> size check -> handler ->
 * negotiator, encoder or P2P controller of the one context.
 * Thread: many at once (C-27); never blocks on the network.  Owner: stateless. */
#pragma once

#include "umd/context.h"

/* Always sets *ret_bytes; writes at most output_bytes (C-33).  Statuses:
 *   INVALID_PARAMETER   NULL buffer with a size, bad magic, reserved field or value
 *   BUFFER_TOO_SMALL    input shorter than its message, or output too short for the answer
 *   INVALID_BUFFER_SIZE longer than MC_MSG_MAX_BYTES, or size field and buffer disagree
 *   REVISION_MISMATCH   version is not MC_MSG_VERSION
 *   NOT_SUPPORTED       unknown type
 *   INVALID_DEVICE_STATE no session to act on */
NTSTATUS mc_dispatch(McContext *context, const void *input, UINT input_bytes, void *output,
                     UINT output_bytes, UINT *ret_bytes);
