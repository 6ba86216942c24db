/* SPDX-License-Identifier: MIT */
/* rtsp/source-private.h - the source machine's insides, shared by its parts: source.c (life,
 * bytes, time), source-event.c (what leaves it), source-request.c (our requests, with their bodies
 * in source-body.c), their answers in the order of a session (source-caps.c, source-select.c,
 * source-session.c), source-sink.c (the sink's requests) and source-setting.c (its SET_PARAMETER).
 * Thread and owner: as rtsp/source.h says. */
#pragma once

#include "rtsp/message.h"
#include "rtsp/params.h"
#include "rtsp/source.h"

#define MC_SESSION_ID_BYTES 12 /* LG fails above about 15 characters */
#define MC_AGENT_BYTES 96

/* Requests of the source's side; each has a row in source-request.c's table. */
typedef enum {
    REQUEST_NONE,
    REQUEST_OPTIONS,          /* M1 */
    REQUEST_CAPS,             /* M3 */
    REQUEST_DISPLAY,          /* M3 again, of the display alone */
    REQUEST_SELECT,           /* M4 */
    REQUEST_TRIGGER_SETUP,    /* M5 */
    REQUEST_TRIGGER_PLAY,     /* M5 */
    REQUEST_TRIGGER_PAUSE,    /* M5 */
    REQUEST_TRIGGER_TEARDOWN, /* M5 */
    REQUEST_STANDBY,          /* M12 */
    REQUEST_UIBC_CAPABILITY,  /* M14 */
    REQUEST_UIBC_SETTING,     /* M15 */
    REQUEST_LATENCY,          /* microsoft_latency_management_capability */
    REQUEST_KEEPALIVE,        /* M16 */
    N_REQUESTS
} RequestKind;

struct McWfdSource {
    McWfdSourceConfig config;
    McRtspReader *reader;
    GQueue outputs; /* GBytes * */
    GQueue events;  /* McWfdEvent * */
    McWfdTraceFunc trace;
    void *trace_data;

    McWfdState state;
    McWfdCaps *caps;
    GString *answers; /* to M3, the long question's and the short one's */
    McWfdDecision decision;
    McWfdTransport transport;
    McWfdCounters counters;
    char session[MC_SESSION_ID_BYTES]; /* "" before M6 */
    char session_alias[64];            /* what the sink wrote in its place in M7; "": nothing */
    char agent[MC_AGENT_BYTES];        /* Server or User-Agent header */
    McQuirks quirks;
    char quirk_names[MC_QUIRKS_NAMES_BYTES];

    /* One request of ours is on the wire at a time; the rest wait. */
    uint32_t next_cseq;
    RequestKind pending;
    uint32_t pending_cseq;
    int64_t pending_deadline_us;
    uint32_t abandoned_cseq;  /* of the last one that timed out: its late answer is dropped */
    uint32_t answered_cseq;   /* of the last one answered: the same answer again is dropped */
    unsigned answered_digest; /* of that answer */
    GQueue waiting;           /* RequestKind */
    int64_t quiet_us;         /* no request of ours before this: an answer just went */

    bool m1_answered, m2_answered, minimal_caps, play_trigger_sent, cseq_noted;
    char refused_transport[64]; /* the last one that the sink asked for in vain */
    unsigned refused_status; /* what the first SETUP or PLAY that could not be done was answered */
    bool uibc_offered, uibc_enabled;
    bool choose_again;         /* the display changed where M4 was not allowed */
    bool pausing;              /* a PAUSE trigger or M12 of ours is on its way, or its effect */
    bool wants_play;           /* once that has come: a PLAY trigger */
    bool timing_refused;       /* wfd_av_format_change_timing is not sent (again) */
    unsigned refusals;         /* of M4, since the last agreement */
    bool in_session;           /* M4 is a renegotiation */
    McWfdDecision next;        /* its choices, until the sink has agreed and the time has come */
    int64_t change_us;         /* when it comes; INT64_MAX: no change is agreed */
    bool change_agreed;        /* the sink answered its M4 with 200 */
    bool wish_again;           /* another wish came meanwhile: config.wish */
    int64_t state_deadline_us; /* INT64_MAX: none */
    int64_t keepalive_us;      /* when the next M16 is due */
    int64_t last_heard_us;     /* a whole message of the sink */
    int64_t keepalive_sent_us;
    bool asked_again; /* M16: the one before was not answered */
    int64_t idr_us;   /* when a key frame goes unasked, or one that was put off; INT64_MAX: never */
    int64_t last_idr_us;
};

