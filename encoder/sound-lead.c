/* SPDX-License-Identifier: MIT */
#include "encoder/sound-lead.h"

#include <glib.h>

#define MS_NS G_GINT64_CONSTANT(1000000)
/* Between two PCR, which are 20 ms apart and more behind a large picture, a receiver takes what
 * comes for evenly spread: sound that is sent right behind one seems to come with the next. */
#define FLOOR_NS (25 * MS_NS)
#define MOST_NS (60 * MS_NS) /* sound that lags by more is noticed */
#define STEP_NS (MS_NS / 4)  /* a frame: about a hundredth of AAC's */
#define WINDOW_FRAMES 24u    /* half a second of AAC */

static void reckon(McSoundLead *self)
{
    self->target_ns = MAX(self->target_ns, MIN(FLOOR_NS - self->best_ns, MOST_NS));
    self->frames = 0;
}

int64_t mc_sound_lead_next(McSoundLead *self, int64_t lead_ns)
{
    self->best_ns = self->frames ? MAX(self->best_ns, lead_ns) : lead_ns;
    if (++self->frames == WINDOW_FRAMES)
        reckon(self);
    self->shift_ns += CLAMP(self->target_ns - self->shift_ns, 0, STEP_NS);
    return self->shift_ns;
}
