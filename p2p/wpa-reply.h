/* SPDX-License-Identifier: MIT */
/* p2p/wpa-reply.h - what wpa_supplicant answers to STATUS and P2P_PEER: lines of "key=value".
 * Thread: any; pure.  Owner: the caller.
 * Texts come from the air: they are bounded, made valid UTF-8, and never trusted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* As it stands there, cut to size; false: no such line. */
bool mc_wpa_reply_value(const char *reply, const char *key, char *ret, size_t size);
/* Each leaves *ret as it was where the line is missing or says something else. */
void mc_wpa_reply_text(const char *reply, const char *key, char *ret, size_t size);
bool mc_wpa_reply_number(const char *reply, const char *key, int *ret);
void mc_wpa_reply_unsigned(const char *reply, const char *key, unsigned *ret);
