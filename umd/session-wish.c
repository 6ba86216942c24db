/* SPDX-License-Identifier: MIT */
#include "umd/session-wish.h"

#include <string.h>

#include "encoder/stream.h"

#define MINIMUM_KBPS 2000 /* carries 1024x768 at 30 Hz (decision U31) */

static uint32_t link_kbps(const MIRACAST_WFD_CONNECTION_STATS *stats)
{
    uint64_t least = 0;

    for (const UINT64 *rate = &stats->CurrentBitRate; rate <= &stats->RemoteMaxBitRate; rate++)
        if (*rate && (!least || *rate < least))
            least = *rate; /* of those that are known (U44) */
    return (uint32_t) MIN(least / 1000, UINT32_MAX);
}

static uint32_t audio_codecs(void)
{
    return 1u << MC_AUDIO_LPCM | 1u << MC_AUDIO_AAC |
           (mc_stream_has_sound(MC_STREAM_AUDIO_AC3) ? 1u << MC_AUDIO_AC3 : 0);
}

McWfdWish mc_session_wish(const McOs *os, const McUmdOptions *options,
                          const MIRACAST_WFD_CONNECTION_STATS *stats)
{
    McDisplayInfo display = {0};
    bool sound = strcmp(options->audio, "none") != 0;

    mc_os_query_display(os, &display);
    return (McWfdWish){.desktop_width_px = display.width_px,
                       .desktop_height_px = display.height_px,
                       .max_fps = (display.refresh_mhz + 500) / 1000,
                       .mode_width_px = options->mode_width_px,
                       .mode_height_px = options->mode_height_px,
                       .mode_fps = options->mode_fps,
                       .bitrate_kbps = link_kbps(stats),
                       .allow_chp = options->high_profile,
                       .audio = sound,
                       .audio_codecs = audio_codecs()};
}

bool mc_session_wish_is_reduced(const McWfdWish *wish, const McWfdSource *source)
{
    const McWfdDecision *decision = mc_wfd_source_decision(source);
    McWfdWish unbound = *wish;
    g_autofree McWfdDecision *free_of_it = g_new0(McWfdDecision, 1);

    unbound.bitrate_kbps = 0;
    if (!wish->bitrate_kbps || !decision ||
        !mc_wfd_negotiate(mc_wfd_source_caps(source), &unbound, free_of_it, NULL))
        return false;
    const McVideoMode *now = &decision->video[0].mode, *then = &free_of_it->video[0].mode;
    return now->width_px * now->height_px * now->fps < then->width_px * then->height_px * then->fps;
}

bool mc_session_wish_is_hopeless(const McWfdWish *wish)
{
    return wish->bitrate_kbps && wish->bitrate_kbps < MINIMUM_KBPS;
}
