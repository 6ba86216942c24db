/* SPDX-License-Identifier: MIT */
/* p2p/supplicant.h - who drives the Wi-Fi card: one vtable, one file for each way of talking to it
 * (wpa_supplicant's control socket, wpa_supplicant over D-Bus, NetworkManager).
 * Thread: everything, callbacks too, on the thread that runs the GMainContext given to open().
 * Owner: p2p/engine. */
#pragma once

#include "p2p/command.h"
#include "p2p/wpa-event.h"

typedef struct {
    char backend[8];    /* "wpas", "dbus", "nm"; "": look at the machine */
    char interface[16]; /* Wi-Fi interface; "": the first one that can do Wi-Fi Direct */
    char control[108]; /* wpa_supplicant's control socket, or the directory of it; "": usual ones */
    bool forms_groups; /* not only looks: NetworkManager has to lend its card (p2p/nm-loan.h) */
    bool may_drop_station;
} McSupplicantConfig;

typedef struct {
    void (*on_event)(const McWpaEvent *event, void *user_data);
    void (*on_reply)(unsigned id, const char *reply, void *user_data); /* also within command() */
    void (*on_gone)(void *user_data); /* it has ended; close() follows */
    void *user_data;
} McSupplicantCalls;

typedef struct {
    const char *kind;
    unsigned abilities;   /* MC_ABILITY_* of p2p/controller.h */
    bool gives_addresses; /* the group's interface gets its address from it, not from us */
    void *(*open)(const McSupplicantConfig *config, const McSupplicantCalls *calls,
                  GMainContext *context, GError **error);
    void (*close)(void *backend); /* what was set is set back */
    void (*command)(void *backend, unsigned id, const McCommand *command);
    /* What a sudden death would leave behind from now on: a connection under way unless resting, a
     * group unless ifname is "". NULL: the back end's service sees to it. */
    void (*lease)(void *backend, bool resting, const char *ifname);
    /* The card's station interface, for its facts: "wlan0". */
    const char *(*interface)(void *backend);
    char *(*describe)(void *backend); /* for the line that says what was chosen; g_free() */
} McSupplicantBackend;

extern const McSupplicantBackend mc_supplicant_wpas; /* p2p/wpas-ctrl.c */
extern const McSupplicantBackend mc_supplicant_dbus; /* p2p/wpas-dbus.c */
extern const McSupplicantBackend mc_supplicant_nm;   /* p2p/nm.c */

typedef struct McSupplicant McSupplicant;
/* Errors: MC_LINK_ERROR_NO_SUPPLICANT, _NO_PERMISSION, _KIND, those of p2p/nm-loan.h. *ret_why (may
 * be NULL): in one line what was chosen and why; g_free(). */
McSupplicant *mc_supplicant_open(const McSupplicantConfig *config, const McSupplicantCalls *calls,
                                 GMainContext *context, char **ret_why, GError **error);
void mc_supplicant_close(McSupplicant *self); /* NULL is fine */
void mc_supplicant_command(McSupplicant *self, unsigned id, const McCommand *command);
void mc_supplicant_lease(McSupplicant *self, bool resting, const char *ifname);
const McSupplicantBackend *mc_supplicant_backend(const McSupplicant *self);
const char *mc_supplicant_interface(const McSupplicant *self);

/* What looking at the machine found. */
typedef struct {
    bool nm_runs;
    bool nm_owns_p2p;  /* NetworkManager manages the Wi-Fi Direct device of that interface */
    bool socket_named; /* the user said which control socket */
    bool wpas_socket;  /* a control socket exists */
    bool wpas_on_dbus; /* wpa_supplicant is on the system bus */
} McSupplicantLook;
McSupplicantLook mc_supplicant_look(const McSupplicantConfig *config);
/* Pure. NULL: nothing drives the card. *ret_why is static. */
const McSupplicantBackend *mc_supplicant_choose(const McSupplicantLook *look, const char **ret_why);
/* First control socket that fits, its directory listed in order p2p-dev-*, others. g_free(). */
char *mc_wpas_find_socket(const McSupplicantConfig *config);
