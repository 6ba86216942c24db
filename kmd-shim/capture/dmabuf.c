/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/dmabuf.h"

#include <errno.h>
#include <sys/ioctl.h>

void mc_dmabuf_sync(int fd, uint64_t flag)
{
    struct dma_buf_sync request = {.flags = flag | DMA_BUF_SYNC_READ};

    while (ioctl(fd, DMA_BUF_IOCTL_SYNC, &request) < 0 && (errno == EINTR || errno == EAGAIN))
        ;
}
