/* SPDX-License-Identifier: MIT */
#include "p2p/wfd-ie.h"

#include <string.h>

/* In a frame (lengths of the sub-elements are big-endian, unlike those of the P2P element):
 *
 *    0     1      2    3    4    5      6      7..8     9..
 *  +----+-----+----+----+----+----+  +----+---------+------+  +----+---------+------+
 *  | DD | len | 50 | 6F | 9A | 0A |  | id | length  | body |  | id | length  | body | ...
 *  +----+-----+----+----+----+----+  +----+---------+------+  +----+---------+------+
 *               OUI of WFA    type    sub-element
 *
 * A sender splits at any byte when there are more than 251 bytes of sub-elements, so the payloads
 * of all WFD elements of one frame are joined before they are read. */
enum { ELEMENT_VENDOR = 0xdd, ELEMENT_HEADER = 6, ELEMENT_MAX = 251, TLV_HEADER = 3 };
static const uint8_t wfd_oui_type[4] = {0x50, 0x6f, 0x9a, 0x0a};

enum { COUPLED_BYTES = 7, SESSION_BYTES = 23 };

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t) (p[0] << 8 | p[1]);
}

static uint8_t *put16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t) (value >> 8);
    p[1] = (uint8_t) value;
    return p + 2;
}

static uint8_t *put_mac(uint8_t *p, const McMac *mac)
{
    memcpy(p, mac->bytes, MC_MAC_BYTES);
    return p + MC_MAC_BYTES;
}

/* id 0:  bitmap(2) control port(2) max throughput Mbit/s(2) */
static bool read_device(McWfdIe *self, const uint8_t *body, size_t len)
{
    self->device = (McWfdDeviceInfo){get16(body), get16(body + 2), get16(body + 4)};
    return true;
}

static size_t write_device(const McWfdIe *self, uint8_t *out)
{
    put16(put16(put16(out, self->device.bitmap), self->device.control_port),
          self->device.max_throughput_mbps);
    return 6;
}

/* id 1:  BSSID(6) */
static bool read_bssid(McWfdIe *self, const uint8_t *body, size_t len)
{
    memcpy(self->associated_bssid.bytes, body, MC_MAC_BYTES);
    return true;
}

static size_t write_bssid(const McWfdIe *self, uint8_t *out)
{
    put_mac(out, &self->associated_bssid);
    return MC_MAC_BYTES;
}

/* id 6, and the end of a session descriptor:  status(1) MAC(6) */
static void get_coupled(McWfdCoupledSink *coupled, const uint8_t *body)
{
    coupled->status = body[0];
    memcpy(coupled->mac.bytes, body + 1, MC_MAC_BYTES);
}

static uint8_t *put_coupled(uint8_t *out, const McWfdCoupledSink *coupled)
{
    *out++ = coupled->status;
    return put_mac(out, &coupled->mac);
}

static bool read_coupled(McWfdIe *self, const uint8_t *body, size_t len)
{
    get_coupled(&self->coupled, body);
    return true;
}

static size_t write_coupled(const McWfdIe *self, uint8_t *out)
{
    put_coupled(out, &self->coupled);
    return COUPLED_BYTES;
}

/* id 7:  bitmap(2) */
static bool read_extended(McWfdIe *self, const uint8_t *body, size_t len)
{
    self->extended_capability = get16(body);
    return true;
}

static size_t write_extended(const McWfdIe *self, uint8_t *out)
{
    put16(out, self->extended_capability);
    return 2;
}

/* id 8:  version(1), 01 is IPv4: address(4) */
static bool read_local_ip(McWfdIe *self, const uint8_t *body, size_t len)
{
    if (body[0] != 1)
        return false;
    memcpy(self->local_ip, body + 1, sizeof(self->local_ip));
    return true;
}

static size_t write_local_ip(const McWfdIe *self, uint8_t *out)
{
    out[0] = 1;
    memcpy(out + 1, self->local_ip, sizeof(self->local_ip));
    return 1 + sizeof(self->local_ip);
}

/* id 9:  a row of descriptors, one per client of the group owner that speaks WFD:
 *  +--------+-----------+--------------------+-----------+---------------+-----------+--------+
 *  | 23 (1) | device(6) | associated BSSID(6)| bitmap(2) | throughput(2) | status(1) | MAC(6) |
 *  +--------+-----------+--------------------+-----------+---------------+-----------+--------+
 * The first byte counts what follows it; more than 23 may come in a later release. */
