/* SPDX-License-Identifier: MIT */
/* rtsp/source.h - the WFD source's side of a session: M1..M16, keep-alive, time-outs.
 * Owns no socket, timer or thread: bytes and the time come in, bytes and events go out.
 * Thread: any, one at a time.  Owner: umd/session. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtsp/error.h"
#include "rtsp/negotiate.h"

typedef struct McWfdSource McWfdSource;

/* Which message is awaited. */
typedef enum {
    MC_WFD_STATE_INIT,       /* M1 sent; M2 awaited */
    MC_WFD_STATE_CAPS,       /* M3 sent */
    MC_WFD_STATE_NEGOTIATED, /* M3 answered, decision made, held until mc_wfd_source_proceed() */
    MC_WFD_STATE_SELECT,     /* M4 sent */
    MC_WFD_STATE_TRIGGER,    /* M5 SETUP sent */
    MC_WFD_STATE_WAIT_SETUP,
    MC_WFD_STATE_WAIT_PLAY,
    MC_WFD_STATE_PLAYING,
    MC_WFD_STATE_PAUSED,
    MC_WFD_STATE_STANDBY,
    MC_WFD_STATE_TEARING, /* M5 TEARDOWN sent, M8 awaited */
    MC_WFD_STATE_CLOSED,
} McWfdState;

typedef enum {
    MC_WFD_EVENT_CAPS,  /* M3 answered: mc_wfd_source_caps/decision are valid */
    MC_WFD_EVENT_SETUP, /* M6 accepted: transport is valid */
    MC_WFD_EVENT_PLAY,  /* start or resume RTP, first picture an IDR */
    MC_WFD_EVENT_PAUSE, /* stop RTP (M9 or M12) */
    MC_WFD_EVENT_MODE,  /* renegotiation accepted: decision is the new one, switch with an IDR */
    MC_WFD_EVENT_FORCE_IDR, /* M13: value = 1; of our own accord: 0 */
    MC_WFD_EVENT_ROUTE,     /* M10: text = "primary" or "secondary" */
    MC_WFD_EVENT_CONNECTOR, /* M11: value = connector type, -1 for none */
    MC_WFD_EVENT_DISPLAY,   /* after M11, M3 once more: caps' EDID (value = 1: another) and modes */
    MC_WFD_EVENT_UIBC,      /* M14/M15: value = 1 enabled, 0 disabled */
    MC_WFD_EVENT_AUDIO_MUTE,  /* microsoft_audio_mute: value = 1 silent, 0 sound again */
    MC_WFD_EVENT_LIMIT,       /* microsoft_multiscreen_projection: value = most kbit/s; 0: none */
    MC_WFD_EVENT_ALTERNATIVE, /* the sink refused a choice and the next one is tried: text says
                                 which */
    MC_WFD_EVENT_CLOSED,      /* session over; error says why, NULL for an orderly end;
                                 value = McWfdCloseBy */
} McWfdEventType;

typedef enum { MC_WFD_CLOSE_SOURCE, MC_WFD_CLOSE_SINK, MC_WFD_CLOSE_ERROR } McWfdCloseBy;

typedef struct {
    McWfdEventType type;
    int value;
    char text[128];
    GError *error; /* owned by the event: mc_wfd_event_clear() */
} McWfdEvent;
void mc_wfd_event_clear(McWfdEvent *event);

/* Simple sinks take what one recv() gives for one message: a request of ours right behind an answer
 * would be lost on them. */
#define MC_WFD_ANSWER_GAP_US 50000

typedef struct {
    char local_ip[46];        /* source address of this connection, for wfd_presentation_URL */
    uint16_t server_rtp_port; /* our RTP port, even; RTCP is the next one */
    uint16_t uibc_port;       /* 0: UIBC is not offered */
    McWfdWish wish;           /* what desktop, link, user and encoder want and can */
    bool want_rtcp;
    bool hold_after_caps;        /* stop in NEGOTIATED until mc_wfd_source_proceed() */
    int64_t keepalive_period_us; /* M16 period; 0: 25 s */
    int64_t response_timeout_us; /* 0: 5 s */
    int64_t answer_gap_us;       /* from an answer to our next request; MC_WFD_ANSWER_GAP_US or 0 */
    uint32_t session_timeout_s;  /* 0: 60 */
    uint32_t random;             /* seed of the session id */
    char device_name[64];        /* of the link, for rtsp/quirks; "": not known */
    int64_t pts_zero_us;         /* mc_wfd_source_set_clock(); 0: not known */
    uint8_t device_info[6];      /* likewise, of the sink's WFD element; zeros: not known */
} McWfdSourceConfig;

