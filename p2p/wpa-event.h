/* SPDX-License-Identifier: MIT */
/* p2p/wpa-event.h - what wpa_supplicant's control interface says, as typed values.
 * Thread: any; pure functions over plain values without pointers.  Owner: whoever reads the socket.
 * Names and SSIDs come from the air: they are bounded, made valid UTF-8, and never trusted. */
#pragma once

#include "p2p/mac.h"
#include "p2p/wfd-ie.h"

typedef enum {
    MC_WPA_EVENT_OTHER, /* a name that is not in the table; see McWpaEvent.event_name */
    MC_WPA_EVENT_DEVICE_FOUND,
    MC_WPA_EVENT_DEVICE_LOST,
    MC_WPA_EVENT_FIND_STOPPED,
    MC_WPA_EVENT_PROV_DISC_SHOW_PIN, /* pin: show it to the user */
    MC_WPA_EVENT_PROV_DISC_ENTER_PIN,
    MC_WPA_EVENT_PROV_DISC_PBC_REQ,
    MC_WPA_EVENT_PROV_DISC_PBC_RESP,
    MC_WPA_EVENT_PROV_DISC_FAILURE,
    MC_WPA_EVENT_GO_NEG_REQUEST,
    MC_WPA_EVENT_GO_NEG_SUCCESS,
    MC_WPA_EVENT_GO_NEG_FAILURE,
    MC_WPA_EVENT_GROUP_FORMATION_SUCCESS,
    MC_WPA_EVENT_GROUP_FORMATION_FAILURE,
    MC_WPA_EVENT_GROUP_STARTED,
    MC_WPA_EVENT_GROUP_REMOVED,
    MC_WPA_EVENT_FALLBACK_TO_GO_NEG,
    MC_WPA_EVENT_INVITATION_RECEIVED,
    MC_WPA_EVENT_INVITATION_ACCEPTED,
    MC_WPA_EVENT_INVITATION_RESULT,
    MC_WPA_EVENT_PERSISTENT_PSK_FAIL,
    MC_WPA_EVENT_REFORM_GROUP,
    MC_WPA_EVENT_AP_STA_CONNECTED,
    MC_WPA_EVENT_AP_STA_DISCONNECTED,
    MC_WPA_EVENT_AP_ENABLED,
    MC_WPA_EVENT_AP_DISABLED,
    MC_WPA_EVENT_CONNECTED,
    MC_WPA_EVENT_DISCONNECTED,
    MC_WPA_EVENT_CHANNEL_SWITCH,
    MC_WPA_EVENT_REGDOM_CHANGE,
    MC_WPA_EVENT_SCAN_STARTED,
    MC_WPA_EVENT_SCAN_RESULTS,
    MC_WPA_EVENT_SCAN_FAILED,
    MC_WPA_EVENT_TERMINATING,
    MC_WPA_EVENT_WPS_PBC_ACTIVE,
    MC_WPA_EVENT_WPS_SUCCESS,
    MC_WPA_EVENT_WPS_FAIL,
    MC_WPA_EVENT_WPS_TIMEOUT,
    MC_WPA_EVENT_WPS_OVERLAP,
    MC_WPA_EVENT_N
} McWpaEventKind;

