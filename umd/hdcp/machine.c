/* SPDX-License-Identifier: MIT */
#include "umd/hdcp/machine.h"

#include <string.h>

#include "umd/hdcp/machine-private.h"
#include "umd/hdcp/secret-file.h"

#define MS 1000
#define NO_STORED_KM_US (1000 * MS) /* km sent to H' */
#define STORED_KM_US (200 * MS)
#define PAIRING_US (200 * MS)
#define RTT_READY_US (200 * MS)        /* no figure is known; a receiver computes one HMAC */
#define LOCALITY_TOTAL_US (10000 * MS) /* ours: 1024 slow tries would be minutes */
#define ID_LIST_US (3000 * MS)
#define KEY_DELAY_US (200 * MS) /* SKE to the first encrypted byte */
#define CAPABILITY_PRECOMPUTE 1u
#define TRIES_MAX 1024u
#define OUTPUT_MAX 65536u /* a peer that reads nothing but keeps asking for more */

McHdcpMachineConfig mc_hdcp_machine_config_default(void)
{
    return (McHdcpMachineConfig){
        .version = 2,
        .precompute = true,
        .cert_us = 200 * MS,
        .locality_us = 7 * MS,
        .locality_tries = TRIES_MAX,
        .attempts = 3,
        .streams = {{MC_HDCP_STREAM_CTR_VIDEO, 0x1011, 0}, {MC_HDCP_STREAM_CTR_AUDIO, 0x1100, 0}},
        .stream_count = 2};
}

McHdcpMachine *mc_hdcp_machine_new(const McHdcpMachineConfig *config, GError **error)
{
    McHdcpMachineSecrets *secrets = mc_hdcp_secret_new(sizeof(*secrets));

    if (!config->keys || !secrets || config->stream_count > MC_HDCP_STREAMS_MAX) {
        g_set_error(error, MC_HDCP_ERROR, config->keys ? MC_HDCP_ERROR_CRYPTO : MC_HDCP_ERROR_KEYS,
                    config->keys ? "no secure memory left" : "no HDCP keys are installed");
        mc_hdcp_secret_free(secrets, sizeof(*secrets));
        return NULL;
    }
    McHdcpMachine *self = g_new0(McHdcpMachine, 1);
    self->config = *config;
    self->config.locality_tries = CLAMP(config->locality_tries, 1, TRIES_MAX);
    self->secrets = secrets;
    self->out = g_byte_array_new();
    self->events = g_array_new(FALSE, FALSE, sizeof(McHdcpEventType));
    self->deadline_us = -1;
    return self;
}

void mc_hdcp_machine_free(McHdcpMachine *self)
{
    if (!self)
        return;
    mc_hdcp_secret_free(self->secrets, sizeof(*self->secrets));
    g_byte_array_unref(self->out);
    g_array_unref(self->events);
    g_clear_error(&self->error);
    g_free(self);
}

/* ---- common steps ---- */

void mc_hdcp_machine_enter(McHdcpMachine *self, McHdcpState state, int64_t deadline_us)
{
    self->state = state;
    self->deadline_us = deadline_us;
}

void mc_hdcp_machine_event(McHdcpMachine *self, McHdcpEventType event)
{
    g_array_append_val(self->events, event);
}

void mc_hdcp_machine_send(McHdcpMachine *self, McHdcpMessageId id, const uint8_t *fields,
                          size_t len)
{
    mc_hdcp_message_write(self->out, id, fields, len);
}

/* Leaves no key behind, and says so to whoever may be using one. */
static void forget_session(McHdcpMachine *self)
{
    if (self->content_on)
        mc_hdcp_machine_event(self, MC_HDCP_EVENT_STOP_CONTENT);
    self->content_on = false;
    mc_hdcp_wipe(self->secrets, sizeof(*self->secrets));
    mc_hdcp_machine_enter(self, STATE_IDLE, -1);
}

void mc_hdcp_machine_fail(McHdcpMachine *self, McHdcpError code, const char *what)
{
    if (self->state == STATE_IDLE)
        return;
    forget_session(self);
    g_clear_error(&self->error);
    self->error = g_error_new_literal(MC_HDCP_ERROR, (int) code, what);
    mc_hdcp_machine_event(self, MC_HDCP_EVENT_FAILED);
}

