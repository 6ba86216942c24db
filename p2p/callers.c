/* SPDX-License-Identifier: MIT */
#include "p2p/callers.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>

#define PAUSE_MS 100

bool mc_callers_must_wait(int number)
{
    return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

int mc_callers_take(int listen_fd, int end_fd, int flags, struct sockaddr_storage *ret_addr)
{
    struct pollfd end = {.fd = end_fd, .events = POLLIN};
    socklen_t len = sizeof(*ret_addr);
    int fd = accept4(listen_fd, (struct sockaddr *) ret_addr, ret_addr ? &len : NULL,
                     SOCK_CLOEXEC | flags);

    if (fd < 0 && mc_callers_must_wait(errno))
        poll(&end, 1, PAUSE_MS);
    return fd;
}

int mc_callers_next(int listen_fd, int end_fd, int flags, struct sockaddr_storage *ret_addr)
{
    struct pollfd fds[2] = {{.fd = listen_fd, .events = POLLIN}, {.fd = end_fd, .events = POLLIN}};

    while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
        if (fds[1].revents)
            return -1;
        int fd = mc_callers_take(listen_fd, end_fd, flags, ret_addr);
        if (fd >= 0)
            return fd;
    }
    return -1;
}
