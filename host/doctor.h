/* SPDX-License-Identifier: MIT */
/* host/doctor.h - `miracast doctor`: what this machine can do, what stands in the way, what helps.
 * Thread: main.  Owner: host/main.c. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum { MC_FINDING_OK, MC_FINDING_WARN, MC_FINDING_FAIL } McFindingLevel;

typedef struct McDoctor McDoctor;
/* One line of the answer; next: what to do, NULL for nothing. */
void mc_doctor_say(McDoctor *self, McFindingLevel level, const char *what, const char *next,
                   const char *format, ...) G_GNUC_PRINTF(5, 6);

/* The examinations, in the order in which a session needs things. */
void mc_doctor_radio(McDoctor *self);    /* card, driver, domain, channel plan */
void mc_doctor_services(McDoctor *self); /* wpa_supplicant, NetworkManager */
void mc_doctor_firewall(McDoctor *self);
void mc_doctor_media(McDoctor *self); /* encoder, capture, sound */

/* argv: options, without "doctor". Returns the program's exit code: 0 when nothing fails. */
int mc_doctor_run(int argc, char **argv);
