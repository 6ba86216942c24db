/* SPDX-License-Identifier: MIT */
/* encoder/srtp.h - SRTP and SRTCP (RFC 3711, 7714) of what we send, and the SDP that tells
 * receivers.
 * Threads: any; calls on one McSrtp take turns.
 * Owner: encoder/wire; keys are the caller's to wipe (mc_srtp_key_wipe).
 *
 * The key file is text, of the owner alone (mode 0600 or less), one "name = value" a line, # begins
 * a comment:
 *
 *     profile = AES_CM_128_HMAC_SHA1_80     # or AEAD_AES_128_GCM; names as in SDP
 *     key     = 60 hex digits (GCM: 56)     # 16 bytes of master key, then the master salt */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MC_SRTP_KEY_MAX 30u
#define MC_SRTP_RTP_OVERHEAD 16u  /* room behind an RTP datagram, at most */
#define MC_SRTP_RTCP_OVERHEAD 20u /* room behind an RTCP datagram, at most */

#define MC_SRTP_ERROR mc_srtp_error_quark()
GQuark mc_srtp_error_quark(void);
typedef enum {
    MC_SRTP_ERROR_KEY,         /* srtp.key: key file or key is not what it should be */
    MC_SRTP_ERROR_UNSAFE,      /* srtp.key-unsafe: others may read the key file */
    MC_SRTP_ERROR_FAILED,      /* srtp.failed: libsrtp refused */
    MC_SRTP_ERROR_HANDSHAKE,   /* srtp.handshake: no keys by DTLS */
    MC_SRTP_ERROR_FINGERPRINT, /* srtp.fingerprint: another receiver than the one that was named */
} McSrtpError;
const char *mc_srtp_error_code(int code); /* never NULL */

typedef enum { MC_SRTP_AES_CM_128_HMAC_SHA1_80, MC_SRTP_AEAD_AES_128_GCM } McSrtpProfile;
typedef struct {
    McSrtpProfile profile;
    uint8_t bytes[MC_SRTP_KEY_MAX]; /* master key (16), master salt (14; GCM: 12) */
} McSrtpKey;

size_t mc_srtp_key_bytes(McSrtpProfile profile);
const char *mc_srtp_profile_name(McSrtpProfile profile); /* as in SDP's a=crypto */
bool mc_srtp_key_generate(McSrtpProfile profile, McSrtpKey *ret_key, GError **error);
bool mc_srtp_key_load(const char *path, McSrtpKey *ret_key, GError **error);
void mc_srtp_key_wipe(McSrtpKey *key);
/* Libraries leave copies of keys in stack frames that are no more: overwrites those below the
 * caller's. */
void mc_srtp_scrub_stack(void);

typedef struct McSrtp McSrtp;
McSrtp *mc_srtp_new(const McSrtpKey *key, GError **error); /* for any SSRC, in both directions */
/* One key for what is sent and one for what comes back; their profile is the same. */
McSrtp *mc_srtp_new_pair(const McSrtpKey *out, const McSrtpKey *in, GError **error);
void mc_srtp_free(McSrtp *self); /* wipes; NULL is fine */

/* Begin RTP's sequence numbers below 2^15: who joins late takes the number of rollovers for 0.
 * In place: len is the datagram's length before and after, room the buffer's size.  False: no
 * room, no RTP, or a sequence number that was used already (a counter is not used twice); the
 * datagram must not be sent then. */
bool mc_srtp_protect_rtp(McSrtp *self, uint8_t *datagram, size_t room, size_t *len);
bool mc_srtp_protect_rtcp(McSrtp *self, uint8_t *datagram, size_t room, size_t *len);
/* What a receiver sends back.  False: forged, damaged, replayed or no RTCP. */
bool mc_srtp_unprotect_rtcp(McSrtp *self, uint8_t *datagram, size_t *len);
/* The other end of mc_srtp_protect_rtp, for tests and our own receivers. */
bool mc_srtp_unprotect_rtp(McSrtp *self, uint8_t *datagram, size_t *len);

/* SDP of an MPEG-TS stream to dest_ip, key included: as secret as the key.  A medium that is
 * switched off (port 0) goes first, because FFmpeg reads a=crypto of MPEG-TS only behind another
 * one; it has no GCM.  Free with mc_srtp_sdp_free, which wipes. */
char *mc_srtp_build_sdp(const McSrtpKey *key, const char *dest_ip, uint16_t dest_rtp_port,
                        uint32_t ssrc);
/* The same for keys by DTLS: nothing in it is secret. fingerprint: of our own certificate; passive:
 * the receiver begins. */
char *mc_srtp_build_dtls_sdp(const char *fingerprint, bool passive, const char *dest_ip,
                             uint16_t dest_rtp_port, uint32_t ssrc);
void mc_srtp_sdp_free(char *sdp);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McSrtp, mc_srtp_free)
