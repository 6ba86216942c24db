/* SPDX-License-Identifier: MIT */
#include "umd/session-commands.h"

#include <sys/eventfd.h>
#include <unistd.h>

#define MAX_COMMANDS 256 /* posted and not yet done */

void mc_command_free(McCommand *command)
{
    g_clear_error(&command->error);
    g_free(command);
}

static void free_command(gpointer data)
{
    mc_command_free(data);
}

void mc_session_commands_init(McSessionCommands *self)
{
    self->queue = g_async_queue_new_full(free_command);
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void mc_session_commands_clear(McSessionCommands *self)
{
    g_clear_pointer(&self->queue, g_async_queue_unref);
    if (self->wake_fd >= 0)
        close(self->wake_fd);
    self->wake_fd = -1;
}

NTSTATUS mc_session_commands_post(McSessionCommands *self, const McCommand *command)
{
    McCommand *copy = g_memdup2(command, sizeof(*command));

    if (g_async_queue_length(self->queue) >= MAX_COMMANDS) {
        mc_command_free(copy);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    g_async_queue_push(self->queue, copy);
    mc_session_commands_wake(self);
    return STATUS_SUCCESS;
}

void mc_session_commands_wake(McSessionCommands *self)
{
    eventfd_write(self->wake_fd, 1);
}

void mc_session_commands_woken(McSessionCommands *self)
{
    eventfd_t ignored;

    eventfd_read(self->wake_fd, &ignored);
}

McCommand *mc_session_commands_next(McSessionCommands *self)
{
    return g_async_queue_try_pop(self->queue);
}
