/* SPDX-License-Identifier: MIT */
/* umd/hdcp/channel.h - the TCP connection that a transmitter's machine lives on: a thread connects
 * to the sink's port, keeps the machine's time (locality is a matter of milliseconds, so nothing
 * else happens on it) and hands the content's key to the encryption.
 * Threads: new, free from one; the rest from any; callbacks come from the channel's thread.
 * Owner: umd/protection.
 * Errors: MC_HDCP_ERROR. */
#pragma once

#include "umd/hdcp/cipher.h"
#include "umd/hdcp/machine.h"

typedef struct {
    bool settled;       /* authentication ended for the first time, well or not */
    bool authenticated; /* content has a key now */
    uint8_t type;       /* of content that the receiver, and all behind it, may get: 0 or 1 */
    McHdcpStatus receiver;
} McHdcpChannelState;

typedef struct {
    char ip[46];
    uint16_t port;
    McHdcpMachineConfig machine;
    McHdcpContent *content;    /* gets each key, and loses it before anything else is told */
    const char *pairings_path; /* saved there when they change; NULL: nowhere */
    void (*on_change)(void *user_data);
    /* Authentication failed or was lost; stable code, sentence. */
    void (*on_error)(const char *code, const char *text, void *user_data);
    void *user_data;
} McHdcpChannelConfig;

typedef struct McHdcpChannel McHdcpChannel;
McHdcpChannel *mc_hdcp_channel_new(const McHdcpChannelConfig *config, GError **error);
void mc_hdcp_channel_free(McHdcpChannel *self); /* takes the key away; NULL is fine */
void mc_hdcp_channel_state(McHdcpChannel *self, McHdcpChannelState *ret_state);
/* Type of the content to come; on_change tells when it is agreed (state.type). */
void mc_hdcp_channel_want_type(McHdcpChannel *self, uint8_t type);
