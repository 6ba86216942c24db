/* SPDX-License-Identifier: MIT */
/* umd/frame-ledger.h - which chunk each frame is, from its fetch to its end in the log: every frame
 * that was fetched is reported as sent or as dropped (C-80, C-81), and a picture that is encoded
 * again under its old name (C-76).
 * Threads: any; sending is on another than encoding.  Owner: umd/media. */
#pragma once

#include "umd/os.h"

typedef struct McFrameLedger McFrameLedger;

McFrameLedger *mc_frame_ledger_new(const McOs *os);
void mc_frame_ledger_free(McFrameLedger *self); /* NULL is fine; reports nothing */

void mc_frame_ledger_add(McFrameLedger *self, uint64_t frame_id, MIRACAST_CHUNK_ID chunk);
void mc_frame_ledger_encoded(McFrameLedger *self, uint64_t frame_id, uint32_t encode_us,
                             uint32_t kbps);
/* Right before the network is called: those that were added before and did not come are dropped. */
void mc_frame_ledger_sent(McFrameLedger *self, uint64_t frame_id);
void mc_frame_ledger_end(McFrameLedger *self); /* nothing more is sent: the rest is dropped */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McFrameLedger, mc_frame_ledger_free)
