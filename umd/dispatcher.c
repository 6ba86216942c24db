/* SPDX-License-Identifier: MIT */
#include "umd/dispatcher.h"

#include <string.h>

#include "kmd-shim/abi/message.h"

/* A handler sees a message whose header and size are right; the body's values it checks itself. */
typedef struct {
    McContext *context;
    const void *message; /* aligned copy */
    UINT message_bytes;
    void *output;
    UINT output_bytes;
    UINT written;
} Call;
typedef NTSTATUS (*Handler)(Call *call);

static NTSTATUS handle_display_mode(Call *call)
{
    const McMsgDisplayMode *m = call->message;

    if (m->width_px < 16 || m->width_px > 16384 || m->height_px < 16 || m->height_px > 16384 ||
        m->refresh_mhz < 23900 || m->refresh_mhz > 240000 || m->flags)
        return STATUS_INVALID_PARAMETER;
    return mc_session_set_display_mode(mc_context_session(call->context), m);
}

static NTSTATUS handle_monitor_power(Call *call)
{
    const McMsgMonitorPower *m = call->message;
    McLink *link = mc_context_link(call->context);

    if (m->on > 1)
        return STATUS_INVALID_PARAMETER;
    if (link) /* saves power where the link can; refusing is no failure */
        mc_link_command(link, MC_LINK_POWER_SAVE, !m->on, NULL);
    return mc_session_set_monitor_power(mc_context_session(call->context), m->on);
}

static NTSTATUS handle_cursor(Call *call)
{
    const McMsgCursor *m = call->message;
    size_t pixels = (size_t) m->width_px * m->height_px * 4;
    const uint8_t *bgra = NULL;

    if (m->visible > 1)
        return STATUS_INVALID_PARAMETER;
    if (m->shape_id) {
        if (!pixels || m->width_px > MC_CURSOR_MAX_PX || m->height_px > MC_CURSOR_MAX_PX)
            return STATUS_INVALID_PARAMETER;
        if (call->message_bytes - sizeof(*m) < pixels)
            return STATUS_BUFFER_TOO_SMALL;
        bgra = (const uint8_t *) call->message + sizeof(*m);
    }
    return mc_session_set_cursor(mc_context_session(call->context), m, bgra);
}

static NTSTATUS handle_content_protection(Call *call)
{
    const McMsgContentProtection *m = call->message;

    if (m->protect > 1 || m->hdcp_type > 1)
        return STATUS_INVALID_PARAMETER;
    return mc_session_protect_content(mc_context_session(call->context), m);
}

static NTSTATUS handle_encoder_control(Call *call)
{
    const McMsgEncoderControl *m = call->message;

    if (!m->flags || (m->flags & ~(MC_ENCODER_FORCE_IDR | MC_ENCODER_SET_BITRATE)))
        return STATUS_INVALID_PARAMETER;
    if ((m->flags & MC_ENCODER_SET_BITRATE) && (m->bitrate_kbps < 100 || m->bitrate_kbps > 240000))
        return STATUS_INVALID_PARAMETER;
    return mc_session_control_encoder(mc_context_session(call->context), m);
}

static NTSTATUS handle_audio_format(Call *call)
{
    const McMsgAudioFormat *m = call->message;

    if (m->active > 1 || (m->active && (m->channels == 0 || m->channels > 8)))
        return STATUS_INVALID_PARAMETER;
    return mc_session_set_audio(mc_context_session(call->context), m->active);
}

static NTSTATUS handle_link_control(Call *call)
{
    const McMsgLinkControl *m = call->message;
    McLink *link = mc_context_link(call->context);
    g_autoptr(GError) error = NULL;

    if (m->command < MC_LINK_RADIO_OFF || m->command > MC_LINK_POWER_SAVE)
        return STATUS_INVALID_PARAMETER;
    if (!link)
        return STATUS_INVALID_DEVICE_STATE;
    if (mc_link_command(link, m->command, m->argument, &error))
        return STATUS_SUCCESS;
    return g_error_matches(error, MC_LINK_ERROR, MC_LINK_ERROR_NOT_SUPPORTED) ? STATUS_NOT_SUPPORTED
                                                                              : STATUS_UNSUCCESSFUL;
}

