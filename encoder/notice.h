/* SPDX-License-Identifier: MIT */
/* encoder/notice.h - a still picture with a sentence, in place of what may not be shown.
 * Thread: any.
 * Owner: the caller of the picture (mc_picture_unref). */
#pragma once

#include "encoder/convert.h"

/* Light letters on dark grey, as many lines as the width asks for.  Letters without case, digits
 * and simple punctuation have shapes; anything else is a gap. */
McPicture *mc_notice_new(uint32_t width_px, uint32_t height_px, const char *sentence);
