/* SPDX-License-Identifier: MIT */
#include "encoder/share-choice.h"

bool mc_share_same_mode(const McStreamVideo *one, const McStreamVideo *other)
{
    return one->width_px == other->width_px && one->height_px == other->height_px &&
           one->fps == other->fps && one->high_profile == other->high_profile &&
           one->level_idc == other->level_idc;
}

static bool below(uint32_t kbps, uint32_t most_kbps, unsigned percent)
{
    return (uint64_t) kbps * 100 < (uint64_t) most_kbps * percent;
}

bool mc_share_must_leave(const McShareWish *wish, const McShareGroup *others, int64_t now_us)
{
    if (!others->streams || wish->alone)
        return false;
    if (wish->other_us && now_us - wish->other_us >= MC_SHARE_CURSOR_US)
        return true;
    return below(wish->kbps, others->most_kbps, 75);
}

bool mc_share_agree(const McShareWish *wish, const McShareGroup *to)
{
    const uint32_t least = MIN(wish->kbps, to->least_kbps), most = MAX(wish->kbps, to->most_kbps);

    return !wish->alone && to->streams && !wish->other_us && !below(least, most, 90);
}

static bool is_apart(const McShareWish *wish, int64_t now_us)
{
    const unsigned times = MIN(wish->leaves, MC_SHARE_APART_MOST + 1);

    return times && now_us - wish->left_us < MC_SHARE_APART_US << (times - 1);
}

bool mc_share_may_join(const McShareWish *wish, const McShareGroup *from, const McShareGroup *to,
                       int64_t now_us)
{
    const bool better =
        to->streams > from->streams || (to->streams == from->streams && to->serial < from->serial);

    return better && mc_share_agree(wish, to) && !is_apart(wish, now_us);
}
