/* SPDX-License-Identifier: MIT */
#include "encoder/ts-flavour.h"

#include <string.h>

#define ANDROID                                                                                    \
    .pmt_pid = 0x0100, .pcr_pid = 0x1000, .video_pid = 0x1011, .audio_pid = 0x1100,                \
    .psi_version = 1, .audio_pes_stuffing = 2, .pes_flags = 0x84, .avc_descriptors = true

static const McTsFlavour flavours[] = {
    {"android",
     "as Android and Windows send it: clock on PID 0x1000, tables with version 1",
     {ANDROID}},
    {"gnd",
     "as GNOME Network Displays sends it: PMT on PID 0x0020, clock in the video, no descriptors",
     {.pmt_pid = 0x0020,
      .video_pid = 0x1011,
      .audio_pid = 0x1100,
      .pcr_on_video = true,
      .pes_flags = 0x81}},
    {"pcr-video",
     "android, with the clock in the video's packets",
     {ANDROID, .pcr_on_video = true}},
    {"filled",
     "android, with null packets so that each datagram carries seven",
     {ANDROID, .fill_datagrams = true}},
    {"unbounded",
     "android, with video PES of unstated length",
     {ANDROID, .video_pes_unbounded = true}},
};

const McTsFlavour *mc_ts_flavour_at(unsigned i)
{
    return i < G_N_ELEMENTS(flavours) ? &flavours[i] : NULL;
}

const McTsFlavour *mc_ts_flavour(const char *name)
{
    if (!name || !*name)
        return &flavours[0];
    for (size_t i = 0; i < G_N_ELEMENTS(flavours); i++)
        if (!strcmp(flavours[i].name, name))
            return &flavours[i];
    return NULL;
}
