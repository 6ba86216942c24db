/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/kms-card.h - a graphics card as its kernel driver tells of it: screens, and the
 * planes that a CRTC scans out. Only looks: it is never the card's master, and nothing is set or
 * probed.
 * Threads: one at a time. Owner: kmd-shim/capture/kms. */
#pragma once

#include "kmd-shim/capture/kms-choice.h"

typedef enum { MC_KMS_OVERLAY, MC_KMS_PRIMARY, MC_KMS_CURSOR } McKmsPlaneType;

/* A plane that shows a framebuffer. */
typedef struct {
    uint32_t fb_id;
    McKmsPlaneType type;
    uint64_t zpos;
    int32_t x_px, y_px; /* on the screen */
    uint32_t width_px, height_px;
    uint32_t src_x_px, src_y_px, src_width_px, src_height_px; /* 0 x 0: all of the framebuffer */
    bool turned; /* rotated or mirrored on its way out */
} McKmsPlane;

typedef struct McKmsCard McKmsCard;

/* path: "/dev/dri/card0". MC_CAPTURE_ERROR_NO_CARD (also: it has no screens at all),
 * MC_CAPTURE_ERROR_CARD_DENIED. */
McKmsCard *mc_kms_card_open(const char *path, GError **error);
void mc_kms_card_close(McKmsCard *self); /* NULL is fine */
int mc_kms_card_fd(const McKmsCard *self);
const char *mc_kms_card_name(const McKmsCard *self); /* "card0" */

/* Closes the card and opens it again under the same descriptor. The kernel shows its text console
 * again once nobody has the card open any more, and who only looks must not keep it from that. Its
 * mappings must be gone. False: the card is gone. */
bool mc_kms_card_reopen(McKmsCard *self);

/* Appends a McKmsScreen for each connector. */
void mc_kms_card_list(McKmsCard *self, GArray *screens);
/* What the connector shows now; crtc_id is 0 where it is off or gone. False: the card is gone. */
bool mc_kms_card_look(McKmsCard *self, McKmsScreen *screen);
/* Those that show something on the CRTC, lowest first, cursor last; at most max. */
unsigned mc_kms_card_planes(McKmsCard *self, uint32_t crtc_id, McKmsPlane *ret, unsigned max);

/* Makes fd readable at the CRTC's next vertical blank; false: the driver has no such thing, or not
 * now. */
bool mc_kms_card_await_blank(McKmsCard *self, uint32_t crtc_id);
/* True: the blank that was awaited has come. Never waits. */
bool mc_kms_card_blank_came(McKmsCard *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McKmsCard, mc_kms_card_close)
