/* SPDX-License-Identifier: MIT */
#include "umd/hdcp/keys.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "umd/hdcp/crypto.h"
#include "umd/hdcp/error.h"
#include "umd/hdcp/message.h"
#include "umd/hdcp/secret-file.h"

#define KEY_FILE_MAX 16384u
#define SRM_FILE_MAX (64u * 1024)
#define SRM_HEAD_BYTES 12u
#define EXPONENT_MAX 8u

struct McHdcpKeys {
    uint8_t root_modulus[MC_HDCP_ROOT_BYTES];
    uint8_t root_exponent[EXPONENT_MAX];
    size_t exponent_len;
    uint8_t lc128[16];
    McHdcpProvider provider; /* a module's; cipher_new NULL: lc128 is ours to use */
    void *module;
    bool has_modulus, has_lc128;
    uint8_t *revoked; /* sorted, MC_HDCP_ID_BYTES each */
    size_t revoked_count;
    unsigned srm_version;
};

static bool take_exponent(McHdcpKeys *self, const char *value, size_t len)
{
    for (size_t bytes = 1; bytes <= EXPONENT_MAX; bytes++) {
        if (mc_hdcp_unhex(value, len, self->root_exponent, bytes)) {
            self->exponent_len = bytes;
            return true;
        }
    }
    return false;
}

static bool take_value(McHdcpKeys *self, const char *name, size_t name_len, const char *value,
                       size_t len)
{
    if (name_len == 12 && !memcmp(name, "root_modulus", 12))
        return self->has_modulus =
                   mc_hdcp_unhex(value, len, self->root_modulus, MC_HDCP_ROOT_BYTES);
    if (name_len == 13 && !memcmp(name, "root_exponent", 13))
        return take_exponent(self, value, len);
    if (name_len == 5 && !memcmp(name, "lc128", 5))
        return self->has_lc128 = mc_hdcp_unhex(value, len, self->lc128, 16);
    return false;
}

/* "  name = hex  # comment"; nothing of the line is ever repeated in a message. */
static bool take_line(McHdcpKeys *self, const char *line, size_t len)
{
    const char *comment = memchr(line, '#', len);

    if (comment)
        len = (size_t) (comment - line);
    while (len && g_ascii_isspace(line[0])) {
        line++;
        len--;
    }
    if (!len)
        return true;
    const char *equals = memchr(line, '=', len);
    if (!equals)
        return false;
    size_t name_len = (size_t) (equals - line);
    while (name_len && g_ascii_isspace(line[name_len - 1]))
        name_len--;
    return take_value(self, line, name_len, equals + 1, len - (size_t) (equals + 1 - line));
}

static bool take_text(McHdcpKeys *self, const char *path, const char *text, size_t len,
                      GError **error)
{
    unsigned number = 1;

    for (const char *at = text, *end = text + len; at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t) (end - at));

        stop = stop ? stop : end;
        if (!take_line(self, at, (size_t) (stop - at))) {
            g_set_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_KEYS,
                        "%s: line %u is no \"name = hex\" of the right length", path, number);
            return false;
        }
        at = stop + 1;
    }
    if (self->has_modulus && self->exponent_len && self->has_lc128)
        return true;
    g_set_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_KEYS,
                "%s: needs root_modulus, root_exponent and lc128", path);
    return false;
}

static McHdcpKeys *load_file(const char *path, GError **error)
{
    size_t len = 0;
    char *text = mc_hdcp_secret_read(path, KEY_FILE_MAX, MC_HDCP_ERROR_KEYS, &len, error);
    McHdcpKeys *self = text ? mc_hdcp_secret_new(sizeof(*self)) : NULL;

    if (text && !self)
        g_set_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_KEYS, "%s: no secure memory left", path);
    if (self && !take_text(self, path, text, len, error)) {
        mc_hdcp_keys_free(self);
        self = NULL;
    }
    if (text)
        mc_hdcp_secret_free(text, len + 1);
    return self;
}

/* ---- provider module ---- */

static bool provider_is_whole(const McHdcpProvider *provider)
{
    return provider->size >= sizeof(*provider) && provider->cipher_new && provider->cipher_run &&
           provider->cipher_free && provider->root_exponent_bytes >= 1 &&
           provider->root_exponent_bytes <= EXPONENT_MAX;
}

static bool take_module(McHdcpKeys *self, const char *path, GError **error)
{
    g_autofree char *real = realpath(path, NULL); /* never a search through library paths */
    const McHdcpProviderQuery query =
        (self->module = dlopen(real ? real : path, RTLD_NOW | RTLD_LOCAL))
            ? (McHdcpProviderQuery) dlsym(self->module, MC_HDCP_PROVIDER_SYMBOL)
            : NULL;

    self->provider.size = sizeof(self->provider);
    if (!query) {
        const char *why = self->module ? "it has no " MC_HDCP_PROVIDER_SYMBOL : dlerror();
        g_set_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_KEYS, "%s: %s", path, why);
        return false;
    }
    if (query(MC_HDCP_PROVIDER_VERSION_1, &self->provider) != 0 ||
        !provider_is_whole(&self->provider)) {
        self->provider = (McHdcpProvider){0};
        g_set_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_KEYS, "%s: the module has no keys for us",
                    path);
        return false;
    }
    memcpy(self->root_modulus, self->provider.root_modulus, MC_HDCP_ROOT_BYTES);
    memcpy(self->root_exponent, self->provider.root_exponent, EXPONENT_MAX);
    self->exponent_len = self->provider.root_exponent_bytes;
    return true;
}

