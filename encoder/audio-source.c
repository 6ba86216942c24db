/* SPDX-License-Identifier: MIT */
#include "encoder/audio-source.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "encoder/desktop-sound.h"

/* A busy machine's blocks come late, but they come; further behind, after a suspend, the gap is
 * skipped. Below what encoder/drift keeps. */
#define LATE_NS (1000 * G_GINT64_CONSTANT(1000000))
#define TONE_HZ 440.0
#define TONE_LEVEL 8000.0
#define BEEP_HZ 1000.0
#define BEEP_NS (50 * G_GINT64_CONSTANT(1000000))
/* From a block's end to asking for it. With an AAC frame's 43 ms it stays below the lead that PTS
 * has over PCR (encoder/stream.c). */
#define FIRST_DELAY_NS (5 * G_GINT64_CONSTANT(1000000))
#define DELAY_STEP_NS (5 * G_GINT64_CONSTANT(1000000))
#define MAX_DELAY_NS (40 * G_GINT64_CONSTANT(1000000))

typedef enum { SILENCE, TONE, BEEP, DESKTOP, READ } Kind;

struct McAudioSource {
    Kind kind;
    unsigned block_pairs;
    int64_t base_ns; /* when pair 0 was */
    int64_t pairs;   /* read since */
    int64_t next_ns; /* when the next block begins: a block is no whole number of ns */
    int64_t skipped_ns;
    int timer_fd, wake_fd;
    McAudioRead read;
    void *read_data;
    McDesktopSound *desktop;
    unsigned epoch;   /* of its stream */
    int64_t delay_ns; /* how long after its end a block is asked for */
};

static int64_t now_ns(void)
{
    return g_get_monotonic_time() * 1000;
}

/* When the pair begins. */
static int64_t pair_ns(const McAudioSource *self, int64_t pair)
{
    return self->base_ns + pair * 1000000000 / MC_AUDIO_RATE_HZ;
}

static void begin_at(McAudioSource *self, int64_t at_ns)
{
    self->base_ns = self->next_ns = at_ns;
    self->pairs = 0;
}

/* ---- waiting ---- */

/* The block is due when it is over, as a sound card would give it. */
static bool wait_due(McAudioSource *self)
{
    int64_t due_ns = pair_ns(self, self->pairs + self->block_pairs) + self->delay_ns;
    struct itimerspec spec = {
        .it_value = {.tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000}};
    struct pollfd fds[2] = {{.fd = self->timer_fd, .events = POLLIN},
                            {.fd = self->wake_fd, .events = POLLIN}};

    timerfd_settime(self->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    return !fds[1].revents;
}

/* ---- what the desktop plays ---- */

/* Its pieces come late by what the sound server takes, which only they tell: at the first one, and
 * by each block that is not there yet when it is asked for, as it may come a little later. */
static bool may_wait(McAudioSource *self, unsigned epoch, int64_t newest_ns)
{
    if (newest_ns == 0)
        return false;
    if (epoch != self->epoch) {
        self->epoch = epoch;
        self->delay_ns = CLAMP(now_ns() - newest_ns, FIRST_DELAY_NS, MAX_DELAY_NS);
    } else if (self->delay_ns < MAX_DELAY_NS) {
        self->delay_ns += DELAY_STEP_NS;
    } else {
        return false;
    }
    return true;
}

/* False: woken. The block is silent while nothing is captured, or too late. */
static bool read_desktop(McAudioSource *self, int16_t *block)
{
    unsigned epoch;
    int64_t newest_ns;

    while (mc_desktop_sound_is_live(self->desktop, &epoch, &newest_ns)) {
        if (epoch == self->epoch &&
            mc_desktop_sound_pull(self->desktop, self->next_ns, block, self->block_pairs))
            return true;
        if (!may_wait(self, epoch, newest_ns))
            break;
        if (!wait_due(self))
            return false;
    }
    mc_desktop_sound_conceal(self->desktop, block, self->block_pairs);
    return true;
}

/* ---- blocks ---- */

/* By the clock: a beep begins with each of its seconds, as the test picture's flash does. Whole
 * numbers of Hz go through a second's end without a step; a sine for each sample would cost more
 * than the encoder's look at it. */
static void fill_tone(const McAudioSource *self, int16_t *block)
{
    const double omega = 2 * G_PI * (self->kind == BEEP ? BEEP_HZ : TONE_HZ) / MC_AUDIO_RATE_HZ;
    const double turn_cos = cos(omega), turn_sin = sin(omega);
    const double phase = omega * (double) (self->next_ns % 1000000000) * MC_AUDIO_RATE_HZ / 1e9;
    double c = TONE_LEVEL * cos(phase), s = TONE_LEVEL * sin(phase);

    for (unsigned i = 0; i < self->block_pairs; i++) {
        const bool heard =
            self->kind != BEEP || pair_ns(self, self->pairs + i) % 1000000000 < BEEP_NS;
        const double next = c * turn_cos - s * turn_sin;
        block[2 * i] = block[2 * i + 1] = heard ? (int16_t) s : 0;
        s = s * turn_cos + c * turn_sin;
        c = next;
    }
}

static void skip_lost_time(McAudioSource *self)
{
    int64_t now = now_ns();

    if (now - self->next_ns <= LATE_NS)
        return;
    self->skipped_ns += now - self->next_ns;
    begin_at(self, now);
}

int64_t mc_audio_source_skipped_ns(const McAudioSource *self)
{
    return self->skipped_ns;
}

bool mc_audio_source_read(McAudioSource *self, int16_t *block, int64_t *ret_time_ns)
{
    skip_lost_time(self);
    if (!wait_due(self))
        return false;
    if (self->kind == DESKTOP && !read_desktop(self, block))
        return false;
    if (self->kind == SILENCE)
        memset(block, 0, self->block_pairs * 2 * sizeof(*block));
    else if (self->kind == READ)
        self->read(self->next_ns, block, self->block_pairs, self->read_data);
    else if (self->kind != DESKTOP)
        fill_tone(self, block);
    *ret_time_ns = self->next_ns;
    self->pairs += self->block_pairs;
    self->next_ns = pair_ns(self, self->pairs);
    return true;
}

McAudioSource *mc_audio_source_new(const char *kind, unsigned block_pairs, McAudioRead read,
                                   void *user_data)
{
    McAudioSource *self = g_new0(McAudioSource, 1);

    g_assert(block_pairs > 0 && block_pairs <= MC_AUDIO_MOST_PAIRS);
    self->block_pairs = block_pairs;

    self->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!strcmp(kind, "test"))
        self->kind = TONE;
    else if (!strcmp(kind, "beep"))
        self->kind = BEEP;
    else if (!strcmp(kind, "auto") || g_str_has_prefix(kind, "auto:"))
        self->kind = DESKTOP;
    else if (!strcmp(kind, "file") && read)
        self->kind = READ;
    self->read = read;
    self->read_data = user_data;
    if (self->kind == DESKTOP)
        self->desktop = mc_desktop_sound_new(kind[4] ? kind + 5 : "");
    begin_at(self, now_ns());
    return self;
}

void mc_audio_source_free(McAudioSource *self)
{
    if (!self)
        return;
    mc_desktop_sound_free(self->desktop);
    close(self->timer_fd);
    close(self->wake_fd);
    g_free(self);
}

void mc_audio_source_wake(McAudioSource *self)
{
    eventfd_write(self->wake_fd, 1);
}
