/* SPDX-License-Identifier: MIT */
/* What a transmitter does with a repeater: the list of receivers behind it, and which stream is
 * of which type. */
#include "umd/hdcp/machine-private.h"

#include <string.h>

#define STREAM_READY_US 100000
#define SEQ_NUM_END 0x1000000u

static bool limits_hold(const McHdcpIdList *list)
{
    return !list->max_devs && !list->max_cascade && list->device_count <= MC_HDCP_DEVICES_MAX &&
           list->depth <= MC_HDCP_DEPTH_MAX;
}

/* seq_num_V: 0 on the first list, larger on each later one, so that no old list can be replayed. */
static bool sequence_holds(const McHdcpMachine *self, const McHdcpIdList *list)
{
    if (self->layout.rules20)
        return true;
    return self->list_seen ? list->seq_num_v > self->seq_num_v : list->seq_num_v == 0;
}

static bool any_revoked(const McHdcpMachine *self, const McHdcpIdList *list)
{
    for (unsigned i = 0; i < list->device_count; i++)
        if (mc_hdcp_keys_revoked(self->config.keys, list->ids + i * MC_HDCP_ID_BYTES))
            return true;
    return false;
}

static bool compute_v(const McHdcpMachine *self, const McHdcpIdList *list, uint8_t ret_v[32])
{
    g_autoptr(GByteArray) input = g_byte_array_new();

    mc_hdcp_list_v_input(list, self->layout.rules20, input);
    return mc_hdcp_mac(self->secrets->kd, input->data, input->len, ret_v);
}

static void accept_list(McHdcpMachine *self, const McHdcpIdList *list, const uint8_t v[32],
                        int64_t now_us)
{
    self->list_seen = true;
    self->seq_num_v = list->seq_num_v;
    self->status.device_count = list->device_count;
    self->status.depth = list->depth;
    self->status.legacy_below = list->legacy;
    self->status.hdcp1_below = list->hdcp1;
    if (self->layout.rules20) { /* neither acknowledgement nor stream management then */
        if (self->state == STATE_ID_LIST)
            mc_hdcp_machine_settle(self, now_us);
        return;
    }
    mc_hdcp_machine_send(self, MC_HDCP_LIST_ACK, v + 16, 16);
    if (self->state == STATE_ID_LIST)
        mc_hdcp_machine_tell_streams(self, now_us);
}

/* Comes once behind SKE, and again whenever something is plugged in or out behind the repeater. */
void mc_hdcp_machine_on_list(McHdcpMachine *self, const McHdcpIdList *list, int64_t now_us)
{
    uint8_t v[32];

    if (self->state < STATE_ID_LIST || !self->info.repeater)
        return;
    if (!limits_hold(list)) {
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_TOPOLOGY,
                             "too many devices behind the repeater, or too deep");
        return;
    }
    if (!compute_v(self, list, v)) {
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_CRYPTO, "V cannot be computed");
        return;
    }
    if (!mc_hdcp_equal(v, list->v_prime, list->v_prime_len) || !sequence_holds(self, list))
        mc_hdcp_machine_retry(self, MC_HDCP_ERROR_V_PRIME, "the repeater's list is not authentic",
                              now_us);
    else if (any_revoked(self, list))
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_REVOKED,
                             "a device behind the repeater is revoked");
    else
        accept_list(self, list, v, now_us);
    mc_hdcp_wipe(v, sizeof(v));
}

bool mc_hdcp_machine_types_allowed(const McHdcpMachine *self)
{
    if (self->status.version >= 2)
        return true;
    for (unsigned i = 0; i < self->config.stream_count; i++)
        if (self->config.streams[i].type)
            return false;
    return true;
}

static size_t put_streams(const McHdcpMachine *self, uint8_t *to)
{
    for (unsigned i = 0; i < self->config.stream_count; i++, to += MC_HDCP_STREAM_BYTES) {
        const uint32_t ctr = GUINT32_TO_BE(self->config.streams[i].stream_ctr);
        const uint16_t pid = GUINT16_TO_BE(self->config.streams[i].content_stream_id);

        memcpy(to, &ctr, 4);
        memcpy(to + 4, &pid, 2);
        to[6] = self->config.streams[i].type;
    }
    return (size_t) self->config.stream_count * MC_HDCP_STREAM_BYTES;
}

void mc_hdcp_machine_tell_streams(McHdcpMachine *self, int64_t now_us)
{
    uint8_t streams[MC_HDCP_STREAMS_MAX * MC_HDCP_STREAM_BYTES];
    const size_t len = put_streams(self, streams);

    if (self->seq_num_m >= SEQ_NUM_END) { /* may not come round with the same kd */
        mc_hdcp_machine_retry(self, MC_HDCP_ERROR_M_PRIME, "seq_num_M came to its end", now_us);
        return;
    }
    const uint8_t seq[3] = {(uint8_t) (self->seq_num_m >> 16), (uint8_t) (self->seq_num_m >> 8),
                            (uint8_t) self->seq_num_m};

    self->seq_num_m++;
    if (!mc_hdcp_m(self->secrets->kd, streams, len, seq, self->secrets->m)) {
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_CRYPTO, "M cannot be computed");
        return;
    }
    mc_hdcp_message_write_streams(self->out, seq, streams, (uint16_t) self->config.stream_count);
    mc_hdcp_machine_enter(self, STATE_STREAM_READY, now_us + STREAM_READY_US);
}

void mc_hdcp_machine_on_stream_ready(McHdcpMachine *self, const uint8_t m_prime[32], int64_t now_us)
{
    if (self->state != STATE_STREAM_READY)
        return;
    if (mc_hdcp_equal(self->secrets->m, m_prime, 32))
        mc_hdcp_machine_settle(self, now_us);
    else
        mc_hdcp_machine_retry(self, MC_HDCP_ERROR_M_PRIME,
                              "the repeater did not take the streams' rules", now_us);
}

bool mc_hdcp_machine_set_streams(McHdcpMachine *self, const McHdcpStream *streams, unsigned count,
                                 int64_t now_us)
{
    if (count > MC_HDCP_STREAMS_MAX)
        return false;
    memcpy(self->config.streams, streams, count * sizeof(*streams));
    self->config.stream_count = count;
    if (self->state < STATE_STREAM_READY)
        return true;
    if (!mc_hdcp_machine_types_allowed(self)) {
        mc_hdcp_machine_fail(self, MC_HDCP_ERROR_TYPE,
                             "the content needs a receiver of HDCP 2.2 or later");
        return false;
    }
    if (self->info.repeater && !self->layout.rules20)
        mc_hdcp_machine_tell_streams(self, now_us);
    return true;
}