typedef struct {
    uint16_t client_rtp_port;
    uint16_t client_rtcp_port; /* 0: none */
    bool tcp;                  /* RTP over TCP asked (refused with 461 today) */
} McWfdTransport;

typedef struct {
    uint32_t idr_requests, keepalives_sent, keepalives_answered, messages_in, messages_out;
} McWfdCounters;

/* Copies config. M1 is ready as output at once. */
McWfdSource *mc_wfd_source_new(const McWfdSourceConfig *config, int64_t now_us);
void mc_wfd_source_free(McWfdSource *self); /* NULL is fine */

/* Bytes of the sink. Errors end the session with a CLOSED event and are not returned here.
 * At most MC_RTSP_MAX_MESSAGE bytes are held. */
void mc_wfd_source_feed(McWfdSource *self, const uint8_t *data, size_t len, int64_t now_us);
void mc_wfd_source_eof(McWfdSource *self, int64_t now_us); /* peer closed or reset the connection */
/* The peer asks and does not read: more answers wait for it than one that reads would leave. */
void mc_wfd_source_unread(McWfdSource *self);
/* This process did not run for so long: patience with the sink is longer by that. Before feed. */
void mc_wfd_source_slept(McWfdSource *self, int64_t slept_us);
void mc_wfd_source_time(McWfdSource *self, int64_t now_us); /* call at or after the deadline */
int64_t mc_wfd_source_deadline_us(const McWfdSource *self); /* INT64_MAX: none */

/* One message for one write(), in order; false when there is none. *ret_bytes: caller unrefs. */
bool mc_wfd_source_next_output(McWfdSource *self, GBytes **ret_bytes);
bool mc_wfd_source_next_event(McWfdSource *self, McWfdEvent *ret_event);

/* Requests of the source's side; false with MC_RTSP_ERROR_STATE when the state does not allow it.
 */
bool mc_wfd_source_proceed(McWfdSource *self, int64_t now_us,
                           GError **error); /* leave NEGOTIATED */
bool mc_wfd_source_decide_anew(McWfdSource *self, const McWfdWish *wish,
                               GError **error); /* in NEGOTIATED: before M4 */
bool mc_wfd_source_renegotiate(McWfdSource *self, const McWfdWish *wish, int64_t now_us,
                               GError **error); /* M4 in PLAYING/PAUSED, or in-band: MODE event */
bool mc_wfd_source_pause(McWfdSource *self, int64_t now_us, GError **error);
bool mc_wfd_source_play(McWfdSource *self, int64_t now_us, GError **error);
bool mc_wfd_source_standby(McWfdSource *self, int64_t now_us, GError **error);
/* M15: takes or ignores the sink's input from here on; M4 offered it. */
bool mc_wfd_source_set_input(McWfdSource *self, bool enabled, int64_t now_us, GError **error);
/* The running stream's clock, for the time stamp of a change of mode: when its PTS is 0. */
void mc_wfd_source_set_clock(McWfdSource *self, int64_t pts_zero_us);
void mc_wfd_source_teardown(McWfdSource *self, int64_t now_us); /* TEARDOWN trigger, then CLOSED */

/* It answered M1: whoever dialled in is a sink. */
bool mc_wfd_source_is_met(const McWfdSource *self);
McWfdState mc_wfd_source_state(const McWfdSource *self);
const char *mc_wfd_state_name(McWfdState state);                      /* "INIT", "PLAYING", ... */
const McWfdCaps *mc_wfd_source_caps(const McWfdSource *self);         /* NULL before CAPS */
const McWfdDecision *mc_wfd_source_decision(const McWfdSource *self); /* NULL before CAPS */
const McWfdTransport *mc_wfd_source_transport(const McWfdSource *self);
McWfdCounters mc_wfd_source_counters(const McWfdSource *self);
const char *mc_wfd_source_quirks(const McWfdSource *self); /* names of rtsp/quirks rows; "" none */
const char *mc_wfd_source_hint(const McWfdSource *self);   /* what helps with such sinks; NULL */

/* One line per message for the log, PINs and keys blanked; direction '>' out, '<' in. */
typedef void (*McWfdTraceFunc)(char direction, const char *text, size_t len, void *user_data);
void mc_wfd_source_set_trace(McWfdSource *self, McWfdTraceFunc func, void *user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McWfdSource, mc_wfd_source_free)
