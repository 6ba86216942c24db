/* SPDX-License-Identifier: MIT */
#include "encoder/srtp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <srtp2/srtp.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "encoder/rtp.h"

#define KEY_FILE_MAX 4096u
#define RTCP_HEADER_BYTES 8u
#define STACK_SCRUBBED (32u * 1024) /* deeper than key schedules go */

G_DEFINE_QUARK(mc - srtp - error - quark, mc_srtp_error)

static const struct {
    const char *name;
    size_t key_bytes, tag_bytes;
    void (*set_policy)(srtp_crypto_policy_t *policy);
} profiles[] = {
    [MC_SRTP_AES_CM_128_HMAC_SHA1_80] = {"AES_CM_128_HMAC_SHA1_80", 30, 10,
                                         srtp_crypto_policy_set_rtp_default},
    [MC_SRTP_AEAD_AES_128_GCM] = {"AEAD_AES_128_GCM", 28, 16,
                                  srtp_crypto_policy_set_aes_gcm_128_16_auth},
};

struct McSrtp {
    GMutex lock; /* libsrtp's sessions know no threads */
    srtp_t outbound, inbound;
    size_t tag_bytes;
};

const char *mc_srtp_error_code(int code)
{
    static const char *const codes[] = {
        [MC_SRTP_ERROR_KEY] = "srtp.key",
        [MC_SRTP_ERROR_UNSAFE] = "srtp.key-unsafe",
        [MC_SRTP_ERROR_FAILED] = "srtp.failed",
        [MC_SRTP_ERROR_HANDSHAKE] = "srtp.handshake",
        [MC_SRTP_ERROR_FINGERPRINT] = "srtp.fingerprint",
    };

    return code >= 0 && (size_t) code < G_N_ELEMENTS(codes) ? codes[code] : "srtp.failed";
}

/* ---- keys ---- */

size_t mc_srtp_key_bytes(McSrtpProfile profile)
{
    return profiles[profile].key_bytes;
}

const char *mc_srtp_profile_name(McSrtpProfile profile)
{
    return profiles[profile].name;
}

void mc_srtp_key_wipe(McSrtpKey *key)
{
    explicit_bzero(key, sizeof(*key));
}

__attribute__((noinline)) void mc_srtp_scrub_stack(void)
{
    uint8_t frames[STACK_SCRUBBED];

    explicit_bzero(frames, sizeof(frames));
}

bool mc_srtp_key_generate(McSrtpProfile profile, McSrtpKey *ret_key, GError **error)
{
    const size_t bytes = profiles[profile].key_bytes; /* so few come in one piece */

    *ret_key = (McSrtpKey){.profile = profile};
    if (getrandom(ret_key->bytes, bytes, 0) == (ssize_t) bytes)
        return true;
    g_set_error(error, MC_SRTP_ERROR, MC_SRTP_ERROR_FAILED, "no random numbers: %s",
                g_strerror(errno));
    return false;
}

static bool refuse(GError **error, McSrtpError code, const char *path, const char *why)
{
    g_set_error(error, MC_SRTP_ERROR, (int) code, "%s: %s", path, why);
    return false;
}

static bool read_file(const char *path, char text[KEY_FILE_MAX + 1], GError **error)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    ssize_t n = -1;

    if (fd < 0)
        return refuse(error, MC_SRTP_ERROR_KEY, path, g_strerror(errno));
    const bool plain = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    const bool safe = plain && !(status.st_mode & 077);
    if (safe && status.st_size <= (off_t) KEY_FILE_MAX)
        n = read(fd, text, KEY_FILE_MAX);
    close(fd);
    if (plain && !safe)
        return refuse(error, MC_SRTP_ERROR_UNSAFE, path, "others may read it (chmod 600)");
    if (n < 0)
        return refuse(error, MC_SRTP_ERROR_KEY, path, "no plain file of at most 4096 bytes");
    text[n] = '\0';
    return true;
}

static bool take_profile(const char *name, McSrtpKey *key)
{
    for (size_t i = 0; i < G_N_ELEMENTS(profiles); i++) {
        if (!strcmp(name, profiles[i].name)) {
            key->profile = (McSrtpProfile) i;
            return true;
        }
    }
    return false;
}