static NTSTATUS handle_input_consent(Call *call)
{
    const McMsgInputConsent *m = call->message;

    if (m->allowed > 1)
        return STATUS_INVALID_PARAMETER;
    return mc_session_set_input(mc_context_session(call->context), m->allowed);
}

static NTSTATUS handle_query_status(Call *call)
{
    McLink *link = mc_context_link(call->context);
    McStatusSnapshot snapshot;

    if (call->output_bytes < sizeof(snapshot))
        return STATUS_BUFFER_TOO_SMALL;
    mc_session_snapshot(mc_context_session(call->context), &snapshot);
    if (link) {
        snapshot.link_state = mc_link_state(link);
        g_strlcpy(snapshot.link_kind, mc_link_kind(link), sizeof(snapshot.link_kind));
    }
    memcpy(call->output, &snapshot, sizeof(snapshot));
    call->written = sizeof(snapshot);
    return STATUS_SUCCESS;
}

static const struct {
    McMsgType type;
    UINT least_bytes;
    bool variable; /* more than least_bytes may follow */
    Handler handler;
} handlers[] = {
    {MC_MSG_DISPLAY_MODE, sizeof(McMsgDisplayMode), false, handle_display_mode},
    {MC_MSG_MONITOR_POWER, sizeof(McMsgMonitorPower), false, handle_monitor_power},
    {MC_MSG_CURSOR, sizeof(McMsgCursor), true, handle_cursor},
    {MC_MSG_CONTENT_PROTECTION, sizeof(McMsgContentProtection), false, handle_content_protection},
    {MC_MSG_ENCODER_CONTROL, sizeof(McMsgEncoderControl), false, handle_encoder_control},
    {MC_MSG_AUDIO_FORMAT, sizeof(McMsgAudioFormat), false, handle_audio_format},
    {MC_MSG_LINK_CONTROL, sizeof(McMsgLinkControl), false, handle_link_control},
    {MC_MSG_INPUT_CONSENT, sizeof(McMsgInputConsent), false, handle_input_consent},
    {MC_MSG_QUERY_STATUS, sizeof(McMsgQueryStatus), false, handle_query_status},
};

static NTSTATUS check_header(const void *input, UINT input_bytes)
{
    McMsgHeader header;

    if (input_bytes > MC_MSG_MAX_BYTES)
        return STATUS_INVALID_BUFFER_SIZE;
    if (input_bytes < sizeof(header))
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(&header, input, sizeof(header));
    if (header.magic != MC_MSG_MAGIC)
        return STATUS_INVALID_PARAMETER;
    if (header.version != MC_MSG_VERSION)
        return STATUS_REVISION_MISMATCH;
    return header.size == input_bytes ? STATUS_SUCCESS : STATUS_INVALID_BUFFER_SIZE;
}

static NTSTATUS run_handler(Call *call)
{
    const McMsgHeader *header = call->message;

    for (unsigned i = 0; i < G_N_ELEMENTS(handlers); i++) {
        if (handlers[i].type != header->type)
            continue;
        if (call->message_bytes < handlers[i].least_bytes)
            return STATUS_BUFFER_TOO_SMALL;
        if (call->message_bytes > handlers[i].least_bytes && !handlers[i].variable)
            return STATUS_INVALID_BUFFER_SIZE;
        if (!mc_context_session(call->context))
            return STATUS_INVALID_DEVICE_STATE;
        return handlers[i].handler(call);
    }
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS mc_dispatch(McContext *context, const void *input, UINT input_bytes, void *output,
                     UINT output_bytes, UINT *ret_bytes)
{
    uint64_t small[16]; /* most messages; the copy is aligned and ours, whatever the sender does */
    g_autofree void *large = NULL;

    *ret_bytes = 0;
    if (!context || (!input && input_bytes) || (!output && output_bytes))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = check_header(input, input_bytes);
    if (!NT_SUCCESS(status))
        return status;
    void *copy = small;
    if (input_bytes > sizeof(small))
        copy = large = g_try_malloc(input_bytes);
    if (!copy)
        return STATUS_NO_MEMORY;
    memcpy(copy, input, input_bytes);
    Call call = {context, copy, input_bytes, output, output_bytes, 0};
    status = run_handler(&call);
    *ret_bytes = call.written;
    return status;
}
