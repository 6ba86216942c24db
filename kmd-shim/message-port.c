/* SPDX-License-Identifier: MIT */
#include "kmd-shim/message-port.h"

#include <stdbool.h>
#include <string.h>

struct McMessagePort {
    GMutex lock; /* guards all below */
    GCond idle;
    DXGK_MIRACAST_DISPLAY_CALLBACKS os;
    bool attached;
    unsigned sending; /* threads inside DxgkCbMiracastSendMessage */
    uint32_t sequence;
};

/* Input and output buffers live until the completion, and so does what it needs. */
typedef struct {
    McMessageDone done;
    void *user_data;
    ULONG input_bytes, output_bytes;
    _Alignas(max_align_t) uint8_t data[]; /* input, then, aligned, output */
} Block;

McMessagePort *mc_message_port_new(void)
{
    McMessagePort *self = g_new0(McMessagePort, 1);

    g_mutex_init(&self->lock);
    g_cond_init(&self->idle);
    return self;
}

void mc_message_port_free(McMessagePort *self)
{
    if (!self)
        return;
    mc_message_port_detach(self);
    g_cond_clear(&self->idle);
    g_mutex_clear(&self->lock);
    g_free(self);
}

void mc_message_port_attach(McMessagePort *self, const DXGK_MIRACAST_DISPLAY_CALLBACKS *os)
{
    g_mutex_lock(&self->lock);
    self->os = *os;
    self->attached = true;
    self->sequence = 0;
    g_mutex_unlock(&self->lock);
}

void mc_message_port_detach(McMessagePort *self)
{
    g_mutex_lock(&self->lock);
    self->attached = false;
    while (self->sending)
        g_cond_wait(&self->idle, &self->lock);
    g_mutex_unlock(&self->lock);
}

static uint8_t *output_of(Block *block)
{
    return block->data + ((block->input_bytes + 15) & ~15u);
}

static Block *new_block(const void *message, ULONG message_bytes, ULONG output_bytes,
                        McMessageDone done, void *user_data)
{
    Block *block = g_try_malloc0(sizeof(Block) + message_bytes + 15 + output_bytes);

    if (!block)
        return NULL;
    block->done = done;
    block->user_data = user_data;
    block->input_bytes = message_bytes;
    block->output_bytes = output_bytes;
    memcpy(block->data, message, message_bytes);
    return block;
}

static VOID complete(PVOID context, PIO_STATUS_BLOCK status)
{
    Block *block = context;
    UINT bytes = (UINT) MIN(status->Information, block->output_bytes);

    if (block->done)
        block->done(status->Status, bytes ? output_of(block) : NULL, bytes, block->user_data);
    g_free(block);
}

static bool enter(McMessagePort *self, McMsgHeader *header, DXGK_MIRACAST_DISPLAY_CALLBACKS *os)
{
    bool ok;

    g_mutex_lock(&self->lock);
    ok = self->attached && self->os.DxgkCbMiracastSendMessage;
    if (ok) {
        *os = self->os;
        header->sequence = self->sequence++;
        self->sending++;
    }
    g_mutex_unlock(&self->lock);
    return ok;
}

static void leave(McMessagePort *self)
{
    g_mutex_lock(&self->lock);
    if (--self->sending == 0)
        g_cond_broadcast(&self->idle);
    g_mutex_unlock(&self->lock);
}

NTSTATUS mc_message_port_send(McMessagePort *self, McMsgType type, const void *message,
                              ULONG message_bytes, ULONG output_bytes, McMessageDone done,
                              void *user_data)
{
    McMsgHeader header = {MC_MSG_MAGIC, MC_MSG_VERSION, (uint16_t) type, message_bytes, 0};
    DXGK_MIRACAST_DISPLAY_CALLBACKS os;

    if (message_bytes < sizeof(header) || message_bytes > MC_MSG_MAX_BYTES)
        return STATUS_INVALID_BUFFER_SIZE;
    if (!enter(self, &header, &os))
        return STATUS_INVALID_DEVICE_STATE;
    Block *block = new_block(message, message_bytes, output_bytes, done, user_data);
    if (!block) {
        leave(self);
        return STATUS_NO_MEMORY;
    }
    memcpy(block->data, &header, sizeof(header));
    /* After STATUS_PENDING the block may be gone already. */
    NTSTATUS status =
        os.DxgkCbMiracastSendMessage(os.MiracastHandle, message_bytes, block->data, output_bytes,
                                     output_bytes ? output_of(block) : NULL, complete, block);
    if (!NT_SUCCESS(status))
        g_free(block);
    leave(self);
    return status;
}