static size_t take_hex(const char *digits, uint8_t bytes[MC_SRTP_KEY_MAX])
{
    const size_t len = strlen(digits) / 2;

    if (strlen(digits) % 2 || len > MC_SRTP_KEY_MAX)
        return 0;
    for (size_t i = 0; i < len; i++) {
        const int high = g_ascii_xdigit_value(digits[2 * i]);
        const int low = g_ascii_xdigit_value(digits[2 * i + 1]);

        if (high < 0 || low < 0)
            return 0;
        bytes[i] = (uint8_t) (high << 4 | low);
    }
    return len;
}

/* Cut in place: nothing of the secret is copied to places that nobody wipes. */
static bool take_line(char *line, McSrtpKey *key, bool *has_profile, size_t *key_bytes)
{
    line[strcspn(line, "#")] = '\0';
    char *equals = strchr(line, '=');
    if (!equals)
        return *g_strstrip(line) == '\0';
    *equals = '\0';
    const char *name = g_strstrip(line), *value = g_strstrip(equals + 1);
    if (!strcmp(name, "profile"))
        return *has_profile = take_profile(value, key);
    if (!strcmp(name, "key"))
        return (*key_bytes = take_hex(value, key->bytes)) > 0;
    return false;
}

static bool take_text(const char *path, char *text, McSrtpKey *key, GError **error)
{
    bool has_profile = false;
    size_t key_bytes = 0;

    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (!take_line(line, key, &has_profile, &key_bytes))
            return refuse(error, MC_SRTP_ERROR_KEY, path, "a line is no known \"name = value\"");
    }
    if (!has_profile || key_bytes != profiles[key->profile].key_bytes)
        return refuse(error, MC_SRTP_ERROR_KEY, path, "needs a profile and a key of its length");
    return true;
}

bool mc_srtp_key_load(const char *path, McSrtpKey *ret_key, GError **error)
{
    char text[KEY_FILE_MAX + 1];

    memset(ret_key, 0, sizeof(*ret_key));
    const bool ok = read_file(path, text, error) && take_text(path, text, ret_key, error);
    explicit_bzero(text, sizeof(text));
    if (!ok)
        mc_srtp_key_wipe(ret_key);
    return ok;
}

/* ---- sessions ---- */

static bool init_library(void)
{
    static gsize result; /* 1: works, 2: does not */

    if (g_once_init_enter(&result))
        g_once_init_leave(&result, srtp_init() == srtp_err_status_ok ? 1 : 2);
    return result == 1;
}

static bool open_session(srtp_t *ret_session, const McSrtpKey *key, srtp_ssrc_type_t direction)
{
    McSrtpKey copy = *key; /* libsrtp asks for one it could write to */
    srtp_policy_t policy = {.ssrc.type = direction, .key = copy.bytes, .window_size = 1024};

    profiles[key->profile].set_policy(&policy.rtp);
    profiles[key->profile].set_policy(&policy.rtcp);
    const bool ok = srtp_create(ret_session, &policy) == srtp_err_status_ok;
    mc_srtp_key_wipe(&copy);
    return ok;
}

McSrtp *mc_srtp_new(const McSrtpKey *key, GError **error)
{
    return mc_srtp_new_pair(key, key, error);
}

McSrtp *mc_srtp_new_pair(const McSrtpKey *out, const McSrtpKey *in, GError **error)
{
    McSrtp *self = g_new0(McSrtp, 1);

    g_mutex_init(&self->lock);
    self->tag_bytes = profiles[out->profile].tag_bytes;
    const bool ok = init_library() && out->profile == in->profile &&
                    open_session(&self->outbound, out, ssrc_any_outbound) &&
                    open_session(&self->inbound, in, ssrc_any_inbound);
    mc_srtp_scrub_stack();
    if (ok)
        return self;
    g_set_error(error, MC_SRTP_ERROR, MC_SRTP_ERROR_FAILED, "libsrtp refuses %s",
                profiles[out->profile].name);
    mc_srtp_free(self);
    return NULL;
}

void mc_srtp_free(McSrtp *self)
{
    if (!self)
        return;
    if (self->outbound)
        srtp_dealloc(self->outbound);
    if (self->inbound)
        srtp_dealloc(self->inbound);
    g_mutex_clear(&self->lock);
    g_free(self);
}

typedef srtp_err_status_t (*Transform)(srtp_t session, void *datagram, int *len);

