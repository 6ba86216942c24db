/* SPDX-License-Identifier: MIT */
/* p2p/controller-action.h - what the Wi-Fi Direct machine asks its owner to do, and tells people.
 * Thread: plain values.  Owner: p2p/controller makes them, the p2p back end carries them out. */
#pragma once

#include "p2p/command.h"

typedef enum {
    MC_CONTROLLER_IDLE,
    MC_CONTROLLER_SEARCHING,    /* for the target */
    MC_CONTROLLER_CHECKING,     /* what wpa_supplicant knows of it */
    MC_CONTROLLER_PROVISIONING, /* method of pairing: the sink may ask its user */
    MC_CONTROLLER_WAITING_PIN,  /* our user reads it off the sink; see mc_controller_pin() */
    MC_CONTROLLER_INVITING,     /* into the group that both remember */
    MC_CONTROLLER_ASKED,        /* it asks its user, and calls us into the group itself then */
    MC_CONTROLLER_SEEKING,      /* whether the sink started a group of its own */
    MC_CONTROLLER_NEGOTIATING,  /* who owns the group */
    MC_CONTROLLER_FORMING,      /* keys */
    MC_CONTROLLER_JOINING,
    MC_CONTROLLER_ASSOCIATING, /* we own the group and wait for the sink to come in */
    MC_CONTROLLER_ADDRESSING,
    MC_CONTROLLER_READY,
    MC_CONTROLLER_INTERRUPTED, /* the sink left our group; it may come back */
    MC_CONTROLLER_LOOKING,     /* it fell silent: whether it is there at all */
    MC_CONTROLLER_PAUSING,     /* before the next attempt */
    MC_CONTROLLER_LEAVING,
    MC_CONTROLLER_LEFT,
    MC_CONTROLLER_FAILED,
    MC_CONTROLLER_N_STATES
} McControllerState;

typedef enum {
    MC_PROGRESS_STEP,     /* a new state */
    MC_PROGRESS_PEER,     /* found, changed or lost: see mc_controller_peers() */
    MC_PROGRESS_REQUEST,  /* a device asks to be connected that we did not choose */
    MC_PROGRESS_PLAN,     /* see mc_controller_plan() */
    MC_PROGRESS_SHOW_PIN, /* pin: to be typed at the sink */
    MC_PROGRESS_ASK_PIN,  /* the sink shows one */
    MC_PROGRESS_RETRY,    /* code and text: what failed; another attempt follows */
    MC_PROGRESS_READY,
    MC_PROGRESS_LOST, /* was ready; code says why. Attempts to come back may follow */
    MC_PROGRESS_LEFT,
    MC_PROGRESS_FAILED, /* the end */
} McProgressKind;

typedef struct {
    McProgressKind kind;
    McControllerState state;
    McMac peer;
    const char *code; /* "link.…" or ""; static */
    int failure;      /* of FAILED: McLinkFailure */
    char text[256];   /* what happened, why, what next */
    char pin[9];      /* of SHOW_PIN; never to be logged */
} McProgress;

typedef enum {
    MC_ACTION_COMMAND,        /* to wpa_supplicant; its answer goes to mc_controller_reply() */
    MC_ACTION_DHCP_SERVER,    /* own_ip/mask on ifname, then serve leases there */
    MC_ACTION_DHCP_CLIENT,    /* on ifname, without a default route */
    MC_ACTION_ADDRESS_STATIC, /* own_ip/mask on ifname: came with the keys */
    MC_ACTION_ADDRESS_STOP,   /* end server or client on ifname */
    MC_ACTION_POWER_SAVE_OFF, /* on ifname */
    MC_ACTION_PROGRESS,
} McActionKind;

typedef struct {
    McActionKind kind;
    unsigned id; /* of COMMAND */
    McCommand command;
    char ifname[16];
    uint8_t own_ip[4], mask[4], peer_ip[4]; /* peer_ip: of ADDRESS_STATIC */
    McProgress progress;
} McAction;

const char *mc_controller_state_name(McControllerState state); /* "negotiating" */
