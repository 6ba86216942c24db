/* SPDX-License-Identifier: MIT */
#include "encoder/wire.h"

#include <openssl/crypto.h>

#include "encoder/dtls-srtp.h"
#include "encoder/srtp.h"

struct McWire {
    McWireConfig config;
    gint ready;   /* atomic: srtp is there, or not wanted */
    McSrtp *srtp; /* of the handshake's thread until ready */
    McDtlsSrtp *dtls;
};

/* An SDP with a key is for the owner's eyes, as the key's file is. */
static bool write_sdp(const char *path, const char *sdp, GError **error)
{
    return g_file_set_contents_full(path, sdp, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

/* ---- keys from a file ---- */

static bool open_file(McWire *self, GError **error)
{
    const McWireConfig *config = &self->config;
    /* From the heap that stays out of the swap; libsrtp's own copy has none of this. */
    McSrtpKey *key = OPENSSL_secure_zalloc(sizeof(*key));
    bool ok = key && mc_srtp_key_load(config->srtp_key, key, error);

    if (!key)
        g_set_error_literal(error, MC_SRTP_ERROR, MC_SRTP_ERROR_FAILED, "no locked memory is left");
    if (ok) {
        self->srtp = mc_srtp_new(key, error);
        ok = self->srtp != NULL;
    }
    if (ok && *config->sdp) {
        char *sdp = mc_srtp_build_sdp(key, config->dest_ip, config->dest_rtp_port, config->ssrc);
        ok = write_sdp(config->sdp, sdp, error);
        mc_srtp_sdp_free(sdp);
    }
    OPENSSL_secure_clear_free(key, sizeof(*key));
    g_atomic_int_set(&self->ready, ok);
    return ok;
}

/* ---- keys by DTLS ---- */

static void tell(McWire *self, const McSrtpKey *key, const char *fingerprint)
{
    g_autofree char *text = g_strdup_printf(
        "SRTP (%s) with keys by DTLS; the receiver's certificate is sha-256 %s, %s",
        mc_srtp_profile_name(key->profile), fingerprint,
        *self->config.fingerprint ? "the one that was named"
                                  : "which nobody checked (--srtp-fingerprint would)");

    self->config.on_note(text, self->config.user_data);
}

static void on_keys(const McSrtpKey *out, const McSrtpKey *in, const char *fingerprint,
                    void *user_data)
{
    McWire *self = user_data;
    g_autoptr(GError) error = NULL;

    self->srtp = mc_srtp_new_pair(out, in, &error);
    if (!self->srtp) {
        self->config.on_error(error, self->config.user_data);
        return;
    }
    tell(self, out, fingerprint);
    g_atomic_int_set(&self->ready, 1);
    self->config.on_ready(self->config.user_data);
}

static void on_rtcp(const uint8_t *datagram, size_t len, void *user_data)
{
    McWire *self = user_data;

    self->config.on_rtcp(datagram, len, self->config.user_data);
}

static void on_error(const GError *error, void *user_data)
{
    McWire *self = user_data;

    self->config.on_error(error, self->config.user_data);
}

static bool open_dtls(McWire *self, GError **error)
{
    const McWireConfig *config = &self->config;
    McDtlsSrtpConfig dtls = {.fd = config->fd,
                             .dest_port = config->dest_rtp_port,
                             .passive = config->srtp_passive,
                             .on_keys = on_keys,
                             .on_rtcp = on_rtcp,
                             .on_error = on_error,
                             .user_data = self,
                             .tap = config->tap,
                             .tap_data = config->tap_data};

    g_strlcpy(dtls.dest_ip, config->dest_ip, sizeof(dtls.dest_ip));
    g_strlcpy(dtls.fingerprint, config->fingerprint, sizeof(dtls.fingerprint));
    self->dtls = mc_dtls_srtp_new(&dtls, error);
    if (!self->dtls || !*config->sdp)
        return self->dtls != NULL;
    g_autofree char *sdp =
        mc_srtp_build_dtls_sdp(mc_dtls_srtp_fingerprint(self->dtls), config->srtp_passive,
                               config->dest_ip, config->dest_rtp_port, config->ssrc);
    return write_sdp(config->sdp, sdp, error);
}

/* ---- life ---- */

McWire *mc_wire_new(const McWireConfig *config, GError **error)
{
    g_autoptr(McWire) self = g_new0(McWire, 1);

    self->config = *config;
    if (!config->protect && config->srtp_dtls)
        return open_dtls(self, error) ? g_steal_pointer(&self) : NULL;
    if (!config->protect && *config->srtp_key)
        return open_file(self, error) ? g_steal_pointer(&self) : NULL;
    g_atomic_int_set(&self->ready, 1);
    return g_steal_pointer(&self);
}

void mc_wire_free(McWire *self)
{
    if (!self)
        return;
    mc_wire_stop(self);
    mc_srtp_free(self->srtp);
    g_free(self);
}

void mc_wire_stop(McWire *self)
{
    g_clear_pointer(&self->dtls, mc_dtls_srtp_free);
}

bool mc_wire_is_ready(const McWire *self)
{
    return g_atomic_int_get(&self->ready) != 0;
}

/* ---- datagrams ---- */

bool mc_wire_protect(uint8_t *datagram, size_t room, size_t *len, void *user_data)
{
    McWire *self = user_data;

    if (self->config.protect)
        return self->config.protect(datagram, room, len, self->config.protect_data);
    if (!mc_wire_is_ready(self))
        return false;
    return !self->srtp || mc_srtp_protect_rtp(self->srtp, datagram, room, len);
}

size_t mc_wire_protect_rtcp(McWire *self, uint8_t *datagram, size_t room, size_t len)
{
    if (!mc_wire_is_ready(self) ||
        (self->srtp && !mc_srtp_protect_rtcp(self->srtp, datagram, room, &len)))
        return 0;
    if (!self->dtls)
        return len;
    mc_dtls_srtp_send(self->dtls, datagram, len); /* RFC 5761: on RTP's port */
    return 0;
}

bool mc_wire_open_rtcp(McWire *self, uint8_t *datagram, size_t *len)
{
    return mc_wire_is_ready(self) &&
           (!self->srtp || mc_srtp_unprotect_rtcp(self->srtp, datagram, len));
}