static McHdcpKeys *load_module(const char *path, GError **error)
{
    McHdcpKeys *self = mc_hdcp_secret_new(sizeof(*self));

    if (self && take_module(self, path, error))
        return self;
    if (!self)
        g_set_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_KEYS, "%s: no secure memory left", path);
    mc_hdcp_keys_free(self);
    return NULL;
}

/* Non-blocking: the path may be a pipe that nobody writes to. */
static bool is_module(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char magic[4] = "";

    if (fd < 0)
        return false;
    const ssize_t n = read(fd, magic, sizeof(magic));
    close(fd);
    return n == sizeof(magic) && !memcmp(magic, "\177ELF", sizeof(magic));
}

McHdcpKeys *mc_hdcp_keys_load(const char *path, GError **error)
{
    return is_module(path) ? load_module(path, error) : load_file(path, error);
}

void mc_hdcp_keys_free(McHdcpKeys *self)
{
    if (!self)
        return;
    g_free(self->revoked);
    if (self->provider.close)
        self->provider.close(self->provider.user_data);
    if (self->module)
        dlclose(self->module);
    mc_hdcp_secret_free(self, sizeof(*self));
}

/* ---- revocation ---- */

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, MC_HDCP_ID_BYTES);
}

static bool refuse_srm(GError **error, const char *why)
{
    g_set_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_SRM, "revocation list: %s", why);
    return false;
}

/* | SRM id:4 = 9 | HDCP2:4 = 1 | reserved:8 | version:16 | generation:8 | length:24 |
 * | devices:10 | reserved:22 | devices x id:40 | signature(384) | later generations ... |
 * length counts from itself to the end of the first signature. */
bool mc_hdcp_keys_set_srm(McHdcpKeys *self, const uint8_t *srm, size_t len, GError **error)
{
    if (len < SRM_HEAD_BYTES + MC_HDCP_SIGNATURE_BYTES || srm[0] != 0x91)
        return refuse_srm(error, "not an HDCP 2 SRM");
    const unsigned version = (unsigned) (srm[2] << 8 | srm[3]);
    const size_t length = (size_t) srm[5] << 16 | (size_t) srm[6] << 8 | srm[7];
    const size_t count = (size_t) srm[8] << 2 | srm[9] >> 6;
    const size_t signed_len = SRM_HEAD_BYTES + count * MC_HDCP_ID_BYTES;

    if (length + 5 > len || length + 5 != signed_len + MC_HDCP_SIGNATURE_BYTES)
        return refuse_srm(error, "its lengths contradict each other");
    if (!mc_hdcp_verify(srm, signed_len, srm + signed_len, self->root_modulus, MC_HDCP_ROOT_BYTES,
                        self->root_exponent, self->exponent_len))
        return refuse_srm(error, "not signed by the root key");
    if (version < self->srm_version)
        return refuse_srm(error, "older than the one in use");
    g_free(self->revoked);
    self->revoked = g_memdup2(srm + SRM_HEAD_BYTES, count * MC_HDCP_ID_BYTES);
    self->revoked_count = count;
    self->srm_version = version;
    if (count)
        qsort(self->revoked, count, MC_HDCP_ID_BYTES, compare_ids);
    return true;
}

bool mc_hdcp_keys_load_srm(McHdcpKeys *self, const char *path, GError **error)
{
    g_autofree char *srm = NULL;
    g_autoptr(GError) why = NULL;
    gsize len = 0;

    if (!g_file_get_contents(path, &srm, &len, &why))
        return refuse_srm(error, why->message);
    if (len > SRM_FILE_MAX)
        return refuse_srm(error, "too large");
    return mc_hdcp_keys_set_srm(self, (const uint8_t *) srm, len, error);
}

unsigned mc_hdcp_keys_srm_version(const McHdcpKeys *self)
{
    return self->srm_version;
}

bool mc_hdcp_keys_revoked(const McHdcpKeys *self, const uint8_t receiver_id[5])
{
    return self->revoked_count &&
           bsearch(receiver_id, self->revoked, self->revoked_count, MC_HDCP_ID_BYTES, compare_ids);
}

bool mc_hdcp_keys_verify_cert(const McHdcpKeys *self, const uint8_t cert[522])
{
    return mc_hdcp_verify_cert(cert, self->root_modulus, MC_HDCP_ROOT_BYTES, self->root_exponent,
                               self->exponent_len);
}

McHdcpCipher *mc_hdcp_keys_new_cipher(const McHdcpKeys *self, const uint8_t ks[16],
                                      const uint8_t riv[8])
{
    return self->provider.cipher_new ? mc_hdcp_cipher_new_provided(&self->provider, ks, riv)
                                     : mc_hdcp_cipher_new(ks, self->lc128, riv);
}
