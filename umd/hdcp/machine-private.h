/* SPDX-License-Identifier: MIT */
/* umd/hdcp/machine-private.h - what the files of the transmitter's machine share; nobody else.
 * machine.c: life, deadlines, messages in and out; machine-auth.c: from the certificate to the
 * session key; machine-repeater.c: what is behind a repeater.
 * Thread: as machine.h.
 * Owner: machine.c. */
#pragma once

#include "umd/hdcp/crypto.h"
#include "umd/hdcp/error.h"
#include "umd/hdcp/machine.h"
#include "umd/hdcp/message.h"

#define MC_HDCP_CAPABILITY_PRECOMPUTE 1u
#define MC_HDCP_OUTPUT_MAX 65536u /* a peer that reads nothing but keeps asking for more */

typedef enum {
    STATE_IDLE,         /* not started, or failed */
    STATE_CERT,         /* AKE_Init sent: certificate and, from 2.1 on, AKE_Receiver_Info */
    STATE_RRX,          /* km sent */
    STATE_H_PRIME,      /*  */
    STATE_PAIRING,      /*  */
    STATE_RTT_READY,    /* LC_Init sent, with pre-computation */
    STATE_L_PRIME,      /* LC_Init or RTT_Challenge sent: the clock that matters runs */
    STATE_ID_LIST,      /* keys sent to a repeater */
    STATE_STREAM_READY, /* list acknowledged, streams told */
    STATE_KEY_DELAY,    /* all is well; the receiver takes its time to switch decryption on */
    STATE_READY,
} McHdcpState;

/* In secure memory. */
typedef struct {
    McHdcpSecrets base;
    uint8_t kd[32], h[32], l[32], m[32], rn[8], ks[16], riv[8];
} McHdcpMachineSecrets;

struct McHdcpMachine {
    McHdcpMachineConfig config;
    McHdcpMachineSecrets *secrets;
    McHdcpState state;
    McHdcpStatus status;
    McHdcpInfo info;
    McHdcpLayout layout;
    int64_t deadline_us, locality_end_us, challenge_us, encrypt_us;
    unsigned attempts, late_answers;
    bool has_cert, has_info, avoid_stored, list_seen;
    bool content_on; /* READY was said, and not taken back */
    uint8_t modulus[128], exponent[3];
    uint32_t seq_num_v, seq_num_m; /* last seen; next to send */
    uint8_t in[MC_HDCP_MESSAGE_MAX];
    size_t in_len;
    GByteArray *out;
    GArray *events;
    GError *error;
};

void mc_hdcp_machine_enter(McHdcpMachine *self, McHdcpState state, int64_t deadline_us);
void mc_hdcp_machine_event(McHdcpMachine *self, McHdcpEventType event);
void mc_hdcp_machine_send(McHdcpMachine *self, McHdcpMessageId id, const uint8_t *fields,
                          size_t len);
/* For good. */
void mc_hdcp_machine_fail(McHdcpMachine *self, McHdcpError code, const char *what);
/* From the beginning, unless that was tried often enough. */
void mc_hdcp_machine_retry(McHdcpMachine *self, McHdcpError code, const char *what, int64_t now_us);
void mc_hdcp_machine_settle(McHdcpMachine *self, int64_t now_us); /* KEY_DELAY, then READY */

/* machine-auth.c: one message each, passed over if it is not due. */
void mc_hdcp_machine_on_cert(McHdcpMachine *self, bool repeater, const uint8_t *cert,
                             int64_t now_us);
void mc_hdcp_machine_on_receiver_info(McHdcpMachine *self, uint8_t version, uint16_t mask,
                                      int64_t now_us);
void mc_hdcp_machine_on_rrx(McHdcpMachine *self, const uint8_t rrx[8]);
void mc_hdcp_machine_on_h_prime(McHdcpMachine *self, const uint8_t h_prime[32], int64_t now_us);
void mc_hdcp_machine_on_pairing(McHdcpMachine *self, const uint8_t ekh_km[16], int64_t now_us);
void mc_hdcp_machine_on_rtt_ready(McHdcpMachine *self, int64_t now_us);
void mc_hdcp_machine_on_l_prime(McHdcpMachine *self, const uint8_t *l_prime, int64_t now_us);
void mc_hdcp_machine_send_km(McHdcpMachine *self, int64_t now_us);
void mc_hdcp_machine_try_locality(McHdcpMachine *self, int64_t now_us);

/* machine-repeater.c */
void mc_hdcp_machine_on_list(McHdcpMachine *self, const McHdcpIdList *list, int64_t now_us);
void mc_hdcp_machine_on_stream_ready(McHdcpMachine *self, const uint8_t m_prime[32],
                                     int64_t now_us);
bool mc_hdcp_machine_types_allowed(const McHdcpMachine *self);
void mc_hdcp_machine_tell_streams(McHdcpMachine *self, int64_t now_us);