static bool read_sessions(McWfdIe *self, const uint8_t *body, size_t len)
{
    McWfdSession sessions[MC_WFD_MAX_SESSIONS];
    unsigned n = 0;

    while (len > 0) {
        size_t descriptor = body[0];
        const uint8_t *p = body + 1;

        if (descriptor < SESSION_BYTES || descriptor > len - 1 || n == MC_WFD_MAX_SESSIONS)
            return false;
        memcpy(sessions[n].device.bytes, p, MC_MAC_BYTES);
        memcpy(sessions[n].associated_bssid.bytes, p + 6, MC_MAC_BYTES);
        sessions[n].device_bitmap = get16(p + 12);
        sessions[n].max_throughput_mbps = get16(p + 14);
        get_coupled(&sessions[n++].coupled, p + 16);
        body += descriptor + 1;
        len -= descriptor + 1;
    }
    memcpy(self->sessions, sessions, n * sizeof(sessions[0]));
    self->n_sessions = n;
    return true;
}

static size_t write_sessions(const McWfdIe *self, uint8_t *out)
{
    uint8_t *p = out;

    for (unsigned i = 0; i < MIN(self->n_sessions, MC_WFD_MAX_SESSIONS); i++) {
        const McWfdSession *s = &self->sessions[i];

        *p++ = SESSION_BYTES;
        p = put_mac(put_mac(p, &s->device), &s->associated_bssid);
        p = put_coupled(put16(put16(p, s->device_bitmap), s->max_throughput_mbps), &s->coupled);
    }
    return (size_t) (p - out);
}

/* id 10:  MAC(6) */
static bool read_alternative(McWfdIe *self, const uint8_t *body, size_t len)
{
    memcpy(self->alternative_mac.bytes, body, MC_MAC_BYTES);
    return true;
}

static size_t write_alternative(const McWfdIe *self, uint8_t *out)
{
    put_mac(out, &self->alternative_mac);
    return MC_MAC_BYTES;
}

/* id 11:  bitmap(2) */
static bool read_r2(McWfdIe *self, const uint8_t *body, size_t len)
{
    self->r2_bitmap = get16(body);
    return true;
}

static size_t write_r2(const McWfdIe *self, uint8_t *out)
{
    put16(out, self->r2_bitmap);
    return 2;
}

enum { BODY_MAX = MC_WFD_MAX_SESSIONS * (SESSION_BYTES + 1) };

/* Bodies may be longer than what we know (a later release), never shorter. */
static const struct {
    uint8_t id;
    uint8_t min_len;
    const char *name;
    bool (*read)(McWfdIe *self, const uint8_t *body, size_t len);
    size_t (*write)(const McWfdIe *self, uint8_t *out);
} subelements[] = {
    {0, 6, "device information", read_device, write_device},
    {1, 6, "associated BSSID", read_bssid, write_bssid},
    {2, 0, "audio formats (R1 draft)", NULL, NULL},
    {3, 0, "video formats (R1 draft)", NULL, NULL},
    {4, 0, "3D video formats (R1 draft)", NULL, NULL},
    {5, 0, "content protection (R1 draft)", NULL, NULL},
    {6, COUPLED_BYTES, "coupled sink information", read_coupled, write_coupled},
    {7, 2, "extended capability", read_extended, write_extended},
    {8, 5, "local IP address", read_local_ip, write_local_ip},
    {9, 0, "session information", read_sessions, write_sessions},
    {10, 6, "alternative MAC address", read_alternative, write_alternative},
    {11, 2, "R2 device information", read_r2, write_r2},
};

bool mc_wfd_ie_has(const McWfdIe *self, McWfdSubelement id)
{
    return (self->present >> id & 1) != 0;
}

void mc_wfd_ie_set_device(McWfdIe *self, const McWfdDeviceInfo *device)
{
    self->device = *device;
    self->present |= 1u << MC_WFD_SUBELEMENT_DEVICE_INFO;
}

void mc_wfd_ie_set_extended(McWfdIe *self, uint16_t capability)
{
    self->extended_capability = capability;
    self->present |= 1u << MC_WFD_SUBELEMENT_EXTENDED_CAPABILITY;
}

void mc_wfd_ie_set_r2(McWfdIe *self, McWfdType type)
{
    self->r2_bitmap = (uint16_t) type;
    self->present |= 1u << MC_WFD_SUBELEMENT_R2_DEVICE_INFO;
}

bool mc_wfd_ie_add_session(McWfdIe *self, const McWfdSession *session)
{
    if (self->n_sessions >= MC_WFD_MAX_SESSIONS)
        return false;
    self->sessions[self->n_sessions++] = *session;
    self->present |= 1u << MC_WFD_SUBELEMENT_SESSION_INFO;
    return true;
}