/* The layout stays: what the receiver still has to say of the last attempt comes in that. */
static void begin(McHdcpMachine *self, int64_t now_us)
{
    const bool tells = self->config.version > 0;
    const uint16_t mask = self->config.precompute ? CAPABILITY_PRECOMPUTE : 0;

    forget_session(self);
    self->has_cert = self->has_info = self->list_seen = false;
    self->late_answers = 0;
    self->seq_num_v = self->seq_num_m = 0;
    self->info = (McHdcpInfo){.tx_version = self->config.version, .tx_mask = mask};
    memset(&self->status, 0, sizeof(self->status));
    mc_hdcp_machine_enter(self, STATE_CERT, now_us + self->config.cert_us);
    if (!mc_hdcp_random(self->secrets->base.rtx, 8)) {
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_CRYPTO, "no random numbers");
        return;
    }
    mc_hdcp_machine_send(self, MC_HDCP_AKE_INIT, self->secrets->base.rtx, 8);
    if (tells)
        mc_hdcp_message_write_info(self->out, self->config.version, mask);
}

void mc_hdcp_machine_retry(McHdcpMachine *self, McHdcpError code, const char *what, int64_t now_us)
{
    if (++self->attempts >= self->config.attempts)
        mc_hdcp_machine_fail(self, code, what);
    else
        begin(self, now_us);
}

void mc_hdcp_machine_start(McHdcpMachine *self, int64_t now_us)
{
    self->attempts = 0;
    self->avoid_stored = false;
    self->in_len = 0;
    self->layout = (McHdcpLayout){.rules20 = true};
    g_byte_array_set_size(self->out, 0);
    g_clear_error(&self->error);
    begin(self, now_us);
}

static void settled(McHdcpMachine *self)
{
    self->attempts = 0;
    self->avoid_stored = false;
    mc_hdcp_machine_enter(self, STATE_READY, -1);
    /* A second READY would have the counters begin again with the same key. */
    mc_hdcp_machine_event(self,
                          self->content_on ? MC_HDCP_EVENT_STREAMS_AGREED : MC_HDCP_EVENT_READY);
    self->content_on = true;
}

void mc_hdcp_machine_settle(McHdcpMachine *self, int64_t now_us)
{
    if (now_us < self->encrypt_us)
        mc_hdcp_machine_enter(self, STATE_KEY_DELAY, self->encrypt_us);
    else
        settled(self);
}

/* ---- authentication and key exchange ---- */

/* m: what the receiver's own key turned km with, so that it need not store km itself. */
static void send_new_km(McHdcpMachine *self, int64_t now_us)
{
    uint8_t ekpub[128];

    if (!mc_hdcp_random(self->secrets->base.km, 16)) {
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_CRYPTO, "no random numbers");
        return;
    }
    if (!mc_hdcp_encrypt_km(self->modulus, self->exponent, self->secrets->base.km, ekpub)) {
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_CERTIFICATE,
                             "the receiver's key cannot encrypt km");
        return;
    }
    mc_hdcp_machine_send(self, MC_HDCP_AKE_NO_STORED_KM, ekpub, sizeof(ekpub));
    mc_hdcp_machine_enter(self, STATE_RRX, now_us + NO_STORED_KM_US);
}

static void send_stored_km(McHdcpMachine *self, const McHdcpPairing *pairing, int64_t now_us)
{
    uint8_t fields[32];

    memcpy(self->secrets->base.km, pairing->km, 16);
    memcpy(fields, pairing->ekh_km, 16);
    memcpy(fields + 16, pairing->m, 16);
    self->status.paired_before = true;
    mc_hdcp_machine_send(self, MC_HDCP_AKE_STORED_KM, fields, sizeof(fields));
    mc_hdcp_machine_enter(self, STATE_RRX, now_us + STORED_KM_US);
}

/* Certificate and version are known. */
static void send_km(McHdcpMachine *self, int64_t now_us)
{
    const McHdcpPairing *pairing = NULL;

    self->layout.rules20 = !self->has_info;
    self->layout.precompute =
        self->has_info && (self->info.rx_mask & CAPABILITY_PRECOMPUTE) && self->config.precompute;
    self->secrets->base.rules22 = self->info.rx_version >= 2 && self->config.version >= 2;
    self->status.version = self->has_info ? MAX(self->info.rx_version, 1) : 0;
    self->status.precompute = self->layout.precompute;
    if (!mc_hdcp_machine_types_allowed(self)) {
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_TYPE,
                             "the content needs a receiver of HDCP 2.2 or later");
        return;
    }
    if (self->config.pairings && !self->avoid_stored)
        pairing = mc_hdcp_pairings_find(self->config.pairings, self->status.receiver_id);
    if (pairing)
        send_stored_km(self, pairing, now_us);
    else
        send_new_km(self, now_us);
}

