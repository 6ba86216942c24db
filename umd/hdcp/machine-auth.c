/* SPDX-License-Identifier: MIT */
/* Who the receiver is (AKE), how near it is (the locality check), and the key for it (SKE), each
 * message when it is due:
 *
 *   AKE_Init > AKE_Send_Cert > km, new or stored > rrx, H' > [pairing] > LC_Init > L' >
 * SKE_Send_Eks
 *
 * machine.c begins, keeps the deadlines and takes the messages apart. */
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
void mc_hdcp_machine_send_km(McHdcpMachine *self, int64_t now_us)
{
    const McHdcpPairing *pairing = NULL;

    self->layout.rules20 = !self->has_info;
    self->layout.precompute = self->has_info &&
                              (self->info.rx_mask & MC_HDCP_CAPABILITY_PRECOMPUTE) &&
                              self->config.precompute;
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
void mc_hdcp_machine_on_cert(McHdcpMachine *self, bool repeater, const uint8_t *cert,
                             int64_t now_us)
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
        mc_hdcp_machine_send_km(self, now_us);
}

void mc_hdcp_machine_on_receiver_info(McHdcpMachine *self, uint8_t version, uint16_t mask,
                                      int64_t now_us)
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
        mc_hdcp_machine_send_km(self, now_us);
}

void mc_hdcp_machine_on_rrx(McHdcpMachine *self, const uint8_t rrx[8])
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

void mc_hdcp_machine_on_h_prime(McHdcpMachine *self, const uint8_t h_prime[32], int64_t now_us)
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
void mc_hdcp_machine_on_pairing(McHdcpMachine *self, const uint8_t ekh_km[16], int64_t now_us)
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

void mc_hdcp_machine_try_locality(McHdcpMachine *self, int64_t now_us)
{
    McHdcpMachineSecrets *secrets = self->secrets;

    if (self->status.locality_tries >= self->config.locality_tries ||
        now_us >= self->locality_end_us || self->out->len > MC_HDCP_OUTPUT_MAX) {
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
    mc_hdcp_machine_try_locality(self, now_us);
}

void mc_hdcp_machine_on_rtt_ready(McHdcpMachine *self, int64_t now_us)
{
    if (self->state != STATE_RTT_READY)
        return;
    mc_hdcp_machine_send(self, MC_HDCP_RTT_CHALLENGE, self->secrets->l + 16, 16);
    self->challenge_us = now_us;
    mc_hdcp_machine_enter(self, STATE_L_PRIME, now_us + self->config.locality_us);
}

static void exchange_key(McHdcpMachine *self, int64_t now_us);

void mc_hdcp_machine_on_l_prime(McHdcpMachine *self, const uint8_t *l_prime, int64_t now_us)
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
        mc_hdcp_machine_try_locality(self, now_us);
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
