/* SPDX-License-Identifier: MIT */
/* The NetworkManager back end before the fake one (fake-nm.h): commands go in, what it says comes
 * out as words. Thread: the test's.  Owner: the test. */
#pragma once

#include "fake-nm.h"
#include "p2p/supplicant.h"

enum { NM_PLAY_PATIENCE_S = 60 };
#define NM_PLAY_SINK "42:00:00:00:01:00" /* fake-nm's "Lab Sink" */

typedef struct {
    void *backend;
    GMainContext *context;
    GQueue words; /* "DEVICE-FOUND Lab Sink", "7 OK", "gone" */
    unsigned next_id;
} NmPlay;

/* The bus, the fake NetworkManager and with wpas a wpa_supplicant beside it.  False: there is no
 * dbus-daemon, which is told, and the program ends. */
bool nm_play_start(bool wpas);
int nm_play_run(void); /* the tests; stops the bus */

bool nm_play_open(NmPlay *self, const char *interface, GError **error);
void nm_play_close(NmPlay *self); /* also one that could not be opened */
/* As fake-nm is told to be. */
void nm_play_begin(NmPlay *self, const FakeNmPlan *plan);
void nm_play_expect(NmPlay *self, const char *word); /* the next word, whenever it comes */
void nm_play_asked(const char *call);                /* what fake-nm was asked next */
void nm_play_command(NmPlay *self, const McCommand *command);
McCommand nm_play_to_sink(McCommandKind kind);
/* All that was said before has arrived, and nothing came of it. */
void nm_play_settle(NmPlay *self);
