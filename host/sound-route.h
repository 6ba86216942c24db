/* SPDX-License-Identifier: MIT */
/* host/sound-route.h - the desktop's sound moves to a virtual output for a session, and comes back:
 * the caster's side of miracast-sound-guard, whose life is a pipe that this end holds open.
 * Thread: main. Owner: host/cast.
 * Errors: G_IO_ERROR. */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct McSoundRoute McSoundRoute;

/* Starts the guard. NULL: it could not be started; the error says why. */
McSoundRoute *mc_sound_route_new(GError **error);
/* Waits until the sound is back, three seconds at the most. NULL is fine. */
void mc_sound_route_free(McSoundRoute *self);

/* Readable: there is a line. A negative number: there will be none any more. */
int mc_sound_route_fd(const McSoundRoute *self);
/* What the guard said, for a person; NULL: not a whole line. */
char *mc_sound_route_read(McSoundRoute *self);

/* The virtual output's name, the same before and after it is there. */
char *mc_sound_route_output(void);
/* "PID:STARTTIME" of a process; NULL: there is none. */
char *mc_sound_route_owner(pid_t pid);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McSoundRoute, mc_sound_route_free)
