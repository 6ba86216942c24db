/* SPDX-License-Identifier: MIT */
/* Who leaves an encoding and who joins it; encoder/encodings-private.h says what the files share.
 */
#include "encoder/encodings-private.h"

#define SAID_TOGETHER "one encoding for this sink and others"
#define SAID_APART "an encoding of its own: the sinks' links or pointers differ"

/* ---- how it stands ---- */

static bool same_cursor(const McSeatCursor *one, const McSeatCursor *other)
{
    return one->visible == other->visible && !one->bgra == !other->bgra &&
           one->shape == other->shape;
}

static McShareWish wish_of(const McSeat *self)
{
    return (McShareWish){.kbps = self->pace.kbps,
                         .alone = self->resting,
                         .left_us = self->left_us,
                         .leaves = self->leaves,
                         .other_us = self->other_us};
}

static void add_to_group(McShareGroup *group, const McSeat *seat)
{
    const uint32_t kbps = seat->pace.kbps;

    group->least_kbps = group->streams ? MIN(group->least_kbps, kbps) : kbps;
    group->most_kbps = MAX(group->most_kbps, kbps);
    group->streams++;
}

/* Without one seat, without those that rest or leave, and with those on their way to it. */
static McShareGroup group_of(const McEncoding *self, const McSeat *but)
{
    McShareGroup group = {.serial = self->serial};

    for (guint i = 0; i < self->house->all->len; i++) {
        const McEncoding *encoding = g_ptr_array_index(self->house->all, i);
        for (guint k = 0; k < encoding->seats->len; k++) {
            const McSeat *seat = g_ptr_array_index(encoding->seats, k);
            const McEncoding *soon = seat->next ? seat->next : encoding;
            if (soon == self && seat != but && !seat->resting)
                add_to_group(&group, seat);
        }
    }
    return group;
}

/* ---- moving ---- */

static void cancel(McSeat *self)
{
    McEncoding *own = self->next_is_own ? self->next : NULL;

    self->next = NULL;
    self->next_is_own = false;
    if (own)
        mc_encoding_bury(own);
}

void mc_seat_cancel_next(McSeat *self)
{
    if (self->next)
        cancel(self);
}

void mc_encoding_cancel_guests(McEncoding *self)
{
    for (guint i = 0; i < self->house->all->len; i++) {
        const McEncoding *encoding = g_ptr_array_index(self->house->all, i);
        for (guint k = 0; k < encoding->seats->len; k++) {
            McSeat *seat = g_ptr_array_index(encoding->seats, k);
            if (seat->next == self)
                seat->next = NULL;
        }
    }
}

/* What it leaves behind, the others go on with. */
static void enter(McSeat *self, McEncoding *to, uint64_t at)
{
    McEncoding *from = self->encoding;

    self->next = NULL;
    self->next_is_own = false;
    g_ptr_array_remove(from->seats, self);
    g_ptr_array_add(to->seats, self);
    self->encoding = to;
    self->at = at;
    self->needs_idr = true;
    self->other_us = 0;
    self->replaced_seen = to->info.replaced;
    mc_encoding_follow_pace(to);
    mc_encoding_follow_pace(from);
    from->cursor_waits = to->cursor_waits = true;
    mc_encoding_follow_cursor(from);
    mc_encoding_follow_cursor(to);
    mc_encoding_wake(from);
    mc_encoding_bury(from);
}

void mc_seat_move_to(McSeat *self, McEncoding *own)
{
    McEncoding *from = self->encoding;

    if (self->next != own)
        mc_seat_cancel_next(self);
    mc_convert_free(own->convert);
    own->convert = mc_convert_copy(from->convert, own->video.width_px, own->video.height_px);
    own->schedule = from->schedule;
    mc_schedule_restart(&own->schedule, own->video.fps);
    own->known = from->known;
    own->newest = from->newest;
    own->shape = from->shape;
    own->guarded = from->guarded;
    own->withheld = from->withheld;
    enter(self, own, 1);
}

McEncoding *mc_encoding_new_opening(McSeat *seat)
{
    const McEncoding *now = seat->encoding;
    McEncoding *self = mc_encoding_new(now->house, &now->video, now->wish);

    self->video.bitrate_kbps = seat->pace.kbps;
    self->video.single_slice = self->single_slice = seat->single_slice;
    self->avoid = now->encoder ? mc_video_encoder_failed(now->encoder) : now->avoid;
    self->opening = mc_h264_opening_new(&self->video, self->wish, self->avoid);
    return self;
}

