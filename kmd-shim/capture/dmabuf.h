/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/dmabuf.h - reading a DMA-BUF that is mapped: the processor's caches and the
 * card's agree between START and END (linux/dma-buf.h).
 * Threads: any. Owner: the caller owns the descriptor. */
#pragma once

#include <linux/dma-buf.h>
#include <stdint.h>

/* flag: DMA_BUF_SYNC_START or DMA_BUF_SYNC_END. */
void mc_dmabuf_sync(int fd, uint64_t flag);
