/* SPDX-License-Identifier: MIT */
/* p2p/write-all.h - all of a piece of memory into a file, however many writes that takes.
 * Thread: any; blocks as the file does.  Owner: the caller.
 * Errors: errno. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

bool mc_write_all(int fd, const void *data, size_t len);
