/* SPDX-License-Identifier: MIT */
#include "encoder/h264-opening.h"

#include "encoder/share-choice.h"

struct McH264Opening {
    McStreamVideo video;
    char wish[32];
    GThread *thread; /* NULL: joined, or never there */
    McH264 *h264;    /* the thread's until it is joined */
    uint32_t avoid;
    gint done; /* atomic */
};

static gpointer run(gpointer user_data)
{
    McH264Opening *self = user_data;

    self->h264 = mc_h264_new(&self->video, self->wish, self->avoid, NULL);
    g_atomic_int_set(&self->done, 1);
    return NULL;
}

McH264Opening *mc_h264_opening_new(const McStreamVideo *video, const char *wish, uint32_t avoid)
{
    McH264Opening *self = g_new0(McH264Opening, 1);

    self->video = *video;
    self->avoid = avoid;
    g_strlcpy(self->wish, wish ? wish : "", sizeof(self->wish));
    self->thread = g_thread_try_new("mc-opening", run, self, NULL);
    return self;
}

static void join(McH264Opening *self)
{
    if (self->thread)
        g_thread_join(g_steal_pointer(&self->thread));
}

bool mc_h264_opening_is_done(const McH264Opening *self)
{
    return !self->thread || g_atomic_int_get(&self->done);
}

void mc_h264_opening_free(McH264Opening *self)
{
    if (!self)
        return;
    join(self);
    mc_h264_free(self->h264);
    g_free(self);
}

McH264 *mc_h264_opening_take(McH264Opening *self, const McStreamVideo *video)
{
    join(self);
    if (!self->h264 || !mc_share_same_mode(&self->video, video))
        return NULL;
    mc_h264_set_pace(self->h264, &(McStreamPace){.kbps = video->bitrate_kbps});
    return g_steal_pointer(&self->h264);
}
