/* SPDX-License-Identifier: MIT */
/* kmd-shim/abi/pages.h - memory of a picture, mapped in one call. A page that is touched for the
 * first time costs a fault, a 1080p picture two thousand: the first pictures of a stream would wait
 * for them. Not data like its neighbours: it stands here because both sides of a frame need it.
 * Threads: any.  Owner: none. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Linux 5.14; an older one refuses, and the pages come one by one. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Those that lie wholly within; what they hold stays. */
static inline void mc_pages_map(void *memory, size_t bytes)
{
    const uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);
    const uintptr_t begin = ((uintptr_t) memory + page - 1) & ~(page - 1);
    const uintptr_t end = ((uintptr_t) memory + bytes) & ~(page - 1);

    if (begin < end)
        (void) madvise((void *) begin, end - begin, MADV_POPULATE_WRITE);
}
