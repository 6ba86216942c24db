/* SPDX-License-Identifier: MIT */
/* umd/hdcp/message.h - HDCP 2.x messages: reads what receivers send, writes what transmitters send.
 * Thread: any; pure functions.
 * Owner: a read message points into the bytes it was read from. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    MC_HDCP_NULL = 1,
    MC_HDCP_AKE_INIT = 2,
    MC_HDCP_AKE_SEND_CERT = 3,
    MC_HDCP_AKE_NO_STORED_KM = 4,
    MC_HDCP_AKE_STORED_KM = 5,
    MC_HDCP_AKE_SEND_RRX = 6,
    MC_HDCP_AKE_SEND_H_PRIME = 7,
    MC_HDCP_AKE_SEND_PAIRING_INFO = 8,
    MC_HDCP_LC_INIT = 9,
    MC_HDCP_LC_SEND_L_PRIME = 10,
    MC_HDCP_SKE_SEND_EKS = 11,
    MC_HDCP_RECEIVER_ID_LIST = 12,
    MC_HDCP_RTT_READY = 13,
    MC_HDCP_RTT_CHALLENGE = 14,
    MC_HDCP_LIST_ACK = 15,
    MC_HDCP_STREAM_MANAGE = 16,
    MC_HDCP_STREAM_READY = 17,
    MC_HDCP_AUTH_STATUS = 18,
    MC_HDCP_TRANSMITTER_INFO = 19,
    MC_HDCP_RECEIVER_INFO = 20,
} McHdcpMessageId;

#define MC_HDCP_ID_BYTES 5
#define MC_HDCP_STREAM_BYTES 7
#define MC_HDCP_MESSAGE_MAX (37 + 255 * MC_HDCP_ID_BYTES) /* a 2.0 list that counts 255 devices */

/* What negotiation decided about layouts; messages carry no length of their own. */
typedef struct {
    bool rules20;    /* receiver sent no AKE_Receiver_Info */
    bool precompute; /* locality check with RTT_Challenge */
} McHdcpLayout;

typedef struct {
    bool max_devs, max_cascade, legacy, hdcp1;
    uint8_t device_count, depth;
    uint32_t seq_num_v;     /* 0 by the 2.0 layout */
    const uint8_t *v_prime; /* NULL when a MAX flag is set: nothing that counts follows then */
    size_t v_prime_len;     /* 16, or 32 by the 2.0 layout */
    const uint8_t *ids;     /* device_count x 5 */
} McHdcpIdList;

typedef struct {
    McHdcpMessageId id;
    union {
        struct {
            bool repeater;
            const uint8_t *cert; /* 522 */
        } send_cert;
        struct {
            uint8_t version; /* 1: 2.1, 2: 2.2 */
            uint16_t mask;   /* bit 0: pre-compute */
        } info;
        const uint8_t *bytes; /* rrx 8, H' 32, Ekh(km) 16, L' 32 or 16, M' 32 */
        McHdcpIdList list;
        bool reauth;
    };
} McHdcpMessage;

typedef enum { MC_HDCP_READ_OK, MC_HDCP_READ_MORE, MC_HDCP_READ_BAD } McHdcpRead;

/* One message off the front of bytes. MORE: not all of it is here.  BAD: an id that no receiver
 * sends, or a LENGTH that cannot be: where the next message begins is unknown. */
McHdcpRead mc_hdcp_message_read(const uint8_t *bytes, size_t len, const McHdcpLayout *layout,
                                McHdcpMessage *ret_message, size_t *ret_used);
const char *mc_hdcp_message_name(unsigned id); /* "AKE_Init" ...; "?" */

/* V's input as a repeater and a transmitter compute it, appended to out. */
void mc_hdcp_list_v_input(const McHdcpIdList *list, bool rules20, GByteArray *out);

/* Each appends a whole message.  fields: all that stands behind the id, of the table's length. */
bool mc_hdcp_message_write(GByteArray *out, McHdcpMessageId id, const uint8_t *fields, size_t len);
void mc_hdcp_message_write_info(GByteArray *out, uint8_t version, uint16_t mask);
void mc_hdcp_message_write_streams(GByteArray *out, const uint8_t seq_num_m[3],
                                   const uint8_t *streams, uint16_t count);
