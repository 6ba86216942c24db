/* SPDX-License-Identifier: MIT */
/* p2p/mice/control.h - the source's side of Miracast over Infrastructure's control channel (TCP
 * 7250): open, encrypted, encrypted with a PIN (MS-MICE 3.2). Bytes, time and the PIN come in,
 * bytes and events go out; no I/O.
 * Thread: one caller at a time; protect and open from any.  Owner: p2p/mice/channel.
 * Errors: MC_LINK_ERROR. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    MC_MICE_OPEN,
    MC_MICE_ENCRYPTED, /* the stream alone */
    MC_MICE_WITH_PIN,
    MC_MICE_REQUESTED, /* without a PIN, but asked for: the channel's messages are encrypted, too */
} McMiceSecurity;

typedef struct {
    char name[64]; /* ours, as the sink shows it; UTF-8 */
    uint8_t source_id[16];
    uint16_t rtsp_port;
    McMiceSecurity security;
    uint8_t local_address[16], peer_address[16]; /* of the 7250 connection, for the PIN's hash */
    size_t address_bytes;                        /* 4 or 16 */
} McMiceConfig;

typedef enum {
    MC_MICE_EVENT_WANT_PIN, /* the sink shows a PIN: mc_mice_control_pin() */
    MC_MICE_EVENT_READY,    /* SOURCE_READY is sent: the sink will dial in on RTSP */
    MC_MICE_EVENT_STOPPED,  /* the sink asked for the end */
    MC_MICE_EVENT_FAILED,   /* *ret_error says why; nothing follows */
} McMiceEvent;

typedef struct McMiceControl McMiceControl;
McMiceControl *mc_mice_control_new(const McMiceConfig *config, int64_t now_us, GError **error);
void mc_mice_control_free(McMiceControl *self); /* NULL is fine */

void mc_mice_control_feed(McMiceControl *self, const uint8_t *data, size_t len, int64_t now_us);
void mc_mice_control_eof(McMiceControl *self);
void mc_mice_control_pin(McMiceControl *self, const char *pin, int64_t now_us);
void mc_mice_control_stop(McMiceControl *self); /* STOP_PROJECTION */
void mc_mice_control_time(McMiceControl *self, int64_t now_us);
int64_t mc_mice_control_deadline_us(const McMiceControl *self); /* INT64_MAX: none */

/* Bytes for the sink, in order; the caller unrefs. */
GBytes *mc_mice_control_output(McMiceControl *self); /* NULL: none */
/* False: none. */
bool mc_mice_control_event(McMiceControl *self, McMiceEvent *ret_event, GError **ret_error);

/* Of an encrypted session, from any thread: RTP out, bodies of the sink's input in. */
bool mc_mice_control_encrypts(const McMiceControl *self);
bool mc_mice_control_protect(McMiceControl *self, uint8_t *datagram, size_t room, size_t *len);
bool mc_mice_control_open(McMiceControl *self, const uint8_t *records, size_t len, GByteArray *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McMiceControl, mc_mice_control_free)
