/* SPDX-License-Identifier: MIT */
#include "host/step-limit.h"

#include <glib.h>
#include <string.h>

/* More names than rows share the last one. */
static unsigned row_of(McStepLimit *self, const char *step)
{
    unsigned i = 0;

    while (i < self->n && strcmp(self->rows[i].step, step))
        i++;
    if (i < self->n)
        return i;
    if (self->n == G_N_ELEMENTS(self->rows))
        return self->n - 1;
    g_strlcpy(self->rows[self->n].step, step, sizeof(self->rows[0].step));
    return self->n++;
}

bool mc_step_limit_pass(McStepLimit *self, const char *step, int64_t now_us, unsigned *ret_left_out)
{
    const unsigned i = row_of(self, step);

    *ret_left_out = 0;
    if (self->rows[i].spent_us - now_us >
        (int64_t) (MC_STEP_LIMIT_BURST - 1) * MC_STEP_LIMIT_PERIOD_US) {
        self->rows[i].left_out++;
        return false;
    }
    self->rows[i].spent_us = MAX(self->rows[i].spent_us, now_us) + MC_STEP_LIMIT_PERIOD_US;
    *ret_left_out = self->rows[i].left_out;
    self->rows[i].left_out = 0;
    return true;
}
