/* SPDX-License-Identifier: MIT */
/* Messages of the miniport: held before and during Start, delivered on several threads in the
 * session, dropped with STATUS_CANCELLED from Stop on (C-28..C-32, C-35..C-40). */
#include <string.h>

#include "host/runtime-private.h"

typedef struct {
    ULONG in_size, out_size;
    VOID *in, *out;
    DXGKCB_MIRACAST_SEND_MESSAGE_CALLBACK done;
    PVOID done_context;
    VOID *copy;   /* of in, where no callback tells the sender when it may be freed (U20) */
    bool dropped; /* sent or still waiting when a session ended: not for the next one either */
} Message;

static bool drops(const McRuntime *self)
{
    return self->phase >= PHASE_STOP || self->quit;
}

/* lock held on entry and return; not while the sender's callback runs. */
static void complete(McRuntime *self, Message *message, NTSTATUS status, UINT bytes)
{
    IO_STATUS_BLOCK block = {.Status = status, .Information = bytes}; /* also beside an error */

    self->completing++;
    g_mutex_unlock(&self->lock);
    if (message->done)
        message->done(message->done_context, &block);
    g_free(message->copy);
    g_free(message);
    g_mutex_lock(&self->lock);
    self->completing--;
    g_cond_broadcast(&self->changed);
}

/* lock held on entry and return; not while the driver runs. */
static void deliver(McRuntime *self, Message *message)
{
    UINT bytes = 0;

    self->running++;
    g_mutex_unlock(&self->lock);
    NTSTATUS status = self->umd.HandleKernelModeMessage(
        self->umd_context, message->in_size, message->in, message->out_size, message->out, &bytes);
    g_mutex_lock(&self->lock);
    self->running--;
    g_cond_broadcast(&self->changed);
    if (self->abandoned) /* the sender is gone by now: its callback must not be called */
        message->done = NULL;
    complete(self, message, status, MIN(bytes, message->out_size));
}

/* lock held. Dropped ones always stand before those that are held for the next session. */
static Message *next_message(McRuntime *self)
{
    const Message *head = g_queue_peek_head(&self->messages);

    if (head && (head->dropped || self->phase == PHASE_STARTED))
        return g_queue_pop_head(&self->messages);
    return NULL;
}

static gpointer run_delivery(gpointer user_data)
{
    McRuntime *self = user_data;

    g_mutex_lock(&self->lock);
    for (;;) {
        Message *message = next_message(self);
        if (message && message->dropped)
            complete(self, message, STATUS_CANCELLED, 0);
        else if (message)
            deliver(self, message);
        else if (self->quit)
            break;
        else
            g_cond_wait(&self->changed, &self->lock);
    }
    g_mutex_unlock(&self->lock);
    return NULL;
}

bool mc_runtime_messages_start(McRuntime *self)
{
    self->delivery = g_ptr_array_new();
    for (unsigned i = 0; i < self->config.delivery_threads; i++) {
        GThread *thread = g_thread_try_new("mc-messages", run_delivery, self, NULL);
        if (!thread)
            break;
        g_ptr_array_add(self->delivery, thread);
    }
    return self->delivery->len > 0;
}

void mc_runtime_messages_drop(McRuntime *self)
{
    for (GList *link = self->messages.head; link; link = link->next)
        ((Message *) link->data)->dropped = true;
}

/* A handler that does not return keeps its message: its buffers cannot be given back while the
 * driver may write to them. */
void mc_runtime_messages_end(McRuntime *self)
{
    Message *message;

    g_mutex_lock(&self->lock);
    self->quit = true;
    mc_runtime_messages_drop(self);
    g_cond_broadcast(&self->changed);
    while ((message = g_queue_pop_head(&self->messages)))
        complete(self, message, STATUS_CANCELLED, 0);
    bool stuck = self->running > 0;
    self->abandoned = stuck;
    self->hung = self->hung || stuck;
    while (self->completing)
        g_cond_wait(&self->changed, &self->lock);
    g_mutex_unlock(&self->lock);
    for (guint i = 0; self->delivery && i < self->delivery->len; i++)
        mc_runtime_end_thread(self->delivery->pdata[i], !stuck);
    g_clear_pointer(&self->delivery, g_ptr_array_unref);
}

/* The buffers are the sender's until the completion: only what has none is copied. NULL: no memory.
 */
static Message *new_message(ULONG in_size, VOID *in, ULONG out_size, VOID *out,
                            DXGKCB_MIRACAST_SEND_MESSAGE_CALLBACK done, PVOID done_context)
{
    Message *message = g_try_new0(Message, 1);

    if (!message)
        return NULL;
    message->in_size = in_size;
    message->in = in;
    message->done = done;
    message->done_context = done_context;
    if (done) {
        message->out_size = out_size;
        message->out = out;
    } else if (in_size) {
        message->in = message->copy = g_try_malloc(in_size);
        if (!message->copy) {
            g_free(message);
            return NULL;
        }
        memcpy(message->copy, in, in_size);
    }
    return message;
}

static NTSTATUS enqueue(McRuntime *self, Message *message)
{
    NTSTATUS status = STATUS_PENDING;

    g_mutex_lock(&self->lock);
    if (self->quit) {
        status = STATUS_INVALID_DEVICE_STATE;
    } else if (g_queue_get_length(&self->messages) >= MC_RUNTIME_MAX_MESSAGES) {
        status = STATUS_INSUFFICIENT_RESOURCES;
    } else {
        message->dropped = drops(self);
        g_queue_push_tail(&self->messages, message);
        g_cond_broadcast(&self->changed);
    }
    g_mutex_unlock(&self->lock);
    return status;
}

NTSTATUS mc_runtime_send_message(HANDLE handle, ULONG in_size, VOID *in, ULONG out_size, VOID *out,
                                 DXGKCB_MIRACAST_SEND_MESSAGE_CALLBACK done, PVOID done_context)
{
    if ((in_size && !in) || (out_size && !out))
        return STATUS_INVALID_PARAMETER;
    if (in_size > MC_RUNTIME_MAX_MESSAGE_BYTES)
        return STATUS_INVALID_BUFFER_SIZE;
    McRuntime *self = mc_runtime_enter(handle);
    if (!self)
        return STATUS_INVALID_HANDLE;
    Message *message = new_message(in_size, in, out_size, out, done, done_context);
    NTSTATUS status = message ? enqueue(self, message) : STATUS_NO_MEMORY;
    if (message && status != STATUS_PENDING) {
        g_free(message->copy);
        g_free(message);
    }
    mc_runtime_leave(self);
    return status;
}
