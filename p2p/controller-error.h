/* SPDX-License-Identifier: MIT */
/* p2p/controller-error.h - how reaching a sink over Wi-Fi Direct can fail: codes, words, cures.
 * Thread: any; constant tables.  Owner: p2p/controller. The codes are stable, scripts rely on them.
 */
#pragma once

#include "p2p/plan.h"

typedef enum {
    MC_LINK_FAILURE_NONE,
    MC_LINK_FAILURE_NOT_FOUND,
    MC_LINK_FAILURE_AMBIGUOUS,
    MC_LINK_FAILURE_NOT_READY,
    MC_LINK_FAILURE_NOT_A_SINK,
    MC_LINK_FAILURE_PEER_BUSY,
    MC_LINK_FAILURE_PLAN, /* code and text of the plan's result */
    MC_LINK_FAILURE_PROVISION_TIMEOUT,
    MC_LINK_FAILURE_PROVISION_FAILED,
    MC_LINK_FAILURE_PIN_TIMEOUT,
    MC_LINK_FAILURE_WRONG_PIN,
    MC_LINK_FAILURE_WPS_METHOD,
    MC_LINK_FAILURE_PBC_OVERLAP,
    MC_LINK_FAILURE_INVITATION,
    MC_LINK_FAILURE_INVITATION_STALE, /* the other side forgot the group */
    MC_LINK_FAILURE_NO_ANSWER,
    MC_LINK_FAILURE_NEGOTIATION,
    MC_LINK_FAILURE_NO_COMMON_CHANNEL,
    MC_LINK_FAILURE_BOTH_OWN,
    MC_LINK_FAILURE_REJECTED,
    MC_LINK_FAILURE_FORMATION_TIMEOUT,
    MC_LINK_FAILURE_FORMATION,
    MC_LINK_FAILURE_NO_GROUP, /* the sink runs none that we could join */
    MC_LINK_FAILURE_JOIN_TIMEOUT,
    MC_LINK_FAILURE_ASSOCIATION_TIMEOUT,
    MC_LINK_FAILURE_ADDRESS_TIMEOUT,
    MC_LINK_FAILURE_ADDRESS,
    MC_LINK_FAILURE_LOST,
    MC_LINK_FAILURE_PEER_LEFT,
    MC_LINK_FAILURE_GROUP_REMOVED, /* by another program */
    MC_LINK_FAILURE_REFUSED,       /* the back end said FAIL */
    MC_LINK_FAILURE_NO_WIFI_DISPLAY,
    MC_LINK_FAILURE_SUPPLICANT_GONE,
    MC_LINK_FAILURE_CANCELLED,
    MC_LINK_FAILURE_NO_PERMISSION,
    MC_LINK_FAILURE_N
} McLinkFailure;

/* What the controller does about it. */
typedef enum {
    MC_CURE_NONE,        /* the end */
    MC_CURE_AGAIN,       /* the same once more, then as NEXT */
    MC_CURE_NEXT,        /* next attempt of the plan */
    MC_CURE_NEXT_FREQ,   /* the same on the plan's next channel, then as NEXT */
    MC_CURE_FORGET,      /* remove the network that both remembered, then as NEXT */
    MC_CURE_ASK_PIN,     /* up to three times */
    MC_CURE_OTHER_METHOD /* a PIN in place of the button, if the sink has one */
} McLinkCure;

const char *mc_link_failure_code(McLinkFailure failure); /* "link.not-found" */
const char *mc_link_failure_text(McLinkFailure failure); /* what happened, why, what next */
McLinkCure mc_link_failure_cure(McLinkFailure failure);
/* A sink that vanished fails in this way, too: look for it before anything is tried again. */
bool mc_link_failure_is_silence(McLinkFailure failure);
/* From status= of a GO negotiation. */
McLinkFailure mc_link_failure_of_status(int status);