static void keep_other(McWfdIe *self, uint8_t id, const uint8_t *body, size_t len)
{
    if (self->n_other == MC_WFD_MAX_OTHER ||
        len > (size_t) MC_WFD_MAX_OTHER_BYTES - self->other_bytes_used) {
        self->n_dropped++;
        return;
    }
    self->other[self->n_other++] = (McWfdOther){id, self->other_bytes_used, (uint16_t) len};
    memcpy(self->other_bytes + self->other_bytes_used, body, len);
    self->other_bytes_used += (uint16_t) len;
}

static void read_subelement(McWfdIe *self, uint8_t id, const uint8_t *body, size_t len)
{
    if (id >= G_N_ELEMENTS(subelements) || !subelements[id].read) {
        keep_other(self, id, body, len);
    } else if (mc_wfd_ie_has(self, id)) {
        self->n_dropped++; /* the first one counts, as with hostap */
    } else if (len >= subelements[id].min_len && subelements[id].read(self, body, len)) {
        self->present |= (uint16_t) (1u << id);
    } else {
        keep_other(self, id, body, len);
    }
}

bool mc_wfd_ie_parse_subelements(const uint8_t *bytes, size_t len, McWfdIe *ret)
{
    size_t at = 0;

    memset(ret, 0, sizeof(*ret));
    if (len > MC_WFD_MAX_IE_BYTES)
        return false;
    while (len - at >= TLV_HEADER) {
        size_t body = get16(bytes + at + 1);

        if (body > len - at - TLV_HEADER)
            return false;
        read_subelement(ret, bytes[at], bytes + at + TLV_HEADER, body);
        at += TLV_HEADER + body;
    }
    return at == len;
}

bool mc_wfd_ie_parse_elements(const uint8_t *bytes, size_t len, McWfdIe *ret)
{
    uint8_t joined[MC_WFD_MAX_IE_BYTES];
    size_t n = 0, at = 0;

    if (len > sizeof(joined)) {
        memset(ret, 0, sizeof(*ret));
        return false;
    }
    while (len - at >= 2 && bytes[at + 1] <= len - at - 2) {
        const uint8_t *payload = bytes + at + 2;
        size_t size = bytes[at + 1];

        if (bytes[at] == ELEMENT_VENDOR && size >= sizeof(wfd_oui_type) &&
            memcmp(payload, wfd_oui_type, sizeof(wfd_oui_type)) == 0) {
            memcpy(joined + n, payload + sizeof(wfd_oui_type), size - sizeof(wfd_oui_type));
            n += size - sizeof(wfd_oui_type);
        }
        at += 2 + size;
    }
    return mc_wfd_ie_parse_subelements(joined, n, ret) && at == len;
}

bool mc_wfd_ie_parse_hex(const char *hex, McWfdIe *ret)
{
    uint8_t bytes[MC_WFD_MAX_IE_BYTES];
    size_t len = 0;

    memset(ret, 0, sizeof(*ret));
    if (strlen(hex) > 2 * sizeof(bytes))
        return false;
    return mc_hex_parse(hex, -1, bytes, sizeof(bytes), &len) &&
           mc_wfd_ie_parse_subelements(bytes, len, ret);
}

bool mc_wfd_device_info_parse(const char *text, McWfdDeviceInfo *ret)
{
    uint8_t b[6];
    size_t len = 0;

    if (g_str_has_prefix(text, "0x"))
        text += 2;
    if (!mc_hex_parse(text, (gssize) strnlen(text, 2 * sizeof(b) + 1), b, sizeof(b), &len) ||
        len != sizeof(b))
        return false;
    *ret = (McWfdDeviceInfo){get16(b), get16(b + 2), get16(b + 4)};
    return true;
}

static void append_subelement(GByteArray *out, uint8_t id, const uint8_t *body, size_t len)
{
    uint8_t header[TLV_HEADER] = {id};

    put16(header + 1, (uint16_t) len);
    g_byte_array_append(out, header, sizeof(header));
    g_byte_array_append(out, body, (guint) len);
}

GByteArray *mc_wfd_ie_build_subelements(const McWfdIe *self)
{
    GByteArray *out = g_byte_array_new();
    uint8_t body[BODY_MAX];

    for (size_t i = 0; i < G_N_ELEMENTS(subelements); i++)
        if (subelements[i].write && mc_wfd_ie_has(self, subelements[i].id))
            append_subelement(out, subelements[i].id, body, subelements[i].write(self, body));
    for (unsigned i = 0; i < self->n_other; i++)
        append_subelement(out, self->other[i].id, self->other_bytes + self->other[i].offset,
                          self->other[i].len);
    return out;
}

