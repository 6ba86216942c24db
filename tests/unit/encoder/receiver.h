/* SPDX-License-Identifier: MIT */
/* tests/unit/encoder/receiver.h - a sink of the test's own: takes datagrams on loopback in a thread
 * and reads RTP, TS, PES and NAL units out of them.
 * Threads: one of its own; all functions from the test's.  Owner: test-stream. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "encoder/sps.h"

typedef struct {
    int64_t time_us;           /* its last datagram's arrival (the marker) */
    uint64_t pts_90k, pcr_90k; /* pcr: the last before its end */
    bool idr, has_aud;
    unsigned slices;
    McSps sps; /* of an IDR */
    size_t bytes;
} RxUnit;

typedef struct {
    int64_t time_us;
    uint64_t value; /* PCR in 90 kHz, PTS of sound, or the PMT's version */
    uint64_t pcr_90k;
} RxMark;

typedef struct {
    GMutex lock;
    GCond changed;
    GArray *units;                 /* RxUnit */
    GArray *pcrs, *sounds, *pmts;  /* RxMark */
    unsigned datagrams, lost, bad; /* lost: gaps in the sequence */
    int64_t last_us;               /* last datagram's arrival */
    /* below: of the thread */
    int fd, stop_fd;
    uint16_t port, next_seq;
    uint64_t pcr_90k;
    GByteArray *pes;
    GThread *thread;
} Receiver;

Receiver *receiver_new(void);
void receiver_free(Receiver *self);
/* False: not so many units (in all) in time. */
bool receiver_wait_units(Receiver *self, unsigned n, unsigned timeout_ms);
bool receiver_wait_sounds(Receiver *self, unsigned n, unsigned timeout_ms);
bool receiver_wait_datagrams(Receiver *self, unsigned n, unsigned timeout_ms);
RxUnit receiver_unit(Receiver *self, unsigned i);
unsigned receiver_n_units(Receiver *self);
unsigned receiver_n_pmts(Receiver *self);
uint64_t receiver_last_pmt(Receiver *self); /* its version */
unsigned receiver_datagrams(Receiver *self);
int64_t receiver_longest_gap_us(Receiver *self, GArray *marks); /* between neighbours */
