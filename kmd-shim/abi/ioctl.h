/* SPDX-License-Identifier: MIT */
/* kmd-shim/abi/ioctl.h - requests of the user-mode driver to the display path (MiracastIoControl ->
 * DxgkDdiMiracastIoControl), synchronous.  Same header rules as kmd-shim/abi/message.h.
 * Threads: any. Owner: the caller; plain data, no functions. */
#pragma once

#include <stdint.h>

#define MC_IOCTL_MAGIC 0x4349434du /* "MCIC" */
#define MC_IOCTL_VERSION 1u

typedef enum {
    MC_IOCTL_MONITOR_ARRIVE = 1,
    MC_IOCTL_MONITOR_DEPART = 2,
    MC_IOCTL_TARGET_MODES = 3,
    MC_IOCTL_INPUT_EVENT = 4,
    MC_IOCTL_FRAME_RELEASE = 5,
    MC_IOCTL_QUERY_DISPLAY = 6,
    MC_IOCTL_PAUSE = 7,
} McIoctlType;

typedef struct {
    uint32_t magic;   /* MC_IOCTL_MAGIC */
    uint16_t version; /* MC_IOCTL_VERSION */
    uint16_t type;    /* McIoctlType */
    uint32_t size;    /* whole request */
    uint32_t reserved;
} McIoctlHeader;

#define MC_EDID_MAX_BYTES 1024u
typedef struct {
    McIoctlHeader header;
    int32_t connector;   /* D3DKMDT_VOT_*, C-58 */
    uint32_t edid_bytes; /* 0: none known; else a multiple of 128, at most MC_EDID_MAX_BYTES */
    char name[64];       /* sink's friendly name, NUL-terminated UTF-8 */
    /* edid_bytes of EDID follow */
} McIoctlMonitorArrive;

typedef struct {
    McIoctlHeader header;
} McIoctlMonitorDepart;

typedef struct {
    uint16_t width_px, height_px;
    uint32_t refresh_mhz;
} McTargetMode;

/* The sink takes no pictures for now, or takes them again (a frame comes at once). */
typedef struct {
    McIoctlHeader header;
    uint32_t paused; /* 0 or 1 */
    uint32_t reserved;
} McIoctlPause;

#define MC_TARGET_MODES_MAX 128u
typedef struct {
    McIoctlHeader header;
    uint32_t count;   /* 1..MC_TARGET_MODES_MAX McTargetMode follow */
    uint32_t current; /* index of the negotiated one: capture runs at its rate from here on */
} McIoctlTargetModes;

typedef enum {
    MC_INPUT_POINTER_MOVE = 1,
    MC_INPUT_POINTER_BUTTON = 2,
    MC_INPUT_KEY = 3,
    MC_INPUT_SCROLL = 4,
    MC_INPUT_TOUCH = 5,
    MC_INPUT_ZOOM = 6,
    MC_INPUT_ROTATE = 7,
    MC_INPUT_HID = 8,
    MC_INPUT_RELEASE = 9, /* whatever is pressed is let go: who pressed it has gone */
} McInputKind;
#define MC_KEY_HID                                                                                 \
    0x100u /* added to a usage of HID's keyboard page: the key, whatever it types                  \
            */
typedef struct {
    McIoctlHeader header;
    uint32_t kind;      /* McInputKind */
    uint32_t id;        /* pointer, button or key: Latin-1, or MC_KEY_HID and a usage */
    int32_t x, y;       /* desktop pixels, or scroll amounts in 1/120 notch */
    uint32_t pressed;   /* 0 or 1 */
    uint32_t hid_bytes; /* with MC_INPUT_HID: bytes of report that follow */
} McIoctlInputEvent;

typedef struct {
    McIoctlHeader header;
    uint64_t frame_id; /* McFrameDesc.frame_id */
} McIoctlFrameRelease;

typedef struct {
    McIoctlHeader header;
} McIoctlQueryDisplay;
typedef struct {
    uint32_t size;
    uint32_t width_px, height_px; /* the desktop that is captured */
    uint32_t refresh_mhz;
    char capture[16]; /* "x11", "test", ... */
} McDisplayInfo;

_Static_assert(sizeof(McIoctlHeader) == 16, "wire layout");
