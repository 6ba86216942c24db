/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/kms-cursor.h - the cursor that a card lays over its picture: a plane of its own,
 * whose image may be drawn over in place.
 * Threads: one at a time. Owner: kmd-shim/capture/kms. */
#pragma once

#include "kmd-shim/capture/capture.h"
#include "kmd-shim/capture/kms-buffer.h"
#include "kmd-shim/capture/kms-card.h"

typedef struct McKmsCursor McKmsCursor;

McKmsCursor *mc_kms_cursor_new(void);
void mc_kms_cursor_free(McKmsCursor *self); /* NULL is fine */

/* plane: NULL where none is shown. True: ret has what is new; its image is valid until the next
 * call. Looks at the image with each new framebuffer, else ten times a second. */
bool mc_kms_cursor_look(McKmsCursor *self, const McKmsPlane *plane, McKmsBuffers *buffers,
                        int64_t now_ns, McCursor *ret);
void mc_kms_cursor_renew(McKmsCursor *self); /* all of it is news again */
