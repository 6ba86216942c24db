/* SPDX-License-Identifier: MIT */
/* p2p/wfd-ie.h - the Wi-Fi Display information element, R1 and R2: model, parser, builder.
 * Thread: any; pure functions over a plain value without pointers (copy it freely).
 * Owner: whoever holds the McWfdIe. */
#pragma once

#include "p2p/mac.h"

typedef enum {
    MC_WFD_SUBELEMENT_DEVICE_INFO = 0,
    MC_WFD_SUBELEMENT_ASSOCIATED_BSSID = 1,
    MC_WFD_SUBELEMENT_COUPLED_SINK = 6, /* 2-5: formats of early R1 drafts, kept raw */
    MC_WFD_SUBELEMENT_EXTENDED_CAPABILITY = 7,
    MC_WFD_SUBELEMENT_LOCAL_IP = 8,
    MC_WFD_SUBELEMENT_SESSION_INFO = 9,
    MC_WFD_SUBELEMENT_ALTERNATIVE_MAC = 10,
    MC_WFD_SUBELEMENT_R2_DEVICE_INFO = 11,
} McWfdSubelement;

typedef enum {
    MC_WFD_TYPE_SOURCE = 0,
    MC_WFD_TYPE_PRIMARY_SINK = 1,
    MC_WFD_TYPE_SECONDARY_SINK = 2, /* reserved in R2's bitmap */
    MC_WFD_TYPE_DUAL = 3,
} McWfdType;

/* Bits of the device information; bits 1:0 are McWfdType, 5:4 the availability (1: available). */
#define MC_WFD_INFO_TYPE(bitmap) ((McWfdType) ((bitmap) &3u))
#define MC_WFD_INFO_COUPLED_AT_SOURCE (1u << 2)
#define MC_WFD_INFO_COUPLED_AT_SINK (1u << 3)
#define MC_WFD_INFO_AVAILABLE (1u << 4)
#define MC_WFD_INFO_AVAILABILITY_MASK (3u << 4)
#define MC_WFD_INFO_SERVICE_DISCOVERY (1u << 6)
#define MC_WFD_INFO_PREFERS_TDLS (1u << 7)
#define MC_WFD_INFO_HDCP (1u << 8)
#define MC_WFD_INFO_TIME_SYNC (1u << 9)
#define MC_WFD_INFO_SINK_WITHOUT_AUDIO (1u << 10)
#define MC_WFD_INFO_AUDIO_ONLY_SOURCE (1u << 11)
#define MC_WFD_INFO_TDLS_PERSISTENT (1u << 12)
#define MC_WFD_INFO_TDLS_REINVOKE (1u << 13)

#define MC_WFD_EXTENDED_UIBC (1u << 0)
#define MC_WFD_EXTENDED_I2C (1u << 1)
#define MC_WFD_EXTENDED_PREFERRED_MODE (1u << 2)
#define MC_WFD_EXTENDED_STANDBY_RESUME (1u << 3)
#define MC_WFD_EXTENDED_TDLS_PERSISTENT (1u << 4)
#define MC_WFD_EXTENDED_TDLS_BSSID (1u << 5)

typedef struct {
    uint16_t bitmap;
    uint16_t control_port; /* a source's RTSP port; a sink's is a hint at most */
    uint16_t max_throughput_mbps;
} McWfdDeviceInfo;

typedef enum { MC_WFD_NOT_COUPLED, MC_WFD_COUPLED, MC_WFD_COUPLED_TEARDOWN } McWfdCoupling;
typedef struct {
    uint8_t status; /* bits 1:0 McWfdCoupling */
    McMac mac;
} McWfdCoupledSink;

typedef struct {
    McMac device;
    McMac associated_bssid;
    uint16_t device_bitmap;
    uint16_t max_throughput_mbps;
    McWfdCoupledSink coupled;
} McWfdSession;

#define MC_WFD_MAX_SESSIONS 16
#define MC_WFD_MAX_OTHER 16
#define MC_WFD_MAX_OTHER_BYTES 512
#define MC_WFD_MAX_IE_BYTES 4096 /* parsers refuse more: a frame has no room for it */

typedef struct {
    uint8_t id;
    uint16_t offset, len; /* into McWfdIe.other_bytes: the body */
} McWfdOther;

typedef struct {
    uint16_t present; /* 1 << McWfdSubelement */
    McWfdDeviceInfo device;
    McMac associated_bssid;
    McWfdCoupledSink coupled;
    uint16_t extended_capability;
    uint8_t local_ip[4];
    unsigned n_sessions;
    McWfdSession sessions[MC_WFD_MAX_SESSIONS];
    McMac alternative_mac;
    uint16_t r2_bitmap; /* bits 1:0: 0 source, 1 primary sink, 3 dual */

    /* Sub-elements we do not know, or whose length is wrong: kept as they are, and sent again. */
    unsigned n_other;
    McWfdOther other[MC_WFD_MAX_OTHER];
    uint16_t other_bytes_used;
    uint8_t other_bytes[MC_WFD_MAX_OTHER_BYTES];
    unsigned n_dropped; /* repeated, or without room above */
} McWfdIe;

bool mc_wfd_ie_has(const McWfdIe *self, McWfdSubelement id);
void mc_wfd_ie_set_device(McWfdIe *self, const McWfdDeviceInfo *device);
void mc_wfd_ie_set_extended(McWfdIe *self, uint16_t capability);
void mc_wfd_ie_set_r2(McWfdIe *self, McWfdType type);
bool mc_wfd_ie_add_session(McWfdIe *self, const McWfdSession *session); /* false: full */

/* All parsers start from an empty *ret, keep whatever came whole, and return false if the rest was
 * cut off, was no hex, or was too long.
 * subelements: concatenated id, length, body; what is inside the elements of one frame. */
bool mc_wfd_ie_parse_subelements(const uint8_t *bytes, size_t len, McWfdIe *ret);
/* The information elements of a frame; those that are not Wi-Fi Display's are skipped. */
bool mc_wfd_ie_parse_elements(const uint8_t *bytes, size_t len, McWfdIe *ret);
bool mc_wfd_ie_parse_hex(const char *hex, McWfdIe *ret); /* value of wfd_subelems= */
/* "0x01111c440032" (value of wfd_dev_info=), with or without "0x". */
bool mc_wfd_device_info_parse(const char *text, McWfdDeviceInfo *ret);

/* Sub-elements in the order of their ids, then the others in the order they came. */
GByteArray *mc_wfd_ie_build_subelements(const McWfdIe *self);
/* The same in vendor elements of at most 251 bytes of sub-elements each. */
GByteArray *mc_wfd_ie_build_elements(const McWfdIe *self);
/* Hex for "WFD_SUBELEM_SET <id> <hex>" (no id byte), NULL if id is not present. */
char *mc_wfd_ie_subelement_hex(const McWfdIe *self, uint8_t id);
/* The whole command "WFD_SUBELEM_SET all <hex>". */
char *mc_wfd_ie_set_command(const McWfdIe *self);

bool mc_wfd_device_info_is_available(const McWfdDeviceInfo *self); /* 00: do not connect */
const char *mc_wfd_subelement_name(uint8_t id);                    /* "unknown" for others */
/* One line for people: "primary sink, available, HDCP, port 7236, 50 Mbit/s, R2, UIBC". */
char *mc_wfd_ie_describe(const McWfdIe *self);
