/* SPDX-License-Identifier: MIT */
/* Wi-Fi Direct: what the machine asks for and says, in its order. */
#include "p2p/controller-private.h"

#include <stdarg.h>
#include <string.h>

static McAction *push(McController *self, McActionKind kind)
{
    McAction *action = g_new0(McAction, 1);

    action->kind = kind;
    g_strlcpy(action->ifname, self->ifname, sizeof(action->ifname));
    g_queue_push_tail(&self->actions, action);
    return action;
}

unsigned mc_controller_command(McController *self, const McCommand *command)
{
    McAction *action = push(self, MC_ACTION_COMMAND);

    action->id = self->next_id++;
    action->command = *command;
    self->pending[self->next_pending++ % MC_CONTROLLER_MAX_PENDING] =
        (McPendingCommand){action->id, self->generation, command->kind, command->network_id};
    return action->id;
}

void mc_controller_simple(McController *self, McCommandKind kind)
{
    mc_controller_command(self, &(McCommand){.kind = kind});
}

void mc_controller_act(McController *self, McActionKind kind)
{
    McAction *action = push(self, kind);

    memcpy(action->own_ip, self->own_ip, sizeof(action->own_ip));
    memcpy(action->peer_ip, self->peer_ip, sizeof(action->peer_ip));
    memcpy(action->mask, (uint8_t[]){255, 255, 255, 0}, sizeof(action->mask));
}

static McProgress *push_progress(McController *self, McProgressKind kind, const char *code)
{
    McProgress *progress;

    if (g_queue_get_length(&self->actions) >= MC_CONTROLLER_MAX_ACTIONS)
        return NULL;
    progress = &push(self, MC_ACTION_PROGRESS)->progress;
    progress->kind = kind;
    progress->state = self->state;
    progress->peer = self->peer;
    progress->code = code;
    progress->failure = (int) self->last_failure;
    return progress;
}

void mc_controller_say(McController *self, McProgressKind kind, const char *code,
                       const char *format, ...)
{
    McProgress *progress = push_progress(self, kind, code);
    va_list args;

    if (!progress)
        return;
    va_start(args, format);
    g_vsnprintf(progress->text, sizeof(progress->text), format, args);
    va_end(args);
}

void mc_controller_say_pin(McController *self, McProgressKind kind, const char *text)
{
    McProgress *progress = push_progress(self, kind, "");

    if (!progress)
        return;
    g_strlcpy(progress->text, text, sizeof(progress->text));
    if (kind == MC_PROGRESS_SHOW_PIN)
        g_strlcpy(progress->pin, self->pin, sizeof(progress->pin));
}

static void wipe_action(gpointer data)
{
    explicit_bzero(data, sizeof(McAction)); /* it may hold a PIN */
    g_free(data);
}

void mc_controller_drop_actions(McController *self)
{
    g_queue_clear_full(&self->actions, wipe_action);
}

bool mc_controller_next_action(McController *self, McAction *ret)
{
    McAction *action = g_queue_pop_head(&self->actions);

    if (!action)
        return false;
    *ret = *action;
    wipe_action(action);
    return true;
}
