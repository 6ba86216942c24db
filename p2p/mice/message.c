/* SPDX-License-Identifier: MIT */
#include "p2p/mice/message.h"

#include <openssl/evp.h>
#include <string.h>

/* Size(2) Version(1) Command(1) TLVs; TLV: Type(1) Length(2) Value; all big-endian. */
#define HEADER_BYTES 4
#define TLV_HEADER_BYTES 3
#define TLV_TYPES 8

const char *mc_mice_result_text(McMiceResult result)
{
    static const char *const texts[] = {
        "ok",
        "message is not whole",
        "message size out of bounds",
        "unknown protocol version",
        "unknown command",
        "malformed TLV",
    };

    return texts[result];
}

static uint16_t get_u16(const uint8_t *p)
{
    return (uint16_t) (p[0] << 8 | p[1]);
}

McMiceResult mc_mice_next(const uint8_t *data, size_t len, McMiceCommand *ret_command,
                          const uint8_t **ret_tlvs, size_t *ret_tlvs_len, size_t *ret_size)
{
    if (len < 2)
        return MC_MICE_MORE;
    size_t size = get_u16(data);
    if (size < HEADER_BYTES || size > MC_MICE_MAX_MESSAGE)
        return MC_MICE_BAD_SIZE;
    if (len < size)
        return MC_MICE_MORE;
    if (data[2] != MC_MICE_VERSION)
        return MC_MICE_BAD_VERSION;
    if (data[3] < MC_MICE_SOURCE_READY || data[3] > MC_MICE_PIN_RESPONSE)
        return MC_MICE_BAD_COMMAND;
    *ret_command = data[3];
    *ret_tlvs = data + HEADER_BYTES;
    *ret_tlvs_len = size - HEADER_BYTES;
    *ret_size = size;
    return MC_MICE_OK;
}

/* Some senders put a byte order mark in front ; it is taken off. */
static char *name_from_utf16(const uint8_t *value, size_t len)
{
    if (len >= 2 && value[0] == 0xff && value[1] == 0xfe) {
        value += 2;
        len -= 2;
    }
    return g_convert((const char *) value, (gssize) len, "UTF-8", "UTF-16LE", NULL, NULL, NULL);
}

/* The lengths that a TLV may have; most 0 means no upper limit but the message's. */
static const struct {
    uint16_t least, most;
} tlv_length[TLV_TYPES] = {
    [MC_MICE_TLV_FRIENDLY_NAME] = {2, MC_MICE_MAX_NAME_BYTES + 2},
    [MC_MICE_TLV_RTSP_PORT] = {2, 2},
    [MC_MICE_TLV_SOURCE_ID] = {MC_MICE_SOURCE_ID_BYTES, MC_MICE_SOURCE_ID_BYTES},
    [MC_MICE_TLV_SECURITY_TOKEN] = {1, 0},
    [MC_MICE_TLV_SECURITY_OPTIONS] = {1, 0},
    [MC_MICE_TLV_PIN_CHALLENGE] = {MC_MICE_HASH_BYTES, MC_MICE_HASH_BYTES},
    [MC_MICE_TLV_PIN_RESPONSE_REASON] = {1, 1},
};

static bool take_tlv(McMiceTlvs *tlvs, uint8_t type, const uint8_t *value, size_t len)
{
    switch (type) {
    case MC_MICE_TLV_FRIENDLY_NAME:
        return (tlvs->friendly_name = name_from_utf16(value, len)) != NULL;
    case MC_MICE_TLV_RTSP_PORT:
        tlvs->has_rtsp_port = true;
        tlvs->rtsp_port = get_u16(value);
        return true;
    case MC_MICE_TLV_SOURCE_ID:
        tlvs->source_id = value;
        return true;
    case MC_MICE_TLV_SECURITY_TOKEN:
        tlvs->token = value;
        tlvs->token_len = len;
        return true;
    case MC_MICE_TLV_SECURITY_OPTIONS: /* bytes after the first are for the future */
        tlvs->has_options = true;
        tlvs->options = value[0];
        return true;
    case MC_MICE_TLV_PIN_CHALLENGE:
        tlvs->hash = value;
        return true;
    case MC_MICE_TLV_PIN_RESPONSE_REASON:
        tlvs->has_reason = true;
        tlvs->reason = value[0];
        return true;
    }
    return true; /* unknown: for the future */
}