static bool transform(McSrtp *self, srtp_t session, Transform function, uint8_t *datagram,
                      size_t *len)
{
    int bytes = (int) *len;

    g_mutex_lock(&self->lock);
    const bool ok = function(session, datagram, &bytes) == srtp_err_status_ok;
    g_mutex_unlock(&self->lock);
    if (ok)
        *len = (size_t) bytes;
    return ok;
}

bool mc_srtp_protect_rtp(McSrtp *self, uint8_t *datagram, size_t room, size_t *len)
{
    return room <= INT_MAX && *len >= MC_RTP_HEADER_BYTES && *len <= room &&
           room - *len >= self->tag_bytes &&
           transform(self, self->outbound, srtp_protect, datagram, len);
}

bool mc_srtp_protect_rtcp(McSrtp *self, uint8_t *datagram, size_t room, size_t *len)
{
    return room <= INT_MAX && *len >= RTCP_HEADER_BYTES && *len <= room &&
           room - *len >= self->tag_bytes + 4 && /* and the SRTCP index */
           transform(self, self->outbound, srtp_protect_rtcp, datagram, len);
}

bool mc_srtp_unprotect_rtp(McSrtp *self, uint8_t *datagram, size_t *len)
{
    return *len <= INT_MAX && *len >= MC_RTP_HEADER_BYTES + self->tag_bytes &&
           transform(self, self->inbound, srtp_unprotect, datagram, len);
}

bool mc_srtp_unprotect_rtcp(McSrtp *self, uint8_t *datagram, size_t *len)
{
    return *len <= INT_MAX && *len >= RTCP_HEADER_BYTES + self->tag_bytes + 4 &&
           transform(self, self->inbound, srtp_unprotect_rtcp, datagram, len);
}

/* ---- SDP ---- */

char *mc_srtp_build_sdp(const McSrtpKey *key, const char *dest_ip, uint16_t dest_rtp_port,
                        uint32_t ssrc)
{
    const char *family = strchr(dest_ip, ':') ? "IP6" : "IP4";
    char *base64 = g_base64_encode(key->bytes, profiles[key->profile].key_bytes);
    char *sdp =
        g_strdup_printf("v=0\r\n"
                        "o=- 0 0 IN %s %s\r\n"
                        "s=Miracast\r\n"
                        "c=IN %s %s\r\n"
                        "t=0 0\r\n"
                        "m=audio 0 RTP/AVP 0\r\n" /* none: see srtp.h */
                        "m=video %u RTP/SAVP %u\r\n"
                        "a=rtpmap:%u MP2T/90000\r\n"
                        "a=crypto:1 %s inline:%s\r\n"
                        "a=ssrc:%u cname:miracast\r\n"
                        "a=recvonly\r\n",
                        family, dest_ip, family, dest_ip, dest_rtp_port, MC_RTP_PAYLOAD_TYPE,
                        MC_RTP_PAYLOAD_TYPE, profiles[key->profile].name, base64, ssrc);

    mc_srtp_sdp_free(base64);
    return sdp;
}

char *mc_srtp_build_dtls_sdp(const char *fingerprint, bool passive, const char *dest_ip,
                             uint16_t dest_rtp_port, uint32_t ssrc)
{
    const char *family = strchr(dest_ip, ':') ? "IP6" : "IP4";

    return g_strdup_printf("v=0\r\n"
                           "o=- 0 0 IN %s %s\r\n"
                           "s=Miracast\r\n"
                           "c=IN %s %s\r\n"
                           "t=0 0\r\n"
                           "m=video %u UDP/TLS/RTP/SAVP %u\r\n"
                           "a=rtpmap:%u MP2T/90000\r\n"
                           "a=fingerprint:sha-256 %s\r\n"
                           "a=setup:%s\r\n"
                           "a=ssrc:%u cname:miracast\r\n"
                           "a=rtcp-mux\r\n"
                           "a=recvonly\r\n",
                           family, dest_ip, family, dest_ip, dest_rtp_port, MC_RTP_PAYLOAD_TYPE,
                           MC_RTP_PAYLOAD_TYPE, fingerprint, passive ? "passive" : "active", ssrc);
}

void mc_srtp_sdp_free(char *sdp)
{
    if (sdp)
        explicit_bzero(sdp, strlen(sdp));
    g_free(sdp);
}
