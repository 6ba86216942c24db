/* SPDX-License-Identifier: MIT */
#include "p2p/write-all.h"

#include <errno.h>
#include <unistd.h>

bool mc_write_all(int fd, const void *data, size_t len)
{
    const char *left = data;

    while (len) {
        const ssize_t n = write(fd, left, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        left += n;
        len -= (size_t) n;
    }
    return true;
}
