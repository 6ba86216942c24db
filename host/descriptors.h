/* SPDX-License-Identifier: MIT */
/* host/descriptors.h - are there file descriptors enough for what is to be done?  Asked once,
 * before libraries are in the middle of something that they cannot do without one. Threads: any.
 * Owner: none. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Raises the process's own limit where the system lets it; with error (G_FILE_ERROR_MFILE, and what
 * is missing) there are too few. n_sinks: with a session each. */
bool mc_descriptors_ensure(unsigned n_sinks, GError **error);
