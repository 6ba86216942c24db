/* SPDX-License-Identifier: MIT */
#include "umd/context.h"

#include "rtsp/quirks.h"
#include "umd/warm.h"

#define CONTEXT_MAGIC 0x5458434du /* "MCXT" */

struct McContext {
    uint32_t magic;
    McOs os;
    McUmdOptions options;
    McSession *session;
    GMutex link_lock; /* guards the pointer: whoever cancels comes while another is put there */
    McLink *link;
};

McContext *mc_context_new(HANDLE device, const MIRACAST_CALLBACKS *callbacks, NTSTATUS *ret_status)
{
    McContext *self = g_try_new0(McContext, 1);

    if (!self) {
        *ret_status = STATUS_NO_MEMORY;
        return NULL;
    }
    *ret_status = mc_os_init(&self->os, device, callbacks);
    if (!NT_SUCCESS(*ret_status)) {
        g_free(self);
        return NULL;
    }
    self->magic = CONTEXT_MAGIC;
    g_mutex_init(&self->link_lock);
    g_strlcpy(self->options.audio, "auto", sizeof(self->options.audio));
    mc_warm_begin();
    return self;
}

void mc_context_free(McContext *self)
{
    if (!self)
        return;
    mc_context_stop(self);
    mc_warm_end();
    mc_link_free(self->link);
    g_mutex_clear(&self->link_lock);
    self->magic = 0;
    g_free(self);
}

McContext *mc_context_from(PVOID context)
{
    McContext *self = context;

    return self && self->magic == CONTEXT_MAGIC ? self : NULL;
}

/* Once a second on the runtime's thread; NULL is the last call (C-103). */
static void NTAPI on_data_rate(PVOID context, MIRACAST_DATARATE_STATS *stats)
{
    McContext *self = context;

    if (!stats || !self->session)
        return;
    if (stats->EncoderBitRate)
        mc_session_set_bitrate(self->session,
                               (uint32_t) MIN(stats->EncoderBitRate / 1000, UINT32_MAX));
    mc_session_radio(
        self->session,
        &(McRadioNotice){.kbps = (uint32_t) MIN(stats->CurrentMaxTxDataRate / 1000, UINT32_MAX),
                         .sent = stats->TransmittedFrameCount,
                         .failed = stats->FailedFrameCount,
                         .retried = stats->RetriedFrameCount});
}

NTSTATUS mc_context_start(McContext *self, int rtsp_fd, const MIRACAST_WFD_CONNECTION_STATS *stats,
                          MIRACAST_SESSION_INFO *ret_info)
{
    if (self->session)
        return STATUS_INVALID_DEVICE_STATE;
    McSession *session = mc_session_new(&self->os, &self->options, self->link, rtsp_fd, stats);
    if (!session)
        return STATUS_NO_MEMORY;
    NTSTATUS status = mc_session_start(session, ret_info);
    if (!NT_SUCCESS(status)) {
        mc_session_free(session);
        return status;
    }
    self->session = session;
    /* STATUS_NOT_SUPPORTED is an answer too: this link has no such figures. */
    self->os.callbacks.RegisterForDataRateNotifications(self->os.device, self, on_data_rate);
    return STATUS_SUCCESS;
}

void mc_context_stop(McContext *self)
{
    if (!self->session)
        return;
    mc_session_stop(self->session);
    self->os.callbacks.RegisterForDataRateNotifications(self->os.device, self, NULL);
    g_clear_pointer(&self->session, mc_session_free);
}

void mc_context_configure(McContext *self, const McUmdOptions *options)
{
    self->options = *options;
}

McSession *mc_context_session(McContext *self)
{
    return self->session;
}

McLink *mc_context_link(McContext *self)
{
    return self->link;
}

/* Some sinks dial a port of their own choice (rtsp/quirks). */
static uint16_t port_of(const McLinkPeer *peer)
{
    char names[MC_QUIRKS_NAMES_BYTES];
    const McSinkIdentity identity = {.device_name = peer->name, .device_info = peer->device_info};

    return mc_quirks_find(&identity, names).rtsp_port;
}

bool mc_context_listen(McContext *self, const McLinkConfig *config, uint16_t *ret_port,
                       GError **error)
{
    McLinkConfig known = *config;

    known.port_of = port_of;
    McLink *link = mc_link_new(&known, error);

    if (!link)
        return false;
    g_mutex_lock(&self->link_lock);
    McLink *before = self->link;
    self->link = link; /* now, so that a cancel finds it while it joins the sink */
    g_mutex_unlock(&self->link_lock);
    mc_link_free(before);
    return mc_link_listen(link, ret_port, error);
}

void mc_context_cancel(McContext *self)
{
    g_mutex_lock(&self->link_lock);
    if (self->link)
        mc_link_cancel(self->link);
    g_mutex_unlock(&self->link_lock);
}
