/* SPDX-License-Identifier: MIT */
/* The display path's messages to the user-mode driver, one function each. */
#include "kmd-shim/display-path.h"

#include <string.h>

#include "kmd-shim/display-private.h"

#define SEND(self, type, message, output_bytes, done, user_data)                                   \
    mc_message_port_send((self)->port, type, &(message), sizeof(message), output_bytes, done,      \
                         user_data)

NTSTATUS mc_display_path_send_query_status(McDisplayPath *self, McMessageDone done, void *user_data)
{
    McMsgQueryStatus message = {0};

    return SEND(self, MC_MSG_QUERY_STATUS, message, sizeof(McStatusSnapshot), done, user_data);
}

NTSTATUS mc_display_path_send_display_mode(McDisplayPath *self, uint32_t width_px,
                                           uint32_t height_px, uint32_t refresh_mhz,
                                           McMessageDone done, void *user_data)
{
    McMsgDisplayMode message = {
        .width_px = width_px, .height_px = height_px, .refresh_mhz = refresh_mhz};

    return SEND(self, MC_MSG_DISPLAY_MODE, message, 0, done, user_data);
}

NTSTATUS mc_display_path_send_monitor_power(McDisplayPath *self, bool on, McMessageDone done,
                                            void *user_data)
{
    McMsgMonitorPower message = {.on = on};

    return SEND(self, MC_MSG_MONITOR_POWER, message, 0, done, user_data);
}

NTSTATUS mc_display_path_send_encoder_control(McDisplayPath *self, uint32_t flags,
                                              uint32_t bitrate_kbps, McMessageDone done,
                                              void *user_data)
{
    McMsgEncoderControl message = {.flags = flags, .bitrate_kbps = bitrate_kbps};

    return SEND(self, MC_MSG_ENCODER_CONTROL, message, 0, done, user_data);
}

NTSTATUS mc_display_path_send_content_protection(McDisplayPath *self, bool protect,
                                                 uint32_t hdcp_type, McMessageDone done,
                                                 void *user_data)
{
    McMsgContentProtection message = {.protect = protect, .hdcp_type = hdcp_type};

    return SEND(self, MC_MSG_CONTENT_PROTECTION, message, 0, done, user_data);
}

NTSTATUS mc_display_path_send_audio_format(McDisplayPath *self, bool active, uint32_t rate_hz,
                                           uint32_t channels, uint32_t bits, McMessageDone done,
                                           void *user_data)
{
    McMsgAudioFormat message = {
        .active = active, .rate_hz = rate_hz, .channels = channels, .bits = bits};

    return SEND(self, MC_MSG_AUDIO_FORMAT, message, 0, done, user_data);
}

NTSTATUS mc_display_path_send_link_control(McDisplayPath *self, McLinkCommand command,
                                           uint32_t argument, McMessageDone done, void *user_data)
{
    McMsgLinkControl message = {.command = command, .argument = argument};

    return SEND(self, MC_MSG_LINK_CONTROL, message, 0, done, user_data);
}

/* ---- cursor ---- */

NTSTATUS mc_display_path_send_cursor(McDisplayPath *self, const McMsgCursor *cursor,
                                     const uint8_t *bgra, McMessageDone done, void *user_data)
{
    size_t image_bytes = (size_t) cursor->width_px * cursor->height_px * 4;

    if (!cursor->shape_id)
        return SEND(self, MC_MSG_CURSOR, *cursor, 0, done, user_data);
    if (!bgra || !image_bytes || cursor->width_px > MC_CURSOR_MAX_PX ||
        cursor->height_px > MC_CURSOR_MAX_PX)
        return STATUS_INVALID_PARAMETER;
    g_autofree uint8_t *message = g_try_malloc(sizeof(*cursor) + image_bytes);
    if (!message)
        return STATUS_NO_MEMORY;
    memcpy(message, cursor, sizeof(*cursor));
    memcpy(message + sizeof(*cursor), bgra, image_bytes);
    return mc_message_port_send(self->port, MC_MSG_CURSOR, message,
                                (ULONG) (sizeof(*cursor) + image_bytes), 0, done, user_data);
}
