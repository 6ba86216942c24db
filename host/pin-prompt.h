/* SPDX-License-Identifier: MIT */
/* host/pin-prompt.h - the PIN that a sink shows: from an option, or typed by a person while the
 * seconds run that the sink shows it for.
 * Thread: any.  Owner: host/projection. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* option: --pin, "-" reads a line of standard input, NULL asks where standard input is a terminal.
 * Spaces and hyphens, which some sinks show for reading, are left out.  False: none was given, the
 * time is over, or abort_fd became readable. */
bool mc_pin_prompt(const char *option, unsigned seconds, int abort_fd, char *ret_pin, size_t size);
