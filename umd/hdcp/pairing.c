/* SPDX-License-Identifier: MIT */
#include "umd/hdcp/pairing.h"

#include <string.h>

#include "umd/hdcp/crypto.h"
#include "umd/hdcp/error.h"
#include "umd/hdcp/secret-file.h"

/* "iiiiiiiiii " 16 bytes " " 16 bytes " " 16 bytes "\n" */
#define LINE_BYTES (10u + 1 + 32 + 1 + 32 + 1 + 32 + 1)
#define FILE_MAX (MC_HDCP_PAIRINGS_MAX * LINE_BYTES)

struct McHdcpPairings {
    McHdcpPairing entries[MC_HDCP_PAIRINGS_MAX]; /* used last at the end */
    unsigned count;
};

McHdcpPairings *mc_hdcp_pairings_new(void)
{
    return mc_hdcp_secret_new(sizeof(McHdcpPairings));
}

void mc_hdcp_pairings_free(McHdcpPairings *self)
{
    if (self)
        mc_hdcp_secret_free(self, sizeof(*self));
}

const McHdcpPairing *mc_hdcp_pairings_find(const McHdcpPairings *self, const uint8_t receiver_id[5])
{
    for (unsigned i = 0; i < self->count; i++)
        if (!memcmp(self->entries[i].receiver_id, receiver_id, 5))
            return &self->entries[i];
    return NULL;
}

static void remove_at(McHdcpPairings *self, unsigned i)
{
    self->count--;
    memmove(&self->entries[i], &self->entries[i + 1], (self->count - i) * sizeof(McHdcpPairing));
    mc_hdcp_wipe(&self->entries[self->count], sizeof(McHdcpPairing));
}

bool mc_hdcp_pairings_remove(McHdcpPairings *self, const uint8_t receiver_id[5])
{
    const McHdcpPairing *found = mc_hdcp_pairings_find(self, receiver_id);

    if (found)
        remove_at(self, (unsigned) (found - self->entries));
    return found != NULL;
}

void mc_hdcp_pairings_put(McHdcpPairings *self, const McHdcpPairing *pairing)
{
    McHdcpPairing copy = *pairing; /* may stand in the table that now moves */

    mc_hdcp_pairings_remove(self, copy.receiver_id);
    if (self->count == MC_HDCP_PAIRINGS_MAX)
        remove_at(self, 0);
    self->entries[self->count++] = copy;
    mc_hdcp_wipe(&copy, sizeof(copy));
}

unsigned mc_hdcp_pairings_count(const McHdcpPairings *self)
{
    return self->count;
}

static bool take_line(McHdcpPairings *self, const char *line)
{
    McHdcpPairing pairing;
    const bool ok = line[10] == ' ' && line[43] == ' ' && line[76] == ' ' && line[109] == '\n' &&
                    mc_hdcp_unhex(line, 10, pairing.receiver_id, 5) &&
                    mc_hdcp_unhex(line + 11, 32, pairing.km, 16) &&
                    mc_hdcp_unhex(line + 44, 32, pairing.ekh_km, 16) &&
                    mc_hdcp_unhex(line + 77, 32, pairing.m, 16);

    if (ok)
        mc_hdcp_pairings_put(self, &pairing);
    mc_hdcp_wipe(&pairing, sizeof(pairing));
    return ok;
}

bool mc_hdcp_pairings_load(McHdcpPairings *self, const char *path, GError **error)
{
    g_autoptr(GError) why = NULL;
    size_t len = 0;
    char *text = mc_hdcp_secret_read(path, FILE_MAX, MC_HDCP_ERROR_PAIRING, &len, &why);

    mc_hdcp_wipe(self, sizeof(*self));
    if (!text) {
        if (g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return true;
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    bool ok = len % LINE_BYTES == 0;
    for (size_t at = 0; ok && at < len; at += LINE_BYTES)
        ok = take_line(self, text + at);
    mc_hdcp_secret_free(text, len + 1);
    if (!ok) {
        mc_hdcp_wipe(self, sizeof(*self));
        g_set_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_PAIRING, "%s: damaged", path);
    }
    return ok;
}

static char *put_hex(char *to, const uint8_t *bytes, size_t len, char end)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    *to++ = end;
    return to;
}

bool mc_hdcp_pairings_save(const McHdcpPairings *self, const char *path, GError **error)
{
    char *text = mc_hdcp_secret_new(FILE_MAX);
    char *at = text;

    if (!text) {
        g_set_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_PAIRING, "no secure memory left");
        return false;
    }
    for (unsigned i = 0; i < self->count; i++) {
        const McHdcpPairing *entry = &self->entries[i];

        at = put_hex(at, entry->receiver_id, 5, ' ');
        at = put_hex(at, entry->km, 16, ' ');
        at = put_hex(at, entry->ekh_km, 16, ' ');
        at = put_hex(at, entry->m, 16, '\n');
    }
    const bool ok =
        mc_hdcp_secret_write(path, text, (size_t) (at - text), MC_HDCP_ERROR_PAIRING, error);
    mc_hdcp_secret_free(text, FILE_MAX);
    return ok;
}