/* What the event said; ask with mc_wpa_event_has(). Positional values count as their key. */
typedef enum {
    MC_WPA_KEY_ADDRESS, /* first bare MAC: the sender's, or the station's interface address */
    MC_WPA_KEY_P2P_DEV_ADDR,
    MC_WPA_KEY_PRI_DEV_TYPE,
    MC_WPA_KEY_NAME,
    MC_WPA_KEY_CONFIG_METHODS,
    MC_WPA_KEY_DEV_CAPAB,
    MC_WPA_KEY_GROUP_CAPAB,
    MC_WPA_KEY_WFD_DEV_INFO,
    MC_WPA_KEY_NEW,
    MC_WPA_KEY_VENDOR_ELEMS,
    MC_WPA_KEY_STATUS,
    MC_WPA_KEY_ROLE,
    MC_WPA_KEY_FREQ,
    MC_WPA_KEY_HT40,
    MC_WPA_KEY_PEER_DEV,
    MC_WPA_KEY_PEER_IFACE,
    MC_WPA_KEY_WPS_METHOD,
    MC_WPA_KEY_DEV_PASSWD_ID,
    MC_WPA_KEY_GO_INTENT,
    MC_WPA_KEY_IFNAME, /* group interface: positional, or group= */
    MC_WPA_KEY_SSID,
    MC_WPA_KEY_PSK,
    MC_WPA_KEY_PASSPHRASE,
    MC_WPA_KEY_GO_DEV_ADDR,
    MC_WPA_KEY_PERSISTENT, /* [PERSISTENT], or persistent=<network> */
    MC_WPA_KEY_IP_ADDR,
    MC_WPA_KEY_IP_MASK,
    MC_WPA_KEY_GO_IP_ADDR,
    MC_WPA_KEY_PIN,
    MC_WPA_KEY_REASON,
    MC_WPA_KEY_SA,
    MC_WPA_KEY_BSSID,
    MC_WPA_KEY_NETWORK_ID, /* persistent=<n>, id=<n> */
    MC_WPA_KEY_UNKNOWN_NETWORK,
    MC_WPA_KEY_MSG,
    MC_WPA_KEY_CONFIG_ERROR,
    MC_WPA_KEY_LOCALLY_GENERATED,
    MC_WPA_KEY_ALPHA2,
    MC_WPA_KEY_N
} McWpaKey;

typedef enum { MC_WPA_ROLE_UNKNOWN, MC_WPA_ROLE_GO, MC_WPA_ROLE_CLIENT } McWpaRole;
typedef enum {
    MC_WPA_REASON_OTHER,
    MC_WPA_REASON_REQUESTED,
    MC_WPA_REASON_FORMATION_FAILED,
    MC_WPA_REASON_IDLE,
    MC_WPA_REASON_UNAVAILABLE,
    MC_WPA_REASON_GO_ENDING_SESSION,
    MC_WPA_REASON_PSK_FAILURE,
    MC_WPA_REASON_FREQ_CONFLICT,
    MC_WPA_REASON_NO_ADDRESS, /* NetworkManager's alone */
} McWpaReason;

typedef struct {
    McWpaEventKind kind;
    uint64_t have; /* 1 << McWpaKey */
    int priority;  /* <3>; -1 if it was not said */
    char event_name[40];
    char source[16]; /* IFNAME= of a global socket, or "" */
    bool truncated;  /* an open quote at the end of the line */

    McMac address, p2p_dev_addr, peer_dev, peer_iface, go_dev_addr, sa, bssid;
    char pri_dev_type[24];
    char name[100]; /* valid UTF-8 without control characters; 32 bytes on air */
    unsigned config_methods, dev_capab, group_capab;
    McWfdDeviceInfo wfd;
    unsigned is_new, vendor_elems;
    int status;
    McWpaRole role;
    unsigned freq_mhz, ht40, dev_passwd_id, go_intent;
    char wps_method[16];
    char ifname[16]; /* only letters, digits and "-_.:@" */
    uint8_t ssid[32];
    unsigned ssid_len;
    char psk[65], passphrase[64], pin[9]; /* never to be logged */
    uint8_t ip_addr[4], ip_mask[4], go_ip_addr[4];
    char reason_text[32];
    McWpaReason reason;
    int reason_code; /* of disconnections */
    int network_id;
    unsigned msg, config_error, locally_generated;
    char alpha2[4];
} McWpaEvent;

/* One datagram of an attached socket, NUL-terminated. False: no event (empty, too long). */
bool mc_wpa_event_parse(const char *line, McWpaEvent *ret);
bool mc_wpa_event_has(const McWpaEvent *self, McWpaKey key);
const char *mc_wpa_event_kind_name(McWpaEventKind kind); /* "P2P-DEVICE-FOUND" */
/* The device that it is about: p2p_dev_addr=, peer_dev=, sa=, or the bare address; NULL: none. */
const McMac *mc_wpa_event_peer(const McWpaEvent *self);
/* "7: no common channels"; for status= of P2P events. */
const char *mc_wpa_status_text(int status);