/* certrx: | receiver id(5) | modulus(128) | exponent(3) | reserved(2) | signature(384) | */
static void on_cert(McHdcpMachine *self, bool repeater, const uint8_t *cert, int64_t now_us)
{
    if (self->state != STATE_CERT || self->has_cert)
        return;
    if (!mc_hdcp_keys_verify_cert(self->config.keys, cert)) {
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_CERTIFICATE,
                             "the receiver's certificate is not signed by the root key");
        return;
    }
    if (mc_hdcp_keys_revoked(self->config.keys, cert)) {
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_REVOKED, "the receiver is revoked");
        return;
    }
    self->has_cert = true;
    self->info.repeater = self->status.repeater = repeater;
    memcpy(self->status.receiver_id, cert, 5);
    memcpy(self->modulus, cert + 5, 128);
    memcpy(self->exponent, cert + 133, 3);
    if (!self->config.version || self->has_info)
        send_km(self, now_us);
}

static void on_receiver_info(McHdcpMachine *self, uint8_t version, uint16_t mask, int64_t now_us)
{
    if (!self->config.version || self->has_info)
        return;
    if (self->state != STATE_CERT) { /* taken for a 2.0 receiver, wrongly */
        mc_hdcp_machine_retry(self, MC_HDCP_ERROR_TIMEOUT, "AKE_Receiver_Info came late", now_us);
        return;
    }
    self->has_info = true;
    self->info.rx_version = version;
    self->info.rx_mask = mask;
    if (self->has_cert)
        send_km(self, now_us);
}

static void on_rrx(McHdcpMachine *self, const uint8_t rrx[8])
{
    McHdcpMachineSecrets *secrets = self->secrets;

    if (self->state != STATE_RRX)
        return;
    memcpy(secrets->base.rrx, rrx, 8);
    if (!mc_hdcp_kd(&secrets->base, secrets->kd) ||
        !mc_hdcp_h(&secrets->base, secrets->kd, &self->info, secrets->h))
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_CRYPTO, "H cannot be computed");
    else
        mc_hdcp_machine_enter(self, STATE_H_PRIME, self->deadline_us); /* one limit for both */
}

static void begin_locality(McHdcpMachine *self, int64_t now_us);

static void on_h_prime(McHdcpMachine *self, const uint8_t h_prime[32], int64_t now_us)
{
    if (self->state != STATE_H_PRIME)
        return;
    if (mc_hdcp_equal(self->secrets->h, h_prime, 32)) {
        if (self->status.paired_before)
            begin_locality(self, now_us);
        else
            mc_hdcp_machine_enter(self, STATE_PAIRING, now_us + PAIRING_US);
        return;
    }
    if (self->status.paired_before &&
        mc_hdcp_pairings_remove(self->config.pairings, self->status.receiver_id))
        mc_hdcp_machine_event(self, MC_HDCP_EVENT_PAIRINGS_CHANGED);
    mc_hdcp_machine_retry(self, MC_HDCP_ERROR_H_PRIME, "the receiver does not know its key",
                          now_us);
}

/* m = rtx || rrx by the 2.2 rules, rtx || 0 before (unconfirmed); stored as the receiver needs it
 * back. */
static void on_pairing(McHdcpMachine *self, const uint8_t ekh_km[16], int64_t now_us)
{
    McHdcpPairing pairing = {0};

    if (self->state != STATE_PAIRING)
        return;
    if (self->config.pairings) {
        memcpy(pairing.receiver_id, self->status.receiver_id, 5);
        memcpy(pairing.km, self->secrets->base.km, 16);
        memcpy(pairing.ekh_km, ekh_km, 16);
        memcpy(pairing.m, self->secrets->base.rtx, 8);
        if (self->secrets->base.rules22)
            memcpy(pairing.m + 8, self->secrets->base.rrx, 8);
        mc_hdcp_pairings_put(self->config.pairings, &pairing);
        mc_hdcp_wipe(&pairing, sizeof(pairing));
        mc_hdcp_machine_event(self, MC_HDCP_EVENT_PAIRINGS_CHANGED);
    }
    begin_locality(self, now_us);
}

/* ---- locality check ---- */

static void try_locality(McHdcpMachine *self, int64_t now_us)
{
    McHdcpMachineSecrets *secrets = self->secrets;

    if (self->status.locality_tries >= self->config.locality_tries ||
        now_us >= self->locality_end_us || self->out->len > OUTPUT_MAX) {
        mc_hdcp_machine_retry(self, MC_HDCP_ERROR_LOCALITY,
                              "the receiver's answers take too long or are wrong", now_us);
        return;
    }
    self->status.locality_tries++;
    if (!mc_hdcp_random(secrets->rn, 8) ||
        !mc_hdcp_l(&secrets->base, secrets->kd, secrets->rn, secrets->l)) {
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_CRYPTO, "L cannot be computed");
        return;
    }
    mc_hdcp_machine_send(self, MC_HDCP_LC_INIT, secrets->rn, 8);
    self->challenge_us = now_us;
    if (self->layout.precompute)
        mc_hdcp_machine_enter(self, STATE_RTT_READY, now_us + RTT_READY_US);
    else
        mc_hdcp_machine_enter(self, STATE_L_PRIME, now_us + self->config.locality_us);
}