/* ---- source.c ---- */
void mc_source_enter(McWfdSource *self, McWfdState state, int64_t deadline_us);
/* Takes error; NULL for an orderly end. */
void mc_source_close(McWfdSource *self, McWfdCloseBy by, const char *text, GError *error);
void mc_source_fail(McWfdSource *self, McRtspError code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* A key frame that the sink asks for, held to the rate that it bears. */
void mc_source_want_idr(McWfdSource *self, int64_t now_us);
void mc_source_count_idr(McWfdSource *self, int64_t now_us); /* one is sent anyhow */
int64_t mc_source_patience_us(const McWfdSource *self);      /* with M6 and M7 */

/* ---- source-event.c ---- */
void mc_source_event(McWfdSource *self, McWfdEventType type, int value, const char *text);
/* Whatever is in the queue already; it belongs to the queue. */
McWfdEvent *mc_source_push(McWfdSource *self, McWfdEventType type, int value, const char *text);
void mc_source_trace_message(McWfdSource *self, const McRtspMessage *message);
void mc_source_output(McWfdSource *self, GBytes *message); /* takes message */

/* ---- source-request.c ---- */
/* message: the answer; NULL: there was none in time. */
typedef void (*McSourceOnAnswer)(McWfdSource *self, const McRtspMessage *message, int64_t now_us);

void mc_source_request(McWfdSource *self, RequestKind kind, int64_t now_us); /* once it may go */
void mc_source_send(McWfdSource *self, RequestKind kind, int64_t now_us);    /* at once */
void mc_source_send_waiting(McWfdSource *self, int64_t now_us); /* when nothing is under way */
/* The pending request's answer came, or its time is over. */
void mc_source_answered(McWfdSource *self, const McRtspMessage *message, int64_t now_us);
void mc_source_missed(McWfdSource *self, int64_t now_us);
void mc_source_fail_missing(McWfdSource *self, RequestKind kind);

/* ---- source-body.c ---- */
char *mc_source_body(McWfdSource *self, RequestKind kind); /* caller frees; NULL: it has none */
bool mc_source_takes_input(const McWfdSource *self);       /* what the sink offers, or some of it */
bool mc_source_announces_change(const McWfdSource *self);  /* M4 in the session says when */

/* ---- source-caps.c ---- */
void mc_source_query_caps(McWfdSource *self, int64_t now_us); /* M3, once M1 and M2 are done */
/* By what identifies the sink so far: the link's word at first, its own once M3 is answered. */
void mc_source_find_quirks(McWfdSource *self);
void mc_source_on_options(McWfdSource *self, const McRtspMessage *message, int64_t now_us);
void mc_source_on_caps(McWfdSource *self, const McRtspMessage *message, int64_t now_us);
void mc_source_on_display(McWfdSource *self, const McRtspMessage *message, int64_t now_us);

/* ---- source-select.c ---- */
void mc_source_select_mode(McWfdSource *self, int64_t now_us);  /* the first M4 */
void mc_source_change_mode(McWfdSource *self, int64_t now_us);  /* its time has come */
void mc_source_choose_again(McWfdSource *self, int64_t now_us); /* among the display's new modes */
void mc_source_on_select(McWfdSource *self, const McRtspMessage *message, int64_t now_us);
void mc_source_on_setup_trigger(McWfdSource *self, const McRtspMessage *message, int64_t now_us);

/* ---- source-session.c ---- */
bool mc_source_allows(McWfdSource *self, bool allowed, GError **error); /* else: wrong state */
void mc_source_paused(McWfdSource *self, int64_t now_us); /* that for which `pausing` stands */
void mc_source_on_pause_trigger(McWfdSource *self, const McRtspMessage *message, int64_t now_us);
void mc_source_on_standby(McWfdSource *self, const McRtspMessage *message, int64_t now_us);
void mc_source_on_keepalive(McWfdSource *self, const McRtspMessage *message, int64_t now_us);

/* ---- source-setting.c ---- */
/* Lines "name: code" of what cannot be done, for a 303; caller frees; NULL: all can. */
char *mc_source_check_settings(const GPtrArray *params); /* McParam * */
void mc_source_set(McWfdSource *self, const GPtrArray *params, int64_t now_us);

/* ---- source-sink.c ---- */
void mc_source_sink_request(McWfdSource *self, const McRtspMessage *message, int64_t now_us);
void mc_source_sink_ends(McWfdSource *self, const char *reason); /* reason: NULL: none is known */
