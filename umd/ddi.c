/* SPDX-License-Identifier: MIT */
/* umd/ddi.c - the module's two exports and the entry points behind them: check, translate, hand on.
 */
#include "umd/netdispumdddi.h"

#include <gst/gst.h>
#include <string.h>

#include "umd/context.h"
#include "umd/dispatcher.h"
#include "umd/link-interface.h"

#define EXPORT __attribute__((visibility("default")))

static NTSTATUS NTAPI create_context(HANDLE device, MIRACAST_CALLBACKS *callbacks,
                                     PVOID *ret_context)
{
    NTSTATUS status;

    if (!ret_context)
        return STATUS_INVALID_PARAMETER;
    if (!gst_init_check(NULL, NULL, NULL))
        return STATUS_INSUFFICIENT_RESOURCES;
    McContext *context = mc_context_new(device, callbacks, &status);
    if (context)
        *ret_context = context;
    return status;
}

static VOID NTAPI destroy_context(PVOID context)
{
    mc_context_free(mc_context_from(context));
}

static NTSTATUS NTAPI start_session(PVOID context, SOCKET socket,
                                    MIRACAST_WFD_CONNECTION_STATS *stats,
                                    MIRACAST_SESSION_INFO *ret_info)
{
    McContext *self = mc_context_from(context);

    if (!self || socket < 0 || !ret_info)
        return STATUS_INVALID_PARAMETER;
    return mc_context_start(self, (int) socket, stats, ret_info);
}

static VOID NTAPI stop_session(PVOID context)
{
    McContext *self = mc_context_from(context);

    if (self)
        mc_context_stop(self);
}

static NTSTATUS NTAPI handle_message(PVOID context, UINT input_bytes, VOID *input,
                                     UINT output_bytes, VOID *output, UINT *ret_bytes)
{
    UINT ignored;

    return mc_dispatch(mc_context_from(context), input, input_bytes, output, output_bytes,
                       ret_bytes ? ret_bytes : &ignored);
}

NTSTATUS NTAPI QueryMiracastDriverInterface(UINT version, UINT size, VOID *driver_interface);

EXPORT NTSTATUS NTAPI QueryMiracastDriverInterface(UINT version, UINT size, VOID *driver_interface)
{
    const MIRACAST_DRIVER_INTERFACE ours = {sizeof(ours),  create_context, destroy_context,
                                            start_session, stop_session,   handle_message};

    if (!driver_interface)
        return STATUS_INVALID_PARAMETER;
    if (version != MIRACAST_DRIVER_INTERFACE_VERSION_1)
        return STATUS_NOT_SUPPORTED;
    if (size < sizeof(ours))
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(driver_interface, &ours, sizeof(ours));
    return STATUS_SUCCESS;
}

/* ---- the link interface ---- */

static NTSTATUS NTAPI configure(PVOID context, const McUmdOptions *options)
{
    McContext *self = mc_context_from(context);

    if (!self || !options)
        return STATUS_INVALID_PARAMETER;
    mc_context_configure(self, options);
    return STATUS_SUCCESS;
}

static bool NTAPI link_listen(PVOID context, const McLinkConfig *config, uint16_t *ret_port,
                              GError **error)
{
    return mc_context_listen(mc_context_from(context), config, ret_port, error);
}

static int NTAPI link_wait(PVOID context, GError **error)
{
    return mc_link_wait(mc_context_link(mc_context_from(context)), error);
}

static void NTAPI link_cancel(PVOID context)
{
    mc_context_cancel(mc_context_from(context));
}

static void NTAPI link_leave(PVOID context)
{
    McLink *link = mc_context_link(mc_context_from(context));

    if (link)
        mc_link_leave(link);
}

static bool NTAPI link_statistics(PVOID context, McLinkStatistics *ret_statistics)
{
    McLink *link = mc_context_link(mc_context_from(context));

    return link && mc_link_statistics(link, ret_statistics);
}

EXPORT NTSTATUS NTAPI QueryMiracastLinkInterface(UINT version, UINT size, VOID *link_interface)
{
    const MC_LINK_INTERFACE ours = {sizeof(ours), configure,  link_listen,    link_wait,
                                    link_cancel,  link_leave, link_statistics};

    if (!link_interface)
        return STATUS_INVALID_PARAMETER;
    if (version != MC_LINK_INTERFACE_VERSION_1)
        return STATUS_NOT_SUPPORTED;
    if (size < sizeof(ours))
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(link_interface, &ours, sizeof(ours));
    return STATUS_SUCCESS;
}
