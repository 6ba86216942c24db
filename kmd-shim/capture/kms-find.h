/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/kms-find.h - the screen that is meant, out of those of all cards in /dev/dri.
 * Threads: any. Owner: kmd-shim/capture/kms. */
#pragma once

#include "kmd-shim/capture/kms-card.h"

/* wanted: as mc_kms_choose. The card of the screen, opened; the other cards are closed again.
 * MC_CAPTURE_ERROR_NO_CARD, _CARD_DENIED (where none may be opened), _NO_SCREEN. */
McKmsCard *mc_kms_find(const char *wanted, McKmsScreen *ret_screen, GError **error);