void mc_seat_move_if_open(McSeat *self)
{
    McEncoding *own = self->next_is_own ? self->next : NULL;

    if (!own || !mc_h264_opening_is_done(own->opening))
        return;
    McH264 *h264 = mc_h264_opening_take(own->opening, &own->video);
    if (!h264) { /* it stays, and tries again some time */
        cancel(self);
        return;
    }
    mc_encoding_set_encoder(own,
                            mc_video_encoder_new(&own->video, own->wish, own->avoid, h264, NULL));
    mc_seat_move_to(self, own);
    self->said = SAID_APART;
}

bool mc_seat_move_if_idr(McSeat *self)
{
    McEncoding *to = self->next_is_own ? NULL : self->next;
    uint64_t at = self->join_from;

    if (!to)
        return false;
    const McShareWish wish = wish_of(self);
    const McShareGroup group = group_of(to, self);
    if (to->error || to->guarded || !mc_share_agree(&wish, &group)) {
        self->next = NULL;
        return false;
    }
    if (to->n_units + 1 > MC_UNITS_KEPT)
        at = MAX(at, to->n_units + 2 - MC_UNITS_KEPT);
    while (at <= to->n_units && !to->unit[at % MC_UNITS_KEPT]->idr)
        at++;
    if (at > to->n_units)
        return false;
    enter(self, to, at);
    for (guint i = 0; i < to->seats->len; i++)
        ((McSeat *) g_ptr_array_index(to->seats, i))->said = SAID_TOGETHER;
    return true;
}

/* ---- who may, who must ---- */

/* It may be that another encoding takes it in: with its next key frame. */
static void try_to_join(McSeat *self, McEncoding *to)
{
    const McShareWish wish = wish_of(self);
    const McShareGroup from = group_of(self->encoding, NULL), there = group_of(to, NULL);
    McSeat *lead = mc_encoding_lead(to);

    if (self->next || !lead || !same_cursor(&self->cursor, &lead->cursor) ||
        !mc_share_may_join(&wish, &from, &there, g_get_monotonic_time()))
        return;
    self->next = to;
    self->next_is_own = false;
    self->join_from = to->n_units + 1;
    to->schedule.idr_wanted = true;
    mc_encoding_wake(to);
}

static bool may_share(const McEncoding *one, const McEncoding *other)
{
    return one != other && one->encoder && other->encoder && !one->error && !other->error &&
           !one->guarded && !other->guarded && !g_strcmp0(one->wish, other->wish) &&
           mc_share_same_mode(&one->video, &other->video);
}

static void try_all(McEncoding *from, McEncoding *to)
{
    for (guint i = 0; i < from->seats->len; i++)
        try_to_join(g_ptr_array_index(from->seats, i), to);
}

void mc_seat_meet(McSeat *self, const McFrameDesc *frame)
{
    McEncoding *mine = self->encoding;

    mc_encoding_judge(mine);
    if (!mc_known_find(&mine->known, frame->pixels, frame->capture_ns))
        return;
    for (guint i = 0; i < mine->house->all->len; i++) {
        McEncoding *other = g_ptr_array_index(mine->house->all, i);
        if (!may_share(mine, other) ||
            !mc_known_find(&other->known, frame->pixels, frame->capture_ns))
            continue;
        try_all(mine, other);
        try_all(other, mine);
    }
}

/* A person's pointer is told to each stream by itself. */
static void compare_cursor(McSeat *self, const McSeat *lead, int64_t now_us)
{
    if (!lead || same_cursor(&self->cursor, &lead->cursor))
        self->other_us = 0;
    else if (!self->other_us)
        self->other_us = now_us;
}

static void judge(McSeat *self, int64_t now_us)
{
    compare_cursor(self, mc_encoding_lead(self->encoding), now_us);
    const McShareWish wish = wish_of(self);
    const McShareGroup others = group_of(self->encoding, self);

    if (self->next || !mc_share_must_leave(&wish, &others, now_us))
        return;
    self->left_us = now_us;
    self->leaves++;
    self->next = mc_encoding_new_opening(self);
    self->next_is_own = true;
}

void mc_encoding_judge(McEncoding *self)
{
    if (self->seats->len < 2)
        return;
    for (guint i = 0; i < self->seats->len; i++)
        judge(g_ptr_array_index(self->seats, i), g_get_monotonic_time());
}
