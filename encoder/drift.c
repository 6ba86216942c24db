/* SPDX-License-Identifier: MIT */
#include "encoder/drift.h"

#include <math.h>
#include <string.h>

#define RING_PAIRS 65536u /* 1.4 s; a power of two */
#define NOMINAL_NS (1e9 / MC_DRIFT_RATE_HZ)
#define NEW_BEGINNING_NS 60e6
#define JUMP_PAIRS (MC_DRIFT_RATE_HZ * 3 / 100) /* further off: steering would take too long */
#define FADE_PAIRS 96u                          /* 2 ms */
#define MAX_OFF 0.001                           /* no card's clock is further off */
#define MAX_STEER 0.002                         /* 3 cents are not heard */
#define TRUSTED_NS 5e6                     /* an error above counts as this much: a busy machine */
#define STEER_PAIRS (MC_DRIFT_RATE_HZ * 2) /* an error is gone after some 2 s */
/* The loop's bandwidth: wide while it learns, narrow against the jitter of times later on. */
#define LEARNING_PAIRS (MC_DRIFT_RATE_HZ * 10u)
#define LEARNING_HZ 0.15
#define STEADY_HZ 0.02

/* Windowed sinc, cut off at half the rate as there is next to no change of rate. */
#define TAPS 32u
#define PHASES 256u
#define KAISER_BETA 9.0

struct McDrift {
    float ring[RING_PAIRS][2];
    uint64_t written; /* pairs, ever */
    /* The loop: the next pair to be pushed sounds at next_ns. */
    bool locked;
    uint64_t locked_at;
    double next_ns, period_ns;
    /* Reading. */
    bool playing;
    double position; /* of the next pair to be read */
    uint64_t jumps;
};

static float filter[PHASES + 1][TAPS];

static double bessel_i0(double x)
{
    double sum = 1, term = 1;

    for (int k = 1; k < 40; k++) {
        term *= x / 2 / k;
        sum += term * term;
    }
    return sum;
}

static gpointer make_filter(gpointer unused)
{
    for (unsigned phase = 0; phase <= PHASES; phase++) {
        double sum = 0;
        for (unsigned tap = 0; tap < TAPS; tap++) {
            double x = (double) tap - (TAPS / 2.0 - 1) - (double) phase / PHASES;
            double w = 2 * x / TAPS;
            double window =
                fabs(w) < 1 ? bessel_i0(KAISER_BETA * sqrt(1 - w * w)) / bessel_i0(KAISER_BETA) : 0;
            filter[phase][tap] = (float) (window * (fabs(x) < 1e-9 ? 1 : sin(G_PI * x) / G_PI / x));
            sum += (double) filter[phase][tap];
        }
        for (unsigned tap = 0; tap < TAPS; tap++) /* no phase is louder than another */
            filter[phase][tap] = (float) ((double) filter[phase][tap] / sum);
    }
    return NULL;
}

McDrift *mc_drift_new(void)
{
    static GOnce once = G_ONCE_INIT;
    McDrift *self = g_new0(McDrift, 1);

    g_once(&once, make_filter, NULL);
    self->period_ns = NOMINAL_NS;
    /* Silence before the beginning, so that every filter has its taps. */
    self->written = TAPS;
    return self;
}

void mc_drift_free(McDrift *self)
{
    g_free(self);
}

McDriftStats mc_drift_stats(const McDrift *self)
{
    double behind = self->playing ? (double) self->written - self->position : 0;

    return (McDriftStats){.ppm = (NOMINAL_NS / self->period_ns - 1) * 1e6,
                          .jumps = self->jumps,
                          .behind = behind > 0 ? (uint64_t) behind : 0};
}

/* ---- in ---- */

/* A second-order delay-locked loop: phase and rate follow the error by the bandwidth's share. */
static void follow(McDrift *self, size_t pairs, double error_ns)
{
    bool learning = self->written - self->locked_at < LEARNING_PAIRS;
    double omega =
        2 * G_PI * (learning ? LEARNING_HZ : STEADY_HZ) * (double) pairs / MC_DRIFT_RATE_HZ;

    self->next_ns += MIN(G_SQRT2 * omega, 1) * error_ns;
    self->period_ns += omega * omega * error_ns / (double) pairs;
    self->period_ns =
        CLAMP(self->period_ns, NOMINAL_NS * (1 - MAX_OFF), NOMINAL_NS * (1 + MAX_OFF));
}

