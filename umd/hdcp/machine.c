/* SPDX-License-Identifier: MIT */
#include "umd/hdcp/machine.h"

#include <string.h>

#include "umd/hdcp/machine-private.h"
#include "umd/hdcp/secret-file.h"

#define MS 1000
#define TRIES_MAX 1024u

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
    const uint16_t mask = self->config.precompute ? MC_HDCP_CAPABILITY_PRECOMPUTE : 0;

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

/* ---- after authentication ---- */

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
        mc_hdcp_machine_on_cert(self, message->send_cert.repeater, message->send_cert.cert, now_us);
        break;
    case MC_HDCP_RECEIVER_INFO:
        mc_hdcp_machine_on_receiver_info(self, message->info.version, message->info.mask, now_us);
        break;
    case MC_HDCP_AKE_SEND_RRX:
        mc_hdcp_machine_on_rrx(self, message->bytes);
        break;
    case MC_HDCP_AKE_SEND_H_PRIME:
        mc_hdcp_machine_on_h_prime(self, message->bytes, now_us);
        break;
    case MC_HDCP_AKE_SEND_PAIRING_INFO:
        mc_hdcp_machine_on_pairing(self, message->bytes, now_us);
        break;
    case MC_HDCP_RTT_READY:
        mc_hdcp_machine_on_rtt_ready(self, now_us);
        break;
    case MC_HDCP_LC_SEND_L_PRIME:
        mc_hdcp_machine_on_l_prime(self, message->bytes, now_us);
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
        if (self->out->len > MC_HDCP_OUTPUT_MAX)
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
        mc_hdcp_machine_send_km(self, now_us); /* no AKE_Receiver_Info: a 2.0 receiver */
    } else if (self->state == STATE_RTT_READY) {
        mc_hdcp_machine_try_locality(self, now_us);
    } else if (self->state == STATE_L_PRIME) {
        self->late_answers++;
        mc_hdcp_machine_try_locality(self, now_us);
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
