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

#define BLOCK_NS (MC_AUDIO_BLOCK * G_GINT64_CONSTANT(1000000000) / MC_AUDIO_RATE_HZ)
/* A busy machine's blocks come late, but they come; further behind, after a suspend, the gap is
 * skipped. Below what encoder/drift keeps. */
#define LATE_NS (1000 * G_GINT64_CONSTANT(1000000))
#define TONE_HZ 440.0
#define TONE_LEVEL 8000.0
#define BEEP_HZ 1000.0
#define BEEP_NS (50 * G_GINT64_CONSTANT(1000000))
/* From a block's end to asking for it. With an AAC frame's 53 ms it stays below the lead that PTS
 * has over PCR (encoder/stream.c). */
#define FIRST_DELAY_NS (5 * G_GINT64_CONSTANT(1000000))
#define DELAY_STEP_NS (5 * G_GINT64_CONSTANT(1000000))
#define MAX_DELAY_NS (40 * G_GINT64_CONSTANT(1000000))

typedef enum { SILENCE, TONE, BEEP, DESKTOP, READ } Kind;

struct McAudioSource {
    Kind kind;
    int64_t next_ns; /* when the next block begins */
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

/* ---- waiting ---- */

/* The block is due when it is over, as a sound card would give it. */
static bool wait_due(McAudioSource *self)
{
    int64_t due_ns = self->next_ns + BLOCK_NS + self->delay_ns;
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
            mc_desktop_sound_pull(self->desktop, self->next_ns, block, MC_AUDIO_BLOCK))
            return true;
        if (!may_wait(self, epoch, newest_ns))
            break;
        if (!wait_due(self))
            return false;
    }
    mc_desktop_sound_conceal(self->desktop, block, MC_AUDIO_BLOCK);
    return true;
}

/* ---- blocks ---- */

/* Both by the clock: a beep begins with each of its seconds, as the test picture's flash does. */
static int16_t tone_at(const McAudioSource *self, int64_t time_ns)
{
    int64_t within_ns = time_ns % 1000000000;

    if (self->kind == BEEP && within_ns >= BEEP_NS)
        return 0;
    return (int16_t) (TONE_LEVEL * sin(2 * G_PI * (self->kind == BEEP ? BEEP_HZ : TONE_HZ) *
                                       (double) within_ns / 1e9));
}

static void fill_tone(const McAudioSource *self, int16_t *block)
{
    for (unsigned i = 0; i < MC_AUDIO_BLOCK; i++)
        block[2 * i] = block[2 * i + 1] =
            tone_at(self, self->next_ns + i * G_GINT64_CONSTANT(1000000000) / MC_AUDIO_RATE_HZ);
}

static void skip_lost_time(McAudioSource *self)
{
    int64_t now = now_ns();

    if (now - self->next_ns <= LATE_NS)
        return;
    self->skipped_ns += now - self->next_ns;
    self->next_ns = now;
}

int64_t mc_audio_source_skipped_ns(const McAudioSource *self)
{
    return self->skipped_ns;
}

bool mc_audio_source_read(McAudioSource *self, int16_t block[MC_AUDIO_BLOCK * 2],
                          int64_t *ret_time_ns)
{
    skip_lost_time(self);
    if (!wait_due(self))
        return false;
    if (self->kind == DESKTOP && !read_desktop(self, block))
        return false;
    if (self->kind == SILENCE)
        memset(block, 0, MC_AUDIO_BLOCK * 2 * sizeof(*block));
    else if (self->kind == READ)
        self->read(self->next_ns, block, MC_AUDIO_BLOCK, self->read_data);
    else if (self->kind != DESKTOP)
        fill_tone(self, block);
    *ret_time_ns = self->next_ns;
    self->next_ns += BLOCK_NS;
    return true;
}

McAudioSource *mc_audio_source_new(const char *kind, McAudioRead read, void *user_data)
{
    McAudioSource *self = g_new0(McAudioSource, 1);

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
    self->next_ns = now_ns();
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