void mc_drift_push(McDrift *self, const int16_t *samples, size_t pairs, int64_t first_ns)
{
    double error_ns = (double) first_ns - self->next_ns;

    if (pairs == 0)
        return;
    if (self->locked && fabs(error_ns) <= NEW_BEGINNING_NS) {
        follow(self, pairs, error_ns);
    } else {
        self->locked = true;
        self->locked_at = self->written;
        self->next_ns = (double) first_ns;
    }
    for (size_t i = 0; i < pairs; i++, self->written++) {
        float *to = self->ring[self->written % RING_PAIRS];
        to[0] = samples ? samples[2 * i] : 0;
        to[1] = samples ? samples[2 * i + 1] : 0;
    }
    self->next_ns += (double) pairs * self->period_ns;
}

/* ---- out ---- */

static int16_t to_sample(double value)
{
    return (int16_t) CLAMP(lrint(value), INT16_MIN, INT16_MAX);
}

/* The sound at a position between pairs. */
static void interpolate(const McDrift *self, double position, double ret[2])
{
    double whole = floor(position), phase = (position - whole) * PHASES;
    unsigned row = (unsigned) phase;
    float blend = (float) (phase - row), left = 0, right = 0;
    uint64_t first = (uint64_t) (int64_t) whole - (TAPS / 2 - 1);

    for (unsigned tap = 0; tap < TAPS; tap++) {
        const float *pair = self->ring[(first + tap) % RING_PAIRS];
        float weight = filter[row][tap] + blend * (filter[row + 1][tap] - filter[row][tap]);
        left += weight * pair[0];
        right += weight * pair[1];
    }
    ret[0] = (double) left;
    ret[1] = (double) right;
}

static bool is_held(const McDrift *self, double from, double to)
{
    return from >= (double) self->written - RING_PAIRS + TAPS &&
           to + TAPS / 2.0 + 1 <= (double) self->written;
}

/* Between two places of the sound, or out of silence: old < 0. */
static void fade_over(McDrift *self, double old, int16_t *block, size_t pairs, double step)
{
    bool from_old = old >= 0 && is_held(self, old, old + FADE_PAIRS * step);

    for (size_t i = 0; i < MIN(pairs, FADE_PAIRS); i++) {
        double share = (double) i / FADE_PAIRS, before[2] = {0, 0};
        if (from_old)
            interpolate(self, old + (double) i * step, before);
        for (int c = 0; c < 2; c++)
            block[2 * i + c] =
                to_sample(before[c] + share * ((double) block[2 * i + c] - before[c]));
    }
}

bool mc_drift_pull(McDrift *self, int64_t begin_ns, int16_t *block, size_t pairs)
{
    double wanted = (double) self->written - (self->next_ns - (double) begin_ns) / self->period_ns;
    double old = self->playing ? self->position : -1;
    bool jump = !self->playing || fabs(wanted - self->position) > JUMP_PAIRS;
    double at = jump ? wanted : self->position;
    double off = (wanted - at) / STEER_PAIRS;
    double step = NOMINAL_NS / self->period_ns + CLAMP(off, -MAX_STEER, MAX_STEER);

    if (!self->locked || !is_held(self, at, at + (double) pairs * step))
        return false;
    for (size_t i = 0; i < pairs; i++) {
        double pair[2];
        interpolate(self, at + (double) i * step, pair);
        block[2 * i] = to_sample(pair[0]);
        block[2 * i + 1] = to_sample(pair[1]);
    }
    if (jump)
        fade_over(self, old, block, pairs, step);
    self->jumps += jump && self->playing;
    self->playing = true;
    self->position = at + (double) pairs * step;
    return true;
}

void mc_drift_conceal(McDrift *self, int16_t *block, size_t pairs)
{
    memset(block, 0, pairs * 2 * sizeof(*block));
    if (self->playing && is_held(self, self->position, self->position)) {
        for (size_t i = 0; i < MIN(pairs, FADE_PAIRS); i++) {
            double pair[2], at = self->position + (double) i;
            if (!is_held(self, at, at))
                break;
            interpolate(self, at, pair);
            for (int c = 0; c < 2; c++)
                block[2 * i + c] = to_sample(pair[c] * (1 - (double) i / FADE_PAIRS));
        }
    }
    self->jumps += self->playing;
    self->playing = false;
}
