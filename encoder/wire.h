/* SPDX-License-Identifier: MIT */
/* encoder/wire.h - how one stream's datagrams look on the wire: as they are, protected by the link,
 * or SRTP with keys from a file or from a DTLS handshake with the receiver.
 * Threads: new and free from the stream's owner; protect from the sender's; the rest from any.
 * Callbacks come from a thread of the handshake.
 * Owner: encoder/output; outlives its sender. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Its strings must live as long as the wire does. */
typedef struct {
    int fd; /* RTP socket */
    const char *dest_ip;
    uint16_t dest_rtp_port;
    /* The link's own encryption, as mc_sender_set_protect; NULL: none. It goes before SRTP. */
    bool (*protect)(uint8_t *datagram, size_t room, size_t *len, void *user_data);
    void *protect_data;
    const char *srtp_key;    /* key file (encoder/srtp.h); "": none */
    bool srtp_dtls;          /* keys by DTLS instead */
    bool srtp_passive;       /* and the receiver begins it */
    const char *fingerprint; /* of the receiver that is meant (encoder/dtls-srtp.h); "": any */
    uint32_t ssrc;           /* of the stream, for the SDP */
    const char *sdp;         /* file to be written for receivers; "": none */
    void (*on_ready)(void *user_data); /* datagrams leave from now on, where they did not before */
    void (*on_rtcp)(const uint8_t *datagram, size_t len, void *user_data); /* on RTP's own port */
    void (*on_note)(const char *text, void *user_data);
    void (*on_error)(const GError *error, void *user_data);
    void *user_data;
    void (*tap)(char direction, const uint8_t *datagram, size_t len, void *tap_data); /* or NULL */
    void *tap_data; /* sees what the handshake's thread sends and receives */
} McWireConfig;

typedef struct McWire McWire;
McWire *mc_wire_new(const McWireConfig *config, GError **error); /* MC_SRTP_ERROR, or of the SDP */
void mc_wire_free(McWire *self);                                 /* stops; NULL is fine */
void mc_wire_stop(McWire *self); /* good-bye to the receiver: nothing leaves by itself after it */

bool mc_wire_is_ready(const McWire *self); /* false: there are no keys yet, nothing may leave */
/* As McSenderProtect; user_data is the McWire. */
bool mc_wire_protect(uint8_t *datagram, size_t room, size_t *len, void *user_data);
/* In place; what is left for the caller to send, 0: nothing, it went another way or must not go. */
size_t mc_wire_protect_rtcp(McWire *self, uint8_t *datagram, size_t room, size_t len);
/* In place.  False: forged, damaged or replayed. */
bool mc_wire_open_rtcp(McWire *self, uint8_t *datagram, size_t *len);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McWire, mc_wire_free)
