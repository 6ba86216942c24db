/* SPDX-License-Identifier: MIT */
#include "umd/hdcp/message.h"

#include <string.h>

#define LENGTH_MAX 256u /* of a message that names its own length */

/* Total bytes with the id. 0: depends on what was negotiated, or on the message itself. */
static const struct {
    const char *name;
    bool from_receiver;
    uint16_t total;
} table[] = {
    [MC_HDCP_NULL] = {"Null", true, 1},
    [MC_HDCP_AKE_INIT] = {"AKE_Init", false, 9},
    [MC_HDCP_AKE_SEND_CERT] = {"AKE_Send_Cert", true, 524},
    [MC_HDCP_AKE_NO_STORED_KM] = {"AKE_No_Stored_km", false, 129},
    [MC_HDCP_AKE_STORED_KM] = {"AKE_Stored_km", false, 33},
    [MC_HDCP_AKE_SEND_RRX] = {"AKE_Send_rrx", true, 9},
    [MC_HDCP_AKE_SEND_H_PRIME] = {"AKE_Send_H_prime", true, 33},
    [MC_HDCP_AKE_SEND_PAIRING_INFO] = {"AKE_Send_Pairing_Info", true, 17},
    [MC_HDCP_LC_INIT] = {"LC_Init", false, 9},
    [MC_HDCP_LC_SEND_L_PRIME] = {"LC_Send_L_prime", true, 0},
    [MC_HDCP_SKE_SEND_EKS] = {"SKE_Send_Eks", false, 25},
    [MC_HDCP_RECEIVER_ID_LIST] = {"RepeaterAuth_Send_ReceiverID_List", true, 0},
    [MC_HDCP_RTT_READY] = {"RTT_Ready", true, 1},
    [MC_HDCP_RTT_CHALLENGE] = {"RTT_Challenge", false, 17},
    [MC_HDCP_LIST_ACK] = {"RepeaterAuth_Send_Ack", false, 17},
    [MC_HDCP_STREAM_MANAGE] = {"RepeaterAuth_Stream_Manage", false, 0},
    [MC_HDCP_STREAM_READY] = {"RepeaterAuth_Stream_Ready", true, 33},
    [MC_HDCP_AUTH_STATUS] = {"Receiver_AuthStatus", true, 0},
    [MC_HDCP_TRANSMITTER_INFO] = {"AKE_Transmitter_Info", false, 6},
    [MC_HDCP_RECEIVER_INFO] = {"AKE_Receiver_Info", true, 0},
};

const char *mc_hdcp_message_name(unsigned id)
{
    return id < G_N_ELEMENTS(table) && table[id].name ? table[id].name : "?";
}

/* | id | LENGTH:16, of the whole message | at least nominal - 3 bytes ... |
 * A later version may append fields: what LENGTH covers beyond ours is passed over. */
static McHdcpRead self_length(const uint8_t *bytes, size_t len, size_t nominal, size_t *ret_total)
{
    if (len < 3)
        return MC_HDCP_READ_MORE;
    *ret_total = (size_t) bytes[1] << 8 | bytes[2];
    return *ret_total < nominal || *ret_total > LENGTH_MAX ? MC_HDCP_READ_BAD : MC_HDCP_READ_OK;
}

/* | 12 | MAX_DEVS | MAX_CASCADE | COUNT | DEPTH |                                  V'(32) | ids |
 * | 12 | MAX_DEVS | MAX_CASCADE | COUNT | DEPTH | LEGACY | HDCP1 | seq_num_V:24 | V'(16) | ids |
 * The second from 2.1 on.  With a MAX flag nothing behind DEPTH can be relied on. */
static McHdcpRead list_length(const uint8_t *bytes, size_t len, bool rules20, size_t *ret_total)
{
    if (len < 5)
        return MC_HDCP_READ_MORE;
    *ret_total = (rules20 ? 37u : 26u) + (size_t) bytes[3] * MC_HDCP_ID_BYTES;
    if (bytes[1] || bytes[2])
        *ret_total = 5;
    return MC_HDCP_READ_OK;
}

static McHdcpRead total_length(const uint8_t *bytes, size_t len, const McHdcpLayout *layout,
                               size_t *ret_total)
{
    const unsigned id = bytes[0];

    if (id >= G_N_ELEMENTS(table) || !table[id].from_receiver)
        return MC_HDCP_READ_BAD;
    *ret_total = table[id].total;
    switch (id) {
    case MC_HDCP_LC_SEND_L_PRIME:
        *ret_total = layout->precompute ? 17 : 33;
        return MC_HDCP_READ_OK;
    case MC_HDCP_RECEIVER_ID_LIST:
        return list_length(bytes, len, layout->rules20, ret_total);
    case MC_HDCP_AUTH_STATUS:
        return self_length(bytes, len, 4, ret_total);
    case MC_HDCP_RECEIVER_INFO:
        return self_length(bytes, len, 6, ret_total);
    default:
        return MC_HDCP_READ_OK;
    }
}