static bool parse_all(const uint8_t *data, size_t len, McMiceTlvs *tlvs)
{
    unsigned seen = 0;

    while (len > 0) {
        if (len < TLV_HEADER_BYTES)
            return false;
        uint8_t type = data[0];
        size_t value_len = get_u16(data + 1);
        const uint8_t *value = data + TLV_HEADER_BYTES;
        if (value_len < 1 || value_len > len - TLV_HEADER_BYTES)
            return false;
        if (type < TLV_TYPES) {
            if (seen & 1u << type || value_len < tlv_length[type].least ||
                (tlv_length[type].most && value_len > tlv_length[type].most))
                return false;
            seen |= 1u << type;
        }
        if (!take_tlv(tlvs, type, value, value_len))
            return false;
        data = value + value_len;
        len -= TLV_HEADER_BYTES + value_len;
    }
    return true;
}

McMiceResult mc_mice_parse_tlvs(const uint8_t *data, size_t len, McMiceTlvs *ret_tlvs)
{
    McMiceTlvs tlvs = {0};

    if (!parse_all(data, len, &tlvs)) {
        mc_mice_tlvs_clear(&tlvs);
        return MC_MICE_BAD_TLV;
    }
    *ret_tlvs = tlvs;
    return MC_MICE_OK;
}

void mc_mice_tlvs_clear(McMiceTlvs *tlvs)
{
    g_free(tlvs->friendly_name);
    memset(tlvs, 0, sizeof(*tlvs));
}

void mc_mice_add_tlv(GByteArray *tlvs, McMiceTlvType type, const void *value, size_t len)
{
    const uint8_t header[TLV_HEADER_BYTES] = {(uint8_t) type, (uint8_t) (len >> 8), (uint8_t) len};

    g_byte_array_append(tlvs, header, sizeof(header));
    g_byte_array_append(tlvs, value, (guint) len);
}

void mc_mice_add_name(GByteArray *tlvs, const char *name)
{
    gsize len = 0;
    g_autofree char *utf16 = g_convert(name, -1, "UTF-16LE", "UTF-8", NULL, &len, NULL);

    if (!utf16 || len == 0)
        return;
    if (len > MC_MICE_MAX_NAME_BYTES) {
        len = MC_MICE_MAX_NAME_BYTES;
        if (((uint8_t) utf16[len - 1] & 0xfc) == 0xd8) /* half of a surrogate pair */
            len -= 2;
    }
    mc_mice_add_tlv(tlvs, MC_MICE_TLV_FRIENDLY_NAME, utf16, len);
}

void mc_mice_add_port(GByteArray *tlvs, uint16_t port)
{
    const uint8_t value[2] = {(uint8_t) (port >> 8), (uint8_t) port};

    mc_mice_add_tlv(tlvs, MC_MICE_TLV_RTSP_PORT, value, sizeof(value));
}

GBytes *mc_mice_message(McMiceCommand command, const uint8_t *tlvs, size_t len)
{
    size_t size = HEADER_BYTES + len;
    uint8_t *message = g_malloc(size);

    message[0] = (uint8_t) (size >> 8);
    message[1] = (uint8_t) size;
    message[2] = MC_MICE_VERSION;
    message[3] = (uint8_t) command;
    if (len)
        memcpy(message + HEADER_BYTES, tlvs, len);
    return g_bytes_new_take(message, size);
}

bool mc_mice_pin_hash(const char *pin, const uint8_t *address, size_t address_len,
                      uint8_t ret_hash[32])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (address_len == 16 && !memcmp(address, mapped, sizeof(mapped))) {
        address += sizeof(mapped);
        address_len = 4;
    }
    bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(ctx, pin, strlen(pin)) == 1 &&
              EVP_DigestUpdate(ctx, address, address_len) == 1 &&
              EVP_DigestFinal_ex(ctx, ret_hash, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}
