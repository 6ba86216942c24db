/* SPDX-License-Identifier: MIT */
/* p2p/plan.h - the radio planner: from what card, air and peer allow to role, intent and channel.
 * Thread: any; one pure function over plain values.  Owner: whoever wants to connect.
 * Says in words why, and what it will cost; an impossible wish has a stable error code. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Interface types, as bits. */
#define MC_RADIO_STATION (1u << 0)
#define MC_RADIO_AP (1u << 1)
#define MC_RADIO_P2P_CLIENT (1u << 2)
#define MC_RADIO_P2P_GO (1u << 3)
#define MC_RADIO_P2P_DEVICE (1u << 4)

#define MC_RADIO_CHANNEL_DISABLED (1u << 0)
#define MC_RADIO_CHANNEL_NO_IR (1u << 1) /* we must not transmit first: no group of our own */
#define MC_RADIO_CHANNEL_RADAR (1u << 2)
#define MC_RADIO_CHANNEL_INDOOR_ONLY (1u << 3)
#define MC_RADIO_CHANNEL_IR_CONCURRENT (1u << 4) /* NO_IR lifted while the station is on it */

#define MC_RADIO_MAX_LIMITS 8
#define MC_RADIO_MAX_COMBINATIONS 16
#define MC_RADIO_MAX_CHANNELS 128

/* One line of "valid interface combinations": at most max interfaces of each set of types. */
typedef struct {
    unsigned n_limits, max_interfaces, max_channels;
    struct {
        unsigned types, max;
    } limits[MC_RADIO_MAX_LIMITS];
} McRadioCombination;

typedef struct {
    unsigned freq_mhz, flags, max_width_mhz;
} McRadioChannel;

/* What nl80211 says about one card; see p2p/radio. */
typedef struct {
    char driver[32];
    char country[3];           /* "00" or "": not known, world rules */
    unsigned types;            /* MC_RADIO_*: supported interface types */
    bool has_station;          /* a station interface exists and stays up */
    unsigned station_freq_mhz; /* 0: not connected */
    unsigned n_combinations;
    McRadioCombination combinations[MC_RADIO_MAX_COMBINATIONS];
    unsigned n_channels;
    McRadioChannel channels[MC_RADIO_MAX_CHANNELS];
} McRadioFacts;

typedef enum { MC_PLAN_BAND_ANY, MC_PLAN_BAND_2GHZ, MC_PLAN_BAND_5GHZ } McPlanBand;
typedef struct {
    bool peer_is_go;              /* it runs a group now */
    unsigned peer_group_freq_mhz; /* of that group; 0: unknown */
    bool peer_wants_go;           /* habit of its brand */
    bool peer_joins_only;         /* habit: starts its own group soon, does not negotiate */
    unsigned avoid_freq_mhz;      /* habit: it refuses this channel */
    int persistent_id;            /* network both remember; -1: none */
    unsigned freq_mhz;            /* the user's; 0: choose */
    McPlanBand band;
    bool may_drop_station; /* the user accepts to lose the other Wi-Fi connection */
} McPlanWish;

typedef enum {
    MC_PLAN_OK,
    MC_PLAN_NO_P2P,              /* link.no-p2p */
    MC_PLAN_NO_CHANNEL,          /* link.no-channel */
    MC_PLAN_CHANNEL_NOT_ALLOWED, /* link.channel-not-allowed: the wished one */
    MC_PLAN_RADIO_BUSY,          /* link.radio-busy: only by dropping the station */
    MC_PLAN_ROLE_IMPOSSIBLE,     /* link.role-impossible */
} McPlanResult;

typedef enum { MC_PLAN_REINVOKE, MC_PLAN_FORM, MC_PLAN_JOIN } McPlanMethod;
typedef struct {
    McPlanMethod method;
    int go_intent; /* of MC_PLAN_FORM */
} McPlanAttempt;

#define MC_PLAN_MAX_ATTEMPTS 6
#define MC_PLAN_MAX_FREQS 4
#define MC_PLAN_MAX_NOTES 6
#define MC_PLAN_NOTE 192

typedef struct {
    McPlanResult result;
    bool can_be_go, can_be_client;
    unsigned n_attempts; /* in this order, each once */
    McPlanAttempt attempts[MC_PLAN_MAX_ATTEMPTS];
    /* Of forming: the first is the choice, the next ones serve when there is no common channel.
     * 0 leaves it to wpa_supplicant. */
    unsigned n_freqs;
    unsigned freqs_mhz[MC_PLAN_MAX_FREQS];
    unsigned width_mhz; /* that the first one allows us: 20, 40, 80, 160 */
    bool same_channel;  /* as the station's */
    bool two_channels;  /* beside the station's: slow */
    bool drops_station;
    unsigned n_reasons, n_costs;
    char reasons[MC_PLAN_MAX_NOTES][MC_PLAN_NOTE];
    char costs[MC_PLAN_MAX_NOTES][MC_PLAN_NOTE];
} McPlan;

McPlanResult mc_plan_make(const McRadioFacts *facts, const McPlanWish *wish, McPlan *ret);
const char *mc_plan_result_code(McPlanResult result); /* "link.no-p2p"; "ok" */
const char *mc_plan_result_text(McPlanResult result); /* what, why, what next */
const char *mc_plan_method_text(McPlanMethod method); /* "re-invoke", "form", "join" */

/* Building blocks, public for the doctor. */
const McRadioChannel *mc_radio_channel(const McRadioFacts *self, unsigned freq_mhz);
/* Whether we may own a group there now. */
bool mc_radio_may_own(const McRadioFacts *self, unsigned freq_mhz);
/* Whether we may at least answer there. */
bool mc_radio_may_join(const McRadioFacts *self, unsigned freq_mhz);
/* Most channels at a time with role (MC_RADIO_P2P_GO or _CLIENT) beside the station, if that one
 * stays; 0: impossible. */
unsigned mc_radio_channels_with(const McRadioFacts *self, unsigned role, bool keep_station);