GByteArray *mc_wfd_ie_build_elements(const McWfdIe *self)
{
    g_autoptr(GByteArray) tlvs = mc_wfd_ie_build_subelements(self);
    GByteArray *out = g_byte_array_new();

    for (guint at = 0; at < tlvs->len; at += ELEMENT_MAX) {
        guint size = MIN(tlvs->len - at, ELEMENT_MAX);
        uint8_t header[ELEMENT_HEADER] = {ELEMENT_VENDOR, (uint8_t) (size + sizeof(wfd_oui_type))};

        memcpy(header + 2, wfd_oui_type, sizeof(wfd_oui_type));
        g_byte_array_append(out, header, sizeof(header));
        g_byte_array_append(out, tlvs->data + at, size);
    }
    return out;
}

char *mc_wfd_ie_subelement_hex(const McWfdIe *self, uint8_t id)
{
    g_autoptr(GString) text = g_string_new(NULL);
    uint8_t body[BODY_MAX], length[2];
    size_t len;

    if (id >= G_N_ELEMENTS(subelements) || !subelements[id].write || !mc_wfd_ie_has(self, id))
        return NULL;
    len = subelements[id].write(self, body);
    put16(length, (uint16_t) len);
    mc_hex_append(text, length, sizeof(length));
    mc_hex_append(text, body, len);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *mc_wfd_ie_set_command(const McWfdIe *self)
{
    g_autoptr(GByteArray) tlvs = mc_wfd_ie_build_subelements(self);
    GString *text = g_string_new("WFD_SUBELEM_SET all ");

    mc_hex_append(text, tlvs->data, tlvs->len);
    return g_string_free(text, FALSE);
}

bool mc_wfd_device_info_is_available(const McWfdDeviceInfo *self)
{
    return (self->bitmap & MC_WFD_INFO_AVAILABILITY_MASK) == MC_WFD_INFO_AVAILABLE;
}

const char *mc_wfd_subelement_name(uint8_t id)
{
    return id < G_N_ELEMENTS(subelements) ? subelements[id].name : "unknown";
}

static const struct {
    uint16_t bit;
    const char *text;
} device_bits[] =
    {
        {MC_WFD_INFO_COUPLED_AT_SOURCE, "coupled sinks at source"},
        {MC_WFD_INFO_COUPLED_AT_SINK, "coupled sinks"},
        {MC_WFD_INFO_PREFERS_TDLS, "prefers TDLS"},
        {MC_WFD_INFO_HDCP, "HDCP"},
        {MC_WFD_INFO_TIME_SYNC, "802.1AS"},
        {MC_WFD_INFO_SINK_WITHOUT_AUDIO, "no sound"},
        {MC_WFD_INFO_AUDIO_ONLY_SOURCE, "audio-only source"},
},
  extended_bits[] = {
      {MC_WFD_EXTENDED_UIBC, "UIBC"},
      {MC_WFD_EXTENDED_I2C, "I2C"},
      {MC_WFD_EXTENDED_PREFERRED_MODE, "preferred mode"},
      {MC_WFD_EXTENDED_STANDBY_RESUME, "standby and resume"},
};

char *mc_wfd_ie_describe(const McWfdIe *self)
{
    static const char *const types[] = {"source", "primary sink", "secondary sink", "dual role"};
    GString *text = g_string_new(NULL);

    if (!mc_wfd_ie_has(self, MC_WFD_SUBELEMENT_DEVICE_INFO)) {
        g_string_append(text, "no device information");
    } else {
        g_string_append(text, types[MC_WFD_INFO_TYPE(self->device.bitmap)]);
        g_string_append(text, mc_wfd_device_info_is_available(&self->device) ? ", available"
                                                                             : ", not available");
        for (size_t i = 0; i < G_N_ELEMENTS(device_bits); i++)
            if (self->device.bitmap & device_bits[i].bit)
                g_string_append_printf(text, ", %s", device_bits[i].text);
        g_string_append_printf(text, ", port %u, %u Mbit/s", self->device.control_port,
                               self->device.max_throughput_mbps);
    }
    if (mc_wfd_ie_has(self, MC_WFD_SUBELEMENT_R2_DEVICE_INFO))
        g_string_append(text, ", R2");
    if (mc_wfd_ie_has(self, MC_WFD_SUBELEMENT_EXTENDED_CAPABILITY))
        for (size_t i = 0; i < G_N_ELEMENTS(extended_bits); i++)
            if (self->extended_capability & extended_bits[i].bit)
                g_string_append_printf(text, ", %s", extended_bits[i].text);
    return g_string_free(text, FALSE);
}
