/* SPDX-License-Identifier: MIT */
#include "p2p/wpa-reply.h"

#include <glib.h>
#include <string.h>

#include "p2p/plain-text.h"

#define TEXT_BYTES 32 /* that a name has on the air */

bool mc_wpa_reply_value(const char *reply, const char *key, char *ret, size_t size)
{
    size_t key_len = strlen(key);

    for (const char *line = reply; *line; line += strspn(line, "\n")) {
        size_t len = strcspn(line, "\n");

        if (len > key_len && line[key_len] == '=' && strncmp(line, key, key_len) == 0) {
            size_t n = MIN(len - key_len - 1, size - 1);

            memcpy(ret, line + key_len + 1, n);
            ret[n] = '\0';
            return true;
        }
        line += len;
    }
    return false;
}

void mc_wpa_reply_text(const char *reply, const char *key, char *ret, size_t size)
{
    char raw[TEXT_BYTES + 1];

    if (!mc_wpa_reply_value(reply, key, raw, sizeof(raw)))
        return;
    mc_plain_text_copy(ret, size, raw);
}

bool mc_wpa_reply_number(const char *reply, const char *key, int *ret)
{
    char text[24], *end;
    long long value;

    if (!mc_wpa_reply_value(reply, key, text, sizeof(text)))
        return false;
    value = g_ascii_strtoll(text, &end, 0);
    if (end == text || *end != '\0' || value < G_MININT || value > G_MAXINT)
        return false;
    *ret = (int) value;
    return true;
}

void mc_wpa_reply_unsigned(const char *reply, const char *key, unsigned *ret)
{
    int value;

    if (mc_wpa_reply_number(reply, key, &value) && value >= 0)
        *ret = (unsigned) value;
}
