/* SPDX-License-Identifier: MIT */
/* p2p/mice/message.h - messages of Miracast over Infrastructure's control channel (TCP 7250).
 * A codec without I/O: bytes in, messages out.  Source: MS-MICE 2.2.
 * Thread: any, one at a time.  Owner: p2p/mice/control. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define MC_MICE_PORT 7250
#define MC_MICE_VERSION 1
#define MC_MICE_MAX_MESSAGE 16384 /* a longer Size is an error: DTLS flights stay below 8 kB */
#define MC_MICE_MAX_NAME_BYTES 520
#define MC_MICE_SOURCE_ID_BYTES 16
#define MC_MICE_HASH_BYTES 32

typedef enum {
    MC_MICE_SOURCE_READY = 1,
    MC_MICE_STOP_PROJECTION = 2,
    MC_MICE_SECURITY_HANDSHAKE = 3,
    MC_MICE_SESSION_REQUEST = 4,
    MC_MICE_PIN_CHALLENGE = 5,
    MC_MICE_PIN_RESPONSE = 6,
} McMiceCommand;

typedef enum {
    MC_MICE_TLV_FRIENDLY_NAME = 0,
    MC_MICE_TLV_RTSP_PORT = 2,
    MC_MICE_TLV_SOURCE_ID = 3,
    MC_MICE_TLV_SECURITY_TOKEN = 4,
    MC_MICE_TLV_SECURITY_OPTIONS = 5,
    MC_MICE_TLV_PIN_CHALLENGE = 6,
    MC_MICE_TLV_PIN_RESPONSE_REASON = 7,
} McMiceTlvType;

#define MC_MICE_OPTION_ENCRYPT_STREAM 1u
#define MC_MICE_OPTION_SINK_SHOWS_PIN 2u

typedef enum { MC_MICE_PIN_ACCEPTED, MC_MICE_PIN_WRONG, MC_MICE_PIN_INVALID } McMicePinReason;

/* A decoded TLV array; pointers borrow from the bytes that were parsed. */
typedef struct {
    char *friendly_name; /* UTF-8, owned; NULL: absent */
    bool has_rtsp_port, has_options, has_reason;
    uint16_t rtsp_port;
    uint8_t options, reason;
    const uint8_t *source_id; /* 16 bytes, or NULL */
    const uint8_t *hash;      /* 32 bytes, or NULL */
    const uint8_t *token;     /* NULL: absent */
    size_t token_len;
} McMiceTlvs;

typedef enum {
    MC_MICE_OK,
    MC_MICE_MORE,     /* not whole yet */
    MC_MICE_BAD_SIZE, /* Size below 4 or above MC_MICE_MAX_MESSAGE */
    MC_MICE_BAD_VERSION,
    MC_MICE_BAD_COMMAND,
    MC_MICE_BAD_TLV, /* length runs over, fixed length wrong, a TLV twice */
} McMiceResult;
const char *mc_mice_result_text(McMiceResult result);

/* The first message in data: its command, TLV array (borrowed) and whole size. */
McMiceResult mc_mice_next(const uint8_t *data, size_t len, McMiceCommand *ret_command,
                          const uint8_t **ret_tlvs, size_t *ret_tlvs_len, size_t *ret_size);
McMiceResult mc_mice_parse_tlvs(const uint8_t *data, size_t len, McMiceTlvs *ret_tlvs);
void mc_mice_tlvs_clear(McMiceTlvs *tlvs);

/* Writing: a TLV array in a GByteArray, then the header around it (clear or encrypted). */
void mc_mice_add_tlv(GByteArray *tlvs, McMiceTlvType type, const void *value, size_t len);
/* UTF-16LE without a byte order mark, cut to 520 bytes at a character's end. */
void mc_mice_add_name(GByteArray *tlvs, const char *name);
void mc_mice_add_port(GByteArray *tlvs, uint16_t port);
GBytes *mc_mice_message(McMiceCommand command, const uint8_t *tlvs, size_t len); /* caller unrefs */

/* SHA-256(PIN || address); address of the sender on the 7250 connection, IPv4-mapped as 4 bytes. */
bool mc_mice_pin_hash(const char *pin, const uint8_t *address, size_t address_len,
                      uint8_t ret_hash[32]);
