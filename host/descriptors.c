/* SPDX-License-Identifier: MIT */
#include "host/descriptors.h"

#include <sys/resource.h>

/* With room to spare: a desktop with PulseAudio's sound has 32 in a long session (./dev soak), a
 * test picture 24. */
#define PROGRAM_NEEDS 48u
#define SINK_NEEDS 32u

/* Of this process now; those of whoever started it among them. */
static rlim_t count_open(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    rlim_t count = 0;

    while (dir && g_dir_read_name(dir))
        count++;
    return count;
}

bool mc_descriptors_ensure(unsigned n_sinks, GError **error)
{
    struct rlimit limit;
    const rlim_t needed = PROGRAM_NEEDS + n_sinks * SINK_NEEDS, total = count_open() + needed;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= total)
        return true;
    const rlim_t allowed = limit.rlim_cur;
    limit.rlim_cur = MIN(total, limit.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == total)
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_MFILE,
                "too few file descriptors: this process may have %u files open, %u are needed",
                (unsigned) MAX(allowed, limit.rlim_cur), (unsigned) total);
    return false;
}