static void read_list(const uint8_t *bytes, bool rules20, McHdcpIdList *ret_list)
{
    *ret_list = (McHdcpIdList){.max_devs = bytes[1] != 0,
                               .max_cascade = bytes[2] != 0,
                               .device_count = bytes[3],
                               .depth = bytes[4]};
    if (ret_list->max_devs || ret_list->max_cascade)
        return;
    if (rules20) {
        ret_list->v_prime = bytes + 5;
        ret_list->v_prime_len = 32;
    } else {
        ret_list->legacy = bytes[5] != 0;
        ret_list->hdcp1 = bytes[6] != 0;
        ret_list->seq_num_v = (uint32_t) bytes[7] << 16 | (uint32_t) bytes[8] << 8 | bytes[9];
        ret_list->v_prime = bytes + 10;
        ret_list->v_prime_len = 16;
    }
    ret_list->ids = ret_list->v_prime + ret_list->v_prime_len;
}

/* |  3 | REPEATER | certrx(522) |
 * | 20 | LENGTH:16 | VERSION | CAPABILITY_MASK:16 |
 * | 18 | LENGTH:16 | REAUTH_REQ |
 * all others: | id | one field | */
static void read_fields(const uint8_t *bytes, const McHdcpLayout *layout, McHdcpMessage *ret)
{
    switch (ret->id) {
    case MC_HDCP_AKE_SEND_CERT:
        ret->send_cert.repeater = bytes[1] & 1;
        ret->send_cert.cert = bytes + 2;
        break;
    case MC_HDCP_RECEIVER_INFO:
        ret->info.version = bytes[3];
        ret->info.mask = (uint16_t) (bytes[4] << 8 | bytes[5]);
        break;
    case MC_HDCP_RECEIVER_ID_LIST:
        read_list(bytes, layout->rules20, &ret->list);
        break;
    case MC_HDCP_AUTH_STATUS:
        ret->reauth = bytes[3] & 1;
        break;
    default:
        ret->bytes = bytes + 1;
    }
}

McHdcpRead mc_hdcp_message_read(const uint8_t *bytes, size_t len, const McHdcpLayout *layout,
                                McHdcpMessage *ret_message, size_t *ret_used)
{
    size_t total = 0;

    if (!len)
        return MC_HDCP_READ_MORE;
    const McHdcpRead result = total_length(bytes, len, layout, &total);
    if (result != MC_HDCP_READ_OK)
        return result;
    if (len < total)
        return MC_HDCP_READ_MORE;
    memset(ret_message, 0, sizeof(*ret_message));
    ret_message->id = bytes[0];
    read_fields(bytes, layout, ret_message);
    *ret_used = total;
    return MC_HDCP_READ_OK;
}

/* ids || DEPTH || COUNT || MAX_DEVS || MAX_CASCADE [|| LEGACY || HDCP1 || seq_num_V:24] */
void mc_hdcp_list_v_input(const McHdcpIdList *list, bool rules20, GByteArray *out)
{
    const uint8_t tail[9] = {list->depth,
                             list->device_count,
                             list->max_devs,
                             list->max_cascade,
                             list->legacy,
                             list->hdcp1,
                             (uint8_t) (list->seq_num_v >> 16),
                             (uint8_t) (list->seq_num_v >> 8),
                             (uint8_t) list->seq_num_v};

    if (list->device_count)
        g_byte_array_append(out, list->ids, list->device_count * MC_HDCP_ID_BYTES);
    g_byte_array_append(out, tail, rules20 ? 4 : 9);
}

bool mc_hdcp_message_write(GByteArray *out, McHdcpMessageId id, const uint8_t *fields, size_t len)
{
    const uint8_t first = (uint8_t) id;

    if ((size_t) id >= G_N_ELEMENTS(table) || len + 1 != table[id].total)
        return false;
    g_byte_array_append(out, &first, 1);
    g_byte_array_append(out, fields, (guint) len);
    return true;
}

/* | 19 | LENGTH:16 = 6 | VERSION | CAPABILITY_MASK:16 | */
void mc_hdcp_message_write_info(GByteArray *out, uint8_t version, uint16_t mask)
{
    const uint8_t fields[5] = {0, 6, version, (uint8_t) (mask >> 8), (uint8_t) mask};

    mc_hdcp_message_write(out, MC_HDCP_TRANSMITTER_INFO, fields, sizeof(fields));
}

/* | 16 | seq_num_M:24 | k:16 | k x ( streamCtr:32 | ContentStreamID:16 | Type ) | */
void mc_hdcp_message_write_streams(GByteArray *out, const uint8_t seq_num_m[3],
                                   const uint8_t *streams, uint16_t count)
{
    const uint8_t head[6] = {MC_HDCP_STREAM_MANAGE, seq_num_m[0],           seq_num_m[1],
                             seq_num_m[2],          (uint8_t) (count >> 8), (uint8_t) count};

    g_byte_array_append(out, head, sizeof(head));
    g_byte_array_append(out, streams, (guint) count * MC_HDCP_STREAM_BYTES);
}
