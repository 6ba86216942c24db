/* SPDX-License-Identifier: MIT */
#include "encoder/h264-opening.h"

struct McH264Opening {
    McStreamVideo video;
    char wish[32];
    GThread *thread; /* NULL: joined, or never there */
    McH264 *h264;    /* the thread's until it is joined */
};

static gpointer run(gpointer user_data)
{
    McH264Opening *self = user_data;

    self->h264 = mc_h264_new(&self->video, self->wish, 0, NULL);
    return NULL;
}

McH264Opening *mc_h264_opening_new(const McStreamVideo *video, const char *wish)
{
    McH264Opening *self = g_new0(McH264Opening, 1);

    self->video = *video;
    g_strlcpy(self->wish, wish ? wish : "", sizeof(self->wish));
    self->thread = g_thread_try_new("mc-opening", run, self, NULL);
    return self;
}

static void join(McH264Opening *self)
{
    if (self->thread)
        g_thread_join(g_steal_pointer(&self->thread));
}

void mc_h264_opening_free(McH264Opening *self)
{
    if (!self)
        return;
    join(self);
    mc_h264_free(self->h264);
    g_free(self);
}

/* All but the rate, which an encoder changes on the fly. */
static bool is_of_mode(const McStreamVideo *one, const McStreamVideo *other)
{
    return one->width_px == other->width_px && one->height_px == other->height_px &&
           one->fps == other->fps && one->high_profile == other->high_profile &&
           one->level_idc == other->level_idc && one->single_slice == other->single_slice;
}

McH264 *mc_h264_opening_take(McH264Opening *self, const McStreamVideo *video)
{
    join(self);
    if (!self->h264 || !is_of_mode(&self->video, video))
        return NULL;
    mc_h264_set_rate(self->h264, video->bitrate_kbps, false);
    return g_steal_pointer(&self->h264);
}
