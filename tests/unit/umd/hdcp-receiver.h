/* SPDX-License-Identifier: MIT */
/* tests/unit/umd/hdcp-receiver.h - an HDCP receiver on a simulated clock, for the machine's tests.
 * Its RSA and its message layouts are its own; the symmetric functions are crypto.c's, which have
 * tests against published vectors of their own. */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

#include "umd/hdcp/machine.h"

typedef struct {
    /* What it is. */
    unsigned version; /* 0: 2.0, sends no AKE_Receiver_Info */
    bool precompute, repeater;
    uint8_t id[5];
    EVP_PKEY *key;
    uint8_t modulus[128];
    EVP_PKEY *root;
    /* Faults. */
    bool bad_signature, no_cert, wrong_h, no_h, no_pairing, no_ready, wrong_v, no_list, wrong_m;
    bool no_stream_ready, max_devs, forgot_pairing;
    unsigned wrong_l; /* so many wrong L' first */
    unsigned slow_l;  /* so many L' after slow_us first */
    int64_t slow_us, late_info_us;
    unsigned device_count, depth, first_seq_num_v;
    uint8_t device_id[5];
    /* What it met. */
    uint8_t rtx[8], rrx[8], km[16], rn[8], ks[16], riv[8], l[32], kd[32], kh[16];
    uint8_t tx_version;
    uint16_t tx_mask;
    unsigned inits, stored_kms, new_kms, lc_inits, challenges, acks, manages, eks, lists;
    unsigned seq_num_v;
    bool has_ks, tells;
    uint8_t v[32];
    GByteArray *in;
    GByteArray *streams;
    GQueue *out; /* Packet: bytes due at a time */
    int64_t latency_us;
} Receiver;

typedef struct {
    int64_t due_us;
    GBytes *bytes;
} Packet;

Receiver *receiver_new(const char *data_dir);
void receiver_free(Receiver *self);
void receiver_feed(Receiver *self, const uint8_t *bytes, size_t len, int64_t now_us);
/* The next bytes and when they arrive; NULL: none. */
Packet *receiver_take(Receiver *self);
int64_t receiver_due_us(const Receiver *self); /* -1: nothing to say */
void packet_free(Packet *packet);

void receiver_say(Receiver *self, int64_t due_us, uint8_t id, const uint8_t *fields, size_t len);
void receiver_send_list(Receiver *self, int64_t due_us);
void receiver_ask_reauth(Receiver *self, int64_t due_us);
/* RSA-3072 with the test root, PKCS#1 v1.5, SHA-256. */
void receiver_sign(Receiver *self, const uint8_t *data, size_t len, uint8_t ret_signature[384]);
