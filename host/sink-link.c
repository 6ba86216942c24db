/* SPDX-License-Identifier: MIT */
#include "host/sink-link.h"

/* ---- the interface over a link of our own ---- */

static NTSTATUS NTAPI own_configure(PVOID context, const McUmdOptions *options)
{
    return STATUS_SUCCESS; /* such a module has no options of ours */
}

static bool NTAPI own_listen(PVOID context, const McLinkConfig *config, uint16_t *ret_port,
                             GError **error)
{
    McSinkLink *self = context;
    McLink *link = mc_link_new(config, error);

    if (!link)
        return false;
    g_mutex_lock(&self->lock);
    McLink *before = self->own;
    self->own = link;
    g_mutex_unlock(&self->lock);
    mc_link_free(before);
    return mc_link_listen(link, ret_port, error);
}

static int NTAPI own_wait(PVOID context, GError **error)
{
    return mc_link_wait(((McSinkLink *) context)->own, error);
}

static void NTAPI own_cancel(PVOID context)
{
    McSinkLink *self = context;

    g_mutex_lock(&self->lock);
    if (self->own)
        mc_link_cancel(self->own);
    g_mutex_unlock(&self->lock);
}

static void NTAPI own_leave(PVOID context)
{
    McSinkLink *self = context;

    if (self->own)
        mc_link_leave(self->own);
}

static bool NTAPI own_statistics(PVOID context, McLinkStatistics *ret_statistics)
{
    McSinkLink *self = context;

    return self->own && mc_link_statistics(self->own, ret_statistics);
}

NTSTATUS mc_sink_link_init(McSinkLink *self, McRuntime *runtime, const McUmdOptions *options)
{
    QUERY_MIRACAST_LINK_INTERFACE query =
        (QUERY_MIRACAST_LINK_INTERFACE) mc_runtime_symbol(runtime, "QueryMiracastLinkInterface");

    *self = (McSinkLink){.context = mc_runtime_umd_context(runtime)};
    g_mutex_init(&self->lock);
    if (!query ||
        !NT_SUCCESS(query(MC_LINK_INTERFACE_VERSION_1, sizeof(self->calls), &self->calls))) {
        self->context = self;
        self->calls =
            (MC_LINK_INTERFACE){sizeof(self->calls), own_configure, own_listen,    own_wait,
                                own_cancel,          own_leave,     own_statistics};
    }
    return self->calls.Configure(self->context, options);
}

void mc_sink_link_started(McSinkLink *self)
{
    if (self->own)
        mc_link_settle(self->own);
}

void mc_sink_link_clear(McSinkLink *self)
{
    g_clear_pointer(&self->own, mc_link_free);
}
