/* SPDX-License-Identifier: MIT */
/* umd/session-commands.h - what other threads ask of a session, in order, bounded, with a
 * descriptor that wakes the session's thread.
 * Threads: post and wake from any, the rest from the session's.  Owner: umd/session. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "kmd-shim/abi/ntstatus.h"
#include "umd/radio-notice.h"

typedef enum {
    MC_COMMAND_DISPLAY_MODE,
    MC_COMMAND_MONITOR_POWER,
    MC_COMMAND_AUDIO,
    MC_COMMAND_INPUT,   /* on: a person lets the sink's input in */
    MC_COMMAND_RADIO,   /* radio: how the link did since the last time */
    MC_COMMAND_STARVED, /* the link does not carry the picture any more */
    MC_COMMAND_FAILED
} McCommandKind;

typedef struct {
    McCommandKind kind;
    uint32_t width_px, height_px, fps; /* MC_COMMAND_DISPLAY_MODE */
    bool on;
    McRadioNotice radio; /* MC_COMMAND_RADIO */
    GError *error;       /* MC_COMMAND_FAILED: owned */
} McCommand;

typedef struct {
    GAsyncQueue *queue;
    int wake_fd; /* readable after a post or a wake; -1: could not be had */
} McSessionCommands;

void mc_session_commands_init(McSessionCommands *self);
void mc_session_commands_clear(McSessionCommands *self);
/* Copies the command and takes its error over. STATUS_INSUFFICIENT_RESOURCES: too many wait. */
NTSTATUS mc_session_commands_post(McSessionCommands *self, const McCommand *command);
void mc_session_commands_wake(McSessionCommands *self);
void mc_session_commands_woken(McSessionCommands *self);      /* makes wake_fd quiet again */
McCommand *mc_session_commands_next(McSessionCommands *self); /* NULL: none */
void mc_command_free(McCommand *command);