static void begin_locality(McHdcpMachine *self, int64_t now_us)
{
    self->locality_end_us = now_us + LOCALITY_TOTAL_US;
    try_locality(self, now_us);
}

static void on_rtt_ready(McHdcpMachine *self, int64_t now_us)
{
    if (self->state != STATE_RTT_READY)
        return;
    mc_hdcp_machine_send(self, MC_HDCP_RTT_CHALLENGE, self->secrets->l + 16, 16);
    self->challenge_us = now_us;
    mc_hdcp_machine_enter(self, STATE_L_PRIME, now_us + self->config.locality_us);
}

static void exchange_key(McHdcpMachine *self, int64_t now_us);

static void on_l_prime(McHdcpMachine *self, const uint8_t *l_prime, int64_t now_us)
{
    const size_t len = self->layout.precompute ? 16 : 32; /* the high half then */

    if (self->state == STATE_L_PRIME && mc_hdcp_equal(self->secrets->l, l_prime, len)) {
        self->status.locality_us = (uint32_t) (now_us - self->challenge_us);
        exchange_key(self, now_us);
    } else if (self->late_answers) {
        /* An answer to an earlier try.  Taken for one to this try it would put us one behind for
         * good, and a single hiccup of the link would cost all the tries. */
        self->late_answers--;
    } else if (self->state == STATE_L_PRIME) {
        try_locality(self, now_us);
    }
}

/* ---- session key ---- */

static void exchange_key(McHdcpMachine *self, int64_t now_us)
{
    McHdcpMachineSecrets *secrets = self->secrets;
    uint8_t fields[24];

    if (!mc_hdcp_random(secrets->ks, 16) || !mc_hdcp_random(secrets->riv, 8) ||
        !mc_hdcp_edkey(&secrets->base, secrets->rn, secrets->ks, fields)) {
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_CRYPTO, "the session key cannot be made");
        return;
    }
    memcpy(fields + 16, secrets->riv, 8);
    mc_hdcp_machine_send(self, MC_HDCP_SKE_SEND_EKS, fields, sizeof(fields));
    self->encrypt_us = now_us + KEY_DELAY_US;
    if (self->info.repeater)
        mc_hdcp_machine_enter(self, STATE_ID_LIST, now_us + ID_LIST_US);
    else
        mc_hdcp_machine_settle(self, now_us);
}

McHdcpCipher *mc_hdcp_machine_new_cipher(const McHdcpMachine *self)
{
    if (self->state != STATE_READY)
        return NULL;
    return mc_hdcp_keys_new_cipher(self->config.keys, self->secrets->ks, self->secrets->riv);
}

static void on_auth_status(McHdcpMachine *self, bool reauth, int64_t now_us)
{
    if (!reauth)
        return;
    if (self->state == STATE_READY)
        begin(self, now_us);
    else if (self->state > STATE_CERT) /* in CERT it has just begun anew */
        mc_hdcp_machine_retry(self, MC_HDCP_ERROR_TIMEOUT,
                              "the receiver asks for authentication over and over", now_us);
}

/* ---- in and out ---- */

/* A message that is whole but not due is passed over: it may be the end of an attempt given up. */
static void dispatch(McHdcpMachine *self, const McHdcpMessage *message, int64_t now_us)
{
    switch (message->id) {
    case MC_HDCP_AKE_SEND_CERT:
        on_cert(self, message->send_cert.repeater, message->send_cert.cert, now_us);
        break;
    case MC_HDCP_RECEIVER_INFO:
        on_receiver_info(self, message->info.version, message->info.mask, now_us);
        break;
    case MC_HDCP_AKE_SEND_RRX:
        on_rrx(self, message->bytes);
        break;
    case MC_HDCP_AKE_SEND_H_PRIME:
        on_h_prime(self, message->bytes, now_us);
        break;
    case MC_HDCP_AKE_SEND_PAIRING_INFO:
        on_pairing(self, message->bytes, now_us);
        break;
    case MC_HDCP_RTT_READY:
        on_rtt_ready(self, now_us);
        break;
    case MC_HDCP_LC_SEND_L_PRIME:
        on_l_prime(self, message->bytes, now_us);
        break;
    case MC_HDCP_RECEIVER_ID_LIST:
        mc_hdcp_machine_on_list(self, &message->list, now_us);
        break;
    case MC_HDCP_STREAM_READY:
        mc_hdcp_machine_on_stream_ready(self, message->bytes, now_us);
        break;
    case MC_HDCP_AUTH_STATUS:
        on_auth_status(self, message->reauth, now_us);
        break;
    default:
        break;
    }
}

