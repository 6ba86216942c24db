/* SPDX-License-Identifier: MIT */
/* umd/proof.h - is there a picture at the sink?  What can be seen from here, weighed: our own
 * output, the sink's answers, and the signs of a sink that decodes nothing.  A pure function, one
 * step at a time; the words and the fall-backs are umd/life's.
 * Threads: none of its own.  Owner: umd/life. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What is tried for a sink without a picture, one after the other where it would change something;
 * each is remembered by its number. */
typedef enum {
    MC_RUNG_CHOSEN,  /* what was negotiated, in the sink's own flavour */
    MC_RUNG_FLAVOUR, /* another shape of the transport stream */
    MC_RUNG_MODE,    /* 1280x720 at 30, constrained baseline */
    MC_RUNG_SOUND,   /* that, and LPCM: a running stream keeps its sound, so in a new session */
    MC_RUNG_SLICE,   /* the mode, and one slice a picture */
    MC_N_RUNGS,
} McRung;

/* Counters since PLAY. */
typedef struct {
    int64_t now_us;
    uint64_t units, datagrams, tables; /* encoded, sent, of PSI */
    bool waits_for_keys;               /* of a handshake: nothing may leave */
    uint64_t refusals;     /* of our datagrams, by the sink's machine: nobody receives */
    unsigned reports;      /* of RTCP */
    unsigned loss_reports; /* of them, those that tell of loss */
    unsigned messages;     /* of RTSP, requests for key frames among them */
    unsigned idr_requests; /* M13, PLI */
    bool acknowledged;     /* its machine has taken all that we said by RTSP */
    unsigned useful;       /* set of rungs (1 << rung) that would change the stream now */
} McProofInput;

typedef enum {
    MC_PROOF_NOTHING,
    MC_PROOF_LIVE,      /* all signs are there; once */
    MC_PROOF_NO_SIGN,   /* time is up and something is missing; once */
    MC_PROOF_REFUSED,   /* nobody receives at that port; once */
    MC_PROOF_NEXT_RUNG, /* it does not stop to ask for key frames: rung says what is next */
    MC_PROOF_HELPED,    /* it stopped: rung says what helped */
    MC_PROOF_EXHAUSTED, /* nothing helped */
    MC_PROOF_STORM,     /* it asks all the time and waits for no answer: that says nothing; once */
} McProofNews;

typedef struct {
    McRung rung;
    bool patient; /* such sinks ask without end and show a picture all the same */
    bool live, complained, refused, settled;
    int64_t start_us, rung_us,
        asked_us;      /* of PLAY, of the rung, of the last wish for a key frame */
    int64_t loss_us;   /* when a report last told of loss; 0: never */
    int64_t second_us; /* the last second in which it asked began */
    unsigned seconds;  /* in which it asked, on this rung */
    unsigned idr_requests, loss_reports;
    unsigned storm_steps; /* in a row, in which it asked more than once */
    uint64_t refusals;
} McProof;

void mc_proof_init(McProof *self, McRung rung, bool patient, int64_t now_us);
McProofNews mc_proof_step(McProof *self, const McProofInput *input); /* some times a second */
void mc_proof_slept(McProof *self, int64_t slept_us); /* time in which nothing could be seen */
/* What of our output and of the sink's answers is missing, in words; "" nothing. */
const char *mc_proof_missing(const McProofInput *input);
