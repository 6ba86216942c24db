/* SPDX-License-Identifier: MIT */
#include "encoder/video-encoder.h"

#include <string.h>

#define IDR_PATIENCE 2 /* pictures that an encoder may take to heed the wish for an IDR */
#define SECOND_CHANCE_US (10 * G_USEC_PER_SEC) /* a device that was reset works again */

struct McVideoEncoder {
    McH264 *h264;
    McStreamVideo video;
    char wish[32];
    McVideoEncoderNote on_note;
    void *user_data;
    gint failed; /* atomic: kinds, as in mc_h264_kind */
    int64_t failed_us;
    McStreamPace pace;
    unsigned idr_unheeded;
    McVideoEncoderStats stats;
};

McVideoEncoder *mc_video_encoder_new(const McStreamVideo *video, const char *wish, uint32_t avoid,
                                     McH264 *h264, GError **error)
{
    g_autoptr(McVideoEncoder) self = g_new0(McVideoEncoder, 1);

    self->video = *video;
    self->pace.kbps = video->bitrate_kbps;
    self->failed = (gint) avoid;
    self->failed_us = avoid ? g_get_monotonic_time() : 0;
    g_strlcpy(self->wish, wish ? wish : "", sizeof(self->wish));
    self->h264 = h264 ? h264 : mc_h264_new(video, self->wish, avoid, error);
    return self->h264 ? g_steal_pointer(&self) : NULL;
}

void mc_video_encoder_on_note(McVideoEncoder *self, McVideoEncoderNote on_note, void *user_data)
{
    self->on_note = on_note;
    self->user_data = user_data;
}

uint32_t mc_video_encoder_failed(const McVideoEncoder *self)
{
    return (uint32_t) g_atomic_int_get(&self->failed);
}

void mc_video_encoder_free(McVideoEncoder *self)
{
    if (!self)
        return;
    mc_h264_free(self->h264);
    g_free(self);
}

void mc_video_encoder_set_pace(McVideoEncoder *self, const McStreamPace *pace)
{
    self->video.bitrate_kbps = pace->kbps;
    self->pace = *pace;
    mc_h264_set_pace(self->h264, pace);
}

void mc_video_encoder_set_single_slice(McVideoEncoder *self, bool single_slice)
{
    self->video.single_slice = single_slice;
    mc_h264_set_single_slice(self->h264, single_slice);
}

/* Another kind that works, or the same anew when it is the only one and not failing all the time.
 */
static McH264 *another(McVideoEncoder *self, GError **error)
{
    const int64_t now_us = g_get_monotonic_time();
    const uint32_t kind = mc_h264_kind(self->h264);
    const bool again = !self->failed_us || now_us - self->failed_us > SECOND_CHANCE_US;
    McH264 *h264;

    g_atomic_int_or(&self->failed, kind);
    self->failed_us = now_us;
    h264 = mc_h264_new(&self->video, self->wish, (uint32_t) g_atomic_int_get(&self->failed), error);
    if (h264 || !again)
        return h264;
    g_clear_error(error);
    return mc_h264_new(&self->video, self->wish, 0, error);
}

/* why becomes the error when no encoder is left. */
static bool replace(McVideoEncoder *self, const GError *why, GError **error)
{
    g_autoptr(GError) none = NULL;
    McH264 *h264 = another(self, &none);

    if (!h264) {
        g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED, "%s; and then %s",
                    why->message, none->message);
        return false;
    }
    g_autofree char *text = g_strdup_printf("%s; %s goes on", why->message, mc_h264_encoder(h264));
    mc_h264_free(self->h264);
    self->h264 = h264;
    mc_h264_set_pace(h264, &self->pace);
    self->idr_unheeded = 0;
    self->stats.replaced++;
    if (self->on_note)
        self->on_note(text, self->user_data);
    return true;
}

/* An encoder that no longer makes key frames leaves a sink that lost something in the dark. */
static bool heeds_wishes(McVideoEncoder *self, bool wanted, bool is_idr, GError **error)
{
    if (is_idr)
        self->idr_unheeded = 0;
    else if (wanted)
        self->idr_unheeded++;
    if (self->idr_unheeded < IDR_PATIENCE)
        return true;
    g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED, "%s makes no key frames",
                mc_h264_encoder(self->h264));
    return false;
}

bool mc_video_encoder_encode(McVideoEncoder *self, McPicture *picture, bool idr, GByteArray *ret_au,
                             bool *ret_idr, GError **error)
{
    self->stats.pictures_in++;
    for (;;) {
        g_autoptr(GError) failure = NULL;

        if (mc_h264_encode(self->h264, picture, idr, ret_au, ret_idr, &failure) &&
            heeds_wishes(self, idr, *ret_idr, &failure)) {
            self->stats.units_out++;
            return true;
        }
        if (!replace(self, failure, error))
            return false;
        idr = true;
    }
}

bool mc_video_encoder_repeat(McVideoEncoder *self, GByteArray *ret_au)
{
    return mc_h264_repeat(self->h264, ret_au);
}

const McH264 *mc_video_encoder_h264(const McVideoEncoder *self)
{
    return self->h264;
}

McVideoEncoderStats mc_video_encoder_stats(const McVideoEncoder *self)
{
    return self->stats;
}
