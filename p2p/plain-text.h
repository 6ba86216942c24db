/* SPDX-License-Identifier: MIT */
/* p2p/plain-text.h - what strangers call themselves, made fit for terminals, logs and JSON: UTF-8
 * of one line that moves no cursor and turns no writing around.
 * Thread: any; pure functions.  Owner: none, plain values. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Each character that is not fit becomes "_", each byte that is none U+FFFD.  g_free() it. */
char *mc_plain_text(const char *text);
/* The same into size bytes, cut between two characters.  False: it was cut. */
bool mc_plain_text_copy(char *to, size_t size, const char *text);
bool mc_plain_text_is(const char *text); /* there is nothing to replace */
