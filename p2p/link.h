/* SPDX-License-Identifier: MIT */
/* p2p/link.h - reaching a sink: one vtable, one file per back end (loopback, lan, ...).
 * Threads: all calls from the owner's thread; leave() and command() also from any other.
 * Owner: umd/context. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define MC_LINK_ERROR mc_link_error_quark()
GQuark mc_link_error_quark(void);
typedef enum {
    MC_LINK_ERROR_ADDRESS,       /* link.bad-address */
    MC_LINK_ERROR_PORT_USED,     /* link.port-in-use */
    MC_LINK_ERROR_TIMEOUT,       /* link.timeout: no sink dialled in */
    MC_LINK_ERROR_CANCELLED,     /* link.cancelled */
    MC_LINK_ERROR_KIND,          /* link.unknown-kind */
    MC_LINK_ERROR_FAILED,        /* link.failed */
    MC_LINK_ERROR_NOT_SUPPORTED, /* link.not-supported */
    MC_LINK_ERROR_UNREACHABLE,   /* link.unreachable: the sink's control port does not answer */
    MC_LINK_ERROR_SECURITY,      /* link.security: no secure channel */
    MC_LINK_ERROR_PIN,           /* link.wrong-pin */
    MC_LINK_ERROR_PROTOCOL, /* link.protocol: the sink broke the rules of the control channel */
    MC_LINK_ERROR_LOST,     /* link.lost */
    MC_LINK_ERROR_NO_SUPPLICANT, /* link.no-supplicant: nobody drives the Wi-Fi card */
    MC_LINK_ERROR_NO_PERMISSION, /* link.no-permission */
    MC_LINK_ERROR_NO_P2P,        /* link.no-p2p */
    MC_LINK_ERROR_NO_DIAL,       /* link.no-dial: in the group, but no RTSP connection came */
    /* From here on: what the Wi-Fi Direct controller says, p2p/controller-error.h and plan.h. */
    MC_LINK_ERROR_CONTROLLER = 100, /* + McLinkFailure */
    MC_LINK_ERROR_PLAN = 200,       /* + McPlanResult */
} McLinkError;
const char *mc_link_error_code(int code);
/* Whether another kind of link may do where this one failed.  Not behind a wrong PIN or a broken
 * secure channel: someone may wish for the weaker way. */
bool mc_link_may_fall_back(const GError *error);

typedef enum {
    MC_LINK_STATE_IDLE,
    MC_LINK_STATE_LISTENING,
    MC_LINK_STATE_READY, /* a sink's RTSP connection was accepted */
    MC_LINK_STATE_LOST,
    MC_LINK_STATE_LEFT,
} McLinkState;

/* What the link learned of the sink before it dialled in. */
typedef struct {
    char name[64];
    uint8_t device_info[6]; /* of its WFD element */
} McLinkPeer;

/* Of the radio link, where it is one. Counters: frames to the sink since it came in. */
typedef struct {
    uint32_t tx_kbps; /* rate of the last frames on the air; 0: unknown */
    uint32_t sent, failed, retried;
    int signal_dbm; /* 0: unknown */
} McLinkStatistics;

typedef struct {
    char kind[16];   /* "lan", "loopback", "mice", "p2p" */
    char listen[64]; /* ADDR:PORT; port 0: any; of kind "p2p" the port counts */
    /* "mice": address or host name; "p2p": name, part of it, or address; "loopback": what the sink
     * would say of itself over the air, NAME or NAME,DEVICE-INFORMATION (12 digits). */
    char sink[128];
    uint16_t control_port; /* kind "mice"; 0: 7250 */
    char security[8];      /* kind "mice": "open", "encrypt", "request", "pin", "auto"; "": auto */
    char name[64];         /* ours, as a sink shows it; "": the host's */
    char driver[8];        /* kind "p2p": "wpas", "dbus"; "": by looking */
    char interface[16];    /* kind "p2p": Wi-Fi interface; "": the first that fits */
    char control[108];     /* kind "p2p": wpa_supplicant's control socket or its directory */
    char pairing[16];      /* kind "p2p": "pbc", "enter-pin", "show-pin"; "": what the sink has */
    unsigned freq_mhz;     /* kind "p2p": channel of the group; 0: choose */
    bool may_drop_station; /* kind "p2p": the other Wi-Fi connection may end */
    /* A person reads the PIN off the sink, which waits so many seconds; on the thread of wait().
     * abort_fd becomes readable when the sink hangs up or the wait is cancelled: give up then.
     * False: no PIN was given. */
    bool (*ask_pin)(char *pin, size_t size, unsigned seconds, int abort_fd, void *user_data);
    /* Kinds "p2p" and "loopback": where a sink dials in, whatever it was told; 0: as listen says.
     */
    uint16_t (*port_of)(const McLinkPeer *peer);
    char allow[46]; /* only this peer may connect; "": the first one */
    int timeout_s;  /* for wait(); 0: none */
    void (*on_progress)(const char *step, const char *text, void *user_data); /* any thread */
    void *user_data;
} McLinkConfig;

typedef struct McLink McLink;
McLink *mc_link_new(const McLinkConfig *config, GError **error); /* copies config */
void mc_link_free(McLink *self);

/* Opens the listener; *ret_port is the bound port. */
bool mc_link_listen(McLink *self, uint16_t *ret_port, GError **error);
/* Waits until someone has connected; returns a connected, blocking socket that the caller owns, or
 * -1. May be called again where that was no sink, within the same time. */
int mc_link_wait(McLink *self, GError **error);
/* Who connected is the sink: later connections are closed at once (one session). Any thread. */
void mc_link_settle(McLink *self);
/* Ends a listen() that joins a sink, wakes wait(), or makes the next one return; any thread. */
void mc_link_cancel(McLink *self);
void mc_link_leave(McLink *self); /* idempotent */
/* LINK_CONTROL of the display path: same numbers as kmd-shim/abi/message.h. */
typedef enum {
    MC_LINK_COMMAND_RADIO_OFF = 1,
    MC_LINK_COMMAND_LEAVE = 2,
    MC_LINK_COMMAND_SET_CHANNEL = 3, /* argument: MHz */
    MC_LINK_COMMAND_POWER_SAVE = 4,  /* argument: 0 or 1 */
} McLinkCommandKind;
bool mc_link_command(McLink *self, uint32_t command, uint32_t argument, GError **error);
McLinkState mc_link_state(McLink *self);
/* The link encrypts itself (encrypted MICE): each media datagram goes through protect, each body of
 * the sink's input through open, which appends what was in it.  Any thread. */
bool mc_link_encrypts(McLink *self);
bool mc_link_protect(McLink *self, uint8_t *datagram, size_t room, size_t *len);
bool mc_link_open(McLink *self, const uint8_t *records, size_t len, GByteArray *out);
const char *mc_link_kind(McLink *self);
/* Whether the link failed under a sink that was connected, and why: its RTSP connection, which was
 * closed then, cannot tell.  Any thread. */
bool mc_link_failure(McLink *self, GError **error);
/* False: nothing is known. */
bool mc_link_peer(McLink *self, McLinkPeer *ret_peer);
/* Asks the kernel. False: the link is no radio, or is left. Zeros: the sink is away. Any thread. */
bool mc_link_statistics(McLink *self, McLinkStatistics *ret_statistics);
/* The sink sends to this port of ours from now on, until the link is left: the firewall lets it in
 * on the link's own interface, where the link has one (Wi-Fi Direct).  Any thread; may take as long
 * as the firewall does. */
void mc_link_open_port(McLink *self, bool tcp, uint16_t port);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McLink, mc_link_free)