static void take_messages(McHdcpMachine *self, int64_t now_us)
{
    McHdcpRead result = MC_HDCP_READ_OK;
    size_t at = 0;

    while (self->state != STATE_IDLE && result == MC_HDCP_READ_OK) {
        McHdcpMessage message;
        size_t used = 0;

        result =
            mc_hdcp_message_read(self->in + at, self->in_len - at, &self->layout, &message, &used);
        if (result == MC_HDCP_READ_OK) {
            at += used;
            dispatch(self, &message, now_us);
        }
    }
    if (result == MC_HDCP_READ_BAD)
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_MALFORMED,
                             "the receiver sent bytes that are no HDCP message");
    self->in_len -= at;
    memmove(self->in, self->in + at, self->in_len);
}

void mc_hdcp_machine_receive(McHdcpMachine *self, const uint8_t *bytes, size_t len, int64_t now_us)
{
    mc_hdcp_machine_tick(self, now_us); /* what comes late is late */
    while (len && self->state != STATE_IDLE) {
        const size_t share = MIN(len, sizeof(self->in) - self->in_len);

        memcpy(self->in + self->in_len, bytes, share);
        self->in_len += share;
        bytes += share;
        len -= share;
        take_messages(self, now_us);
        if (self->out->len > OUTPUT_MAX)
            mc_hdcp_machine_fail(self, MC_HDCP_ERROR_MALFORMED,
                                 "the receiver asks more than it reads");
    }
}

void mc_hdcp_machine_disconnected(McHdcpMachine *self)
{
    mc_hdcp_machine_fail(self, MC_HDCP_ERROR_DISCONNECTED, "the receiver closed the connection");
}

static void on_deadline(McHdcpMachine *self, int64_t now_us)
{
    static const char *const waited_for[] = {
        [STATE_CERT] = "no AKE_Send_Cert in time",
        [STATE_RRX] = "no AKE_Send_rrx in time",
        [STATE_H_PRIME] = "no AKE_Send_H_prime in time",
        [STATE_PAIRING] = "no AKE_Send_Pairing_Info in time",
        [STATE_ID_LIST] = "no RepeaterAuth_Send_ReceiverID_List in time",
        [STATE_STREAM_READY] = "no RepeaterAuth_Stream_Ready in time",
    };

    if (self->state == STATE_KEY_DELAY) {
        settled(self);
    } else if (self->state == STATE_CERT && self->has_cert) {
        send_km(self, now_us); /* no AKE_Receiver_Info: a 2.0 receiver */
    } else if (self->state == STATE_RTT_READY) {
        try_locality(self, now_us);
    } else if (self->state == STATE_L_PRIME) {
        self->late_answers++;
        try_locality(self, now_us);
    } else {
        if (self->status.paired_before)
            self->avoid_stored = true;
        mc_hdcp_machine_retry(self, MC_HDCP_ERROR_TIMEOUT, waited_for[self->state], now_us);
    }
}

void mc_hdcp_machine_tick(McHdcpMachine *self, int64_t now_us)
{
    if (self->deadline_us >= 0 && now_us >= self->deadline_us)
        on_deadline(self, now_us);
}

int64_t mc_hdcp_machine_deadline_us(const McHdcpMachine *self)
{
    return self->deadline_us;
}

const uint8_t *mc_hdcp_machine_output(const McHdcpMachine *self, size_t *ret_len)
{
    *ret_len = self->out->len;
    return self->out->data;
}

void mc_hdcp_machine_consume(McHdcpMachine *self, size_t written)
{
    if (written)
        g_byte_array_remove_range(self->out, 0, MIN((guint) written, self->out->len));
}

bool mc_hdcp_machine_next_event(McHdcpMachine *self, McHdcpEventType *ret_event)
{
    if (!self->events->len)
        return false;
    *ret_event = g_array_index(self->events, McHdcpEventType, 0);
    g_array_remove_index(self->events, 0);
    return true;
}

const GError *mc_hdcp_machine_error(const McHdcpMachine *self)
{
    return self->error;
}

const McHdcpStatus *mc_hdcp_machine_status(const McHdcpMachine *self)
{
    return &self->status;
}
