/* SPDX-License-Identifier: MIT */
#include "p2p/mice/announcement.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

#define IE_VENDOR 221u
#define WSC_VENDOR_EXTENSION 0x1049u

/* Both WSC and this extension: id(2) length(2) value, big-endian. */
enum { CAPABILITY = 0x2001, HOST_NAME, BSSID, PREFERENCE, IP_ADDRESS };

static const uint8_t wsc_oui[4] = {0x00, 0x50, 0xf2, 0x04};
static const uint8_t oui[3] = {0x00, 0x01, 0x37};

typedef struct {
    unsigned id;
    const uint8_t *value;
    size_t len;
} Attribute;

/* False: the end, or an attribute that runs over it (*ret_bad). */
static bool next_attribute(const uint8_t **data, size_t *len, Attribute *ret, bool *ret_bad)
{
    if (*len == 0)
        return false;
    *ret_bad = *len < 4 || (size_t) ((*data)[2] << 8 | (*data)[3]) > *len - 4;
    if (*ret_bad)
        return false;
    ret->id = (unsigned) ((*data)[0] << 8 | (*data)[1]);
    ret->len = (size_t) ((*data)[2] << 8 | (*data)[3]);
    ret->value = *data + 4;
    *data += 4 + ret->len;
    *len -= 4 + ret->len;
    return true;
}

/* | 7:6 zero | PIN | version:3 | stream encryption | supported |; PIN counts with encryption only.
 */
static void take_capability(McMiceAnnouncement *self, uint8_t bits)
{
    self->supported = bits & 1;
    self->encrypts = bits >> 1 & 1;
    self->version = bits >> 2 & 7;
    self->shows_pin = self->encrypts && bits >> 5 & 1;
}

/* Text without control characters; a name with a dot is not to be used. */
static bool take_host(McMiceAnnouncement *self, const uint8_t *value, size_t len)
{
    if (!len || len >= sizeof(self->host) || self->host[0])
        return false;
    for (size_t i = 0; i < len; i++)
        if (value[i] <= ' ' || value[i] > '~' || value[i] == '.')
            return false;
    memcpy(self->host, value, len);
    return true;
}

static void take_address(McMiceAnnouncement *self, const uint8_t *value, size_t len)
{
    char text[sizeof(self->address)] = "";
    uint8_t bytes[16];

    if (len >= sizeof(text))
        return;
    memcpy(text, value, len);
    const bool is_v4 = inet_pton(AF_INET, text, bytes) == 1;
    if ((is_v4 && (!self->address[0] || strchr(self->address, ':'))) ||
        (!self->address[0] && inet_pton(AF_INET6, text, bytes) == 1))
        memcpy(self->address, text, sizeof(text));
}

static void take_preference(McMiceAnnouncement *self, const uint8_t value[4])
{
    for (unsigned i = 0; i < MC_MICE_TRANSPORTS_MAX; i++)
        self->transports[i] = i % 2 ? value[i / 2] & 0x0f : value[i / 2] >> 4;
}

static bool take(McMiceAnnouncement *self, const Attribute *attribute, bool *ret_capability)
{
    switch (attribute->id) {
    case CAPABILITY:
        if (attribute->len != 1)
            return false;
        take_capability(self, attribute->value[0]);
        *ret_capability = true;
        return true;
    case HOST_NAME:
        return take_host(self, attribute->value, attribute->len);
    case BSSID:
        if (attribute->len != sizeof(self->bssid))
            return false;
        self->has_bssid = true;
        memcpy(self->bssid, attribute->value, sizeof(self->bssid));
        return true;
    case PREFERENCE:
        if (attribute->len != 4)
            return false;
        take_preference(self, attribute->value);
        return true;
    case IP_ADDRESS:
        take_address(self, attribute->value, attribute->len);
        return true;
    }
    return true; /* for the future */
}

bool mc_mice_announcement_parse(const uint8_t *data, size_t len, McMiceAnnouncement *ret)
{
    McMiceAnnouncement self = {0};
    Attribute attribute;
    bool bad = false, capability = false;

    if (len < sizeof(oui) || memcmp(data, oui, sizeof(oui)))
        return false;
    data += sizeof(oui);
    len -= sizeof(oui);
    while (next_attribute(&data, &len, &attribute, &bad))
        if (!take(&self, &attribute, &capability))
            return false;
    if (bad || !capability || !self.host[0])
        return false;
    *ret = self;
    return true;
}

/* WSC may be longer than one element: the attributes go on in the next one. */
static GByteArray *collect_wsc(const uint8_t *ies, size_t len)
{
    GByteArray *wsc = g_byte_array_new();

    while (len >= 2 && (size_t) ies[1] + 2 <= len) {
        if (ies[0] == IE_VENDOR && ies[1] >= sizeof(wsc_oui) &&
            !memcmp(ies + 2, wsc_oui, sizeof(wsc_oui)))
            g_byte_array_append(wsc, ies + 6, ies[1] - 4u);
        len -= ies[1] + 2u;
        ies += ies[1] + 2u;
    }
    return wsc;
}

bool mc_mice_announcement_from_ies(const uint8_t *ies, size_t len, McMiceAnnouncement *ret)
{
    g_autoptr(GByteArray) wsc = collect_wsc(ies, len);
    const uint8_t *data = wsc->data;
    size_t left = wsc->len;
    Attribute attribute;
    bool bad = false;

    while (next_attribute(&data, &left, &attribute, &bad))
        if (attribute.id == WSC_VENDOR_EXTENSION &&
            mc_mice_announcement_parse(attribute.value, attribute.len, ret))
            return true;
    return false;
}
