/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/pipewire-format.h"

#include <drm_fourcc.h>
#include <spa/param/video/format-utils.h>

#include "kmd-shim/capture/pipewire-cursor.h"

/* Mandatory: a side that knows no modifiers knows no DMA-BUF. */
static void add_linear(struct spa_pod_builder *builder)
{
    struct spa_pod_frame choice;

    spa_pod_builder_prop(builder, SPA_FORMAT_VIDEO_modifier,
                         SPA_POD_PROP_FLAG_MANDATORY | SPA_POD_PROP_FLAG_DONT_FIXATE);
    spa_pod_builder_push_choice(builder, &choice, SPA_CHOICE_Enum, 0);
    spa_pod_builder_long(builder, DRM_FORMAT_MOD_LINEAR); /* preferred */
    spa_pod_builder_long(builder, DRM_FORMAT_MOD_LINEAR);
    spa_pod_builder_pop(builder, &choice);
}

static const struct spa_pod *offer(struct spa_pod_builder *builder, bool dmabuf)
{
    struct spa_pod_frame frame;

    spa_pod_builder_push_object(builder, &frame, SPA_TYPE_OBJECT_Format, SPA_PARAM_EnumFormat);
    spa_pod_builder_add(
        builder, SPA_FORMAT_mediaType, SPA_POD_Id(SPA_MEDIA_TYPE_video), SPA_FORMAT_mediaSubtype,
        SPA_POD_Id(SPA_MEDIA_SUBTYPE_raw), SPA_FORMAT_VIDEO_format,
        SPA_POD_CHOICE_ENUM_Id(5, SPA_VIDEO_FORMAT_BGRx, SPA_VIDEO_FORMAT_BGRx,
                               SPA_VIDEO_FORMAT_BGRA, SPA_VIDEO_FORMAT_RGBx, SPA_VIDEO_FORMAT_RGBA),
        0);
    if (dmabuf)
        add_linear(builder);
    spa_pod_builder_add(
        builder, SPA_FORMAT_VIDEO_size,
        SPA_POD_CHOICE_RANGE_Rectangle(&SPA_RECTANGLE(1920, 1080),
                                       &SPA_RECTANGLE(MC_CAPTURE_MIN_PX, MC_CAPTURE_MIN_PX),
                                       &SPA_RECTANGLE(MC_CAPTURE_MAX_PX, MC_CAPTURE_MAX_PX)),
        SPA_FORMAT_VIDEO_framerate,
        SPA_POD_CHOICE_RANGE_Fraction(&SPA_FRACTION(60, 1), &SPA_FRACTION(0, 1),
                                      &SPA_FRACTION(1000, 1)),
        0);
    return spa_pod_builder_pop(builder, &frame);
}

unsigned mc_pipewire_offer(struct spa_pod_builder *builder, bool dmabuf,
                           const struct spa_pod *ret_params[MC_PIPEWIRE_MAX_PARAMS])
{
    ret_params[0] = offer(builder, false);
    if (dmabuf)
        ret_params[1] = offer(builder, true);
    return dmabuf ? 2 : 1;
}

bool mc_pipewire_format_read(const struct spa_pod *param, McPipeWireFormat *ret_format)
{
    struct spa_video_info_raw raw = {0};
    uint32_t type, subtype;

    if (!param || spa_format_parse(param, &type, &subtype) < 0 || type != SPA_MEDIA_TYPE_video ||
        subtype != SPA_MEDIA_SUBTYPE_raw || spa_format_video_raw_parse(param, &raw) < 0)
        return false;
    *ret_format = (McPipeWireFormat){
        .width_px = raw.size.width,
        .height_px = raw.size.height,
        .red_first = raw.format == SPA_VIDEO_FORMAT_RGBx || raw.format == SPA_VIDEO_FORMAT_RGBA,
        .dmabuf = spa_pod_find_prop(param, NULL, SPA_FORMAT_VIDEO_modifier) != NULL};
    return (ret_format->red_first || raw.format == SPA_VIDEO_FORMAT_BGRx ||
            raw.format == SPA_VIDEO_FORMAT_BGRA) &&
           raw.size.width >= MC_CAPTURE_MIN_PX && raw.size.width <= MC_CAPTURE_MAX_PX &&
           raw.size.height >= MC_CAPTURE_MIN_PX && raw.size.height <= MC_CAPTURE_MAX_PX &&
           (!ret_format->dmabuf || raw.modifier == DRM_FORMAT_MOD_LINEAR);
}

static const struct spa_pod *want_meta(struct spa_pod_builder *builder, uint32_t type, size_t bytes)
{
    return spa_pod_builder_add_object(builder, SPA_TYPE_OBJECT_ParamMeta, SPA_PARAM_Meta,
                                      SPA_PARAM_META_type, SPA_POD_Id(type), SPA_PARAM_META_size,
                                      SPA_POD_Int((int) bytes));
}

static const struct spa_pod *want_cursor(struct spa_pod_builder *builder)
{
    return spa_pod_builder_add_object(
        builder, SPA_TYPE_OBJECT_ParamMeta, SPA_PARAM_Meta, SPA_PARAM_META_type,
        SPA_POD_Id(SPA_META_Cursor), SPA_PARAM_META_size,
        SPA_POD_CHOICE_RANGE_Int(MC_PIPEWIRE_CURSOR_BYTES(64), MC_PIPEWIRE_CURSOR_BYTES(1),
                                 MC_PIPEWIRE_CURSOR_BYTES(1024)));
}

static const struct spa_pod *want_buffers(struct spa_pod_builder *builder, bool dmabuf)
{
    const int kinds = dmabuf ? 1 << SPA_DATA_DmaBuf : 1 << SPA_DATA_MemPtr | 1 << SPA_DATA_MemFd;

    return spa_pod_builder_add_object(builder, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers,
                                      SPA_PARAM_BUFFERS_buffers, SPA_POD_CHOICE_RANGE_Int(4, 2, 8),
                                      SPA_PARAM_BUFFERS_dataType, SPA_POD_CHOICE_FLAGS_Int(kinds));
}

unsigned mc_pipewire_wishes(struct spa_pod_builder *builder, const McPipeWireFormat *format,
                            const struct spa_pod *ret_params[MC_PIPEWIRE_MAX_PARAMS])
{
    unsigned count = 0;

    ret_params[count++] = want_buffers(builder, format->dmabuf);
    ret_params[count++] = want_meta(builder, SPA_META_Header, sizeof(struct spa_meta_header));
    ret_params[count++] = want_meta(builder, SPA_META_VideoCrop, sizeof(struct spa_meta_region));
    ret_params[count++] =
        want_meta(builder, SPA_META_VideoTransform, sizeof(struct spa_meta_videotransform));
    ret_params[count++] = want_cursor(builder);
    return count;
}
