/* SPDX-License-Identifier: MIT */
#include "umd/hdcp/secret-file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "p2p/write-all.h"
#include "umd/hdcp/error.h"

#define SECURE_HEAP_BYTES (256u * 1024) /* key file text, pairings, machines */

void *mc_hdcp_secret_new(size_t size)
{
    static gsize ready;

    if (g_once_init_enter(&ready)) {
        if (!CRYPTO_secure_malloc_initialized())
            CRYPTO_secure_malloc_init(SECURE_HEAP_BYTES, 32);
        g_once_init_leave(&ready, 1);
    }
    return OPENSSL_secure_zalloc(size);
}

void mc_hdcp_secret_free(void *secret, size_t size)
{
    OPENSSL_secure_clear_free(secret, size);
}

static bool fail(GError **error, int code, const char *path, const char *what)
{
    g_set_error(error, MC_HDCP_ERROR, code, "%s: %s", path, what);
    return false;
}

static bool check(int fd, const char *path, size_t max, int code, size_t *ret_size, GError **error)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return fail(error, code, path, g_strerror(errno));
    if (!S_ISREG(status.st_mode))
        return fail(error, code, path, "not a plain file");
    if (status.st_mode & 077)
        return fail(error, MC_HDCP_ERROR_KEYS_UNSAFE, path, "others may read it (chmod 600)");
    if ((uintmax_t) status.st_size > max)
        return fail(error, code, path, "too large");
    *ret_size = (size_t) status.st_size;
    return true;
}

static bool read_all(int fd, char *to, size_t size)
{
    while (size) {
        const ssize_t n = read(fd, to, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        to += n;
        size -= (size_t) n;
    }
    return true;
}

char *mc_hdcp_secret_read(const char *path, size_t max, int code, size_t *ret_len, GError **error)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *text = NULL;

    if (fd < 0) {
        if (errno == ENOENT)
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "%s: %s", path, g_strerror(errno));
        else
            fail(error, code, path, g_strerror(errno));
        return NULL;
    }
    if (check(fd, path, max, code, ret_len, error)) {
        text = mc_hdcp_secret_new(*ret_len + 1);
        if (!text || !read_all(fd, text, *ret_len)) {
            fail(error, code, path, "cannot be read");
            mc_hdcp_secret_free(text, *ret_len + 1);
            text = NULL;
        }
    }
    close(fd);
    return text;
}

/* g_file_set_contents would do, but keeps no promise about the mode of its temporary file. */
bool mc_hdcp_secret_write(const char *path, const char *text, size_t len, int code, GError **error)
{
    g_autofree char *temporary = g_strconcat(path, ".XXXXXX", NULL);
    const int fd = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail(error, code, path, g_strerror(errno));
    bool ok = mc_write_all(fd, text, len) && fsync(fd) == 0;
    int saved = errno;
    if (close(fd) < 0 && ok) {
        ok = false;
        saved = errno;
    }
    if (ok && rename(temporary, path) == 0)
        return true;
    if (ok)
        saved = errno;
    unlink(temporary);
    return fail(error, code, path, g_strerror(saved));
}

bool mc_hdcp_unhex(const char *text, size_t text_len, uint8_t *ret_bytes, size_t len)
{
    while (text_len && g_ascii_isspace(text[0])) {
        text++;
        text_len--;
    }
    while (text_len && g_ascii_isspace(text[text_len - 1]))
        text_len--;
    if (text_len != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        const int high = g_ascii_xdigit_value(text[2 * i]);
        const int low = g_ascii_xdigit_value(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        ret_bytes[i] = (uint8_t) (high << 4 | low);
    }
    return true;
}
