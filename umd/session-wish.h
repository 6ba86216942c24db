/* SPDX-License-Identifier: MIT */
/* umd/session-wish.h - what a session wants from its sink: the desktop's size, the person's options
 * and the rate that the link is said to carry, as a wish for the negotiation.
 * Thread: the session's; queries the display path.  Owner: umd/session. */
#pragma once

#include "rtsp/source.h"
#include "umd/link-interface.h"
#include "umd/os.h"

McWfdWish mc_session_wish(const McOs *os, const McUmdOptions *options,
                          const MIRACAST_WFD_CONNECTION_STATS *stats);
/* The suggested rate cost the sink a mode that it would have been given otherwise (C-14). */
bool mc_session_wish_is_reduced(const McWfdWish *wish, const McWfdSource *source);
/* The link carries not even the smallest picture (C-16). */
bool mc_session_wish_is_hopeless(const McWfdWish *wish);
