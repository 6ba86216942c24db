/* SPDX-License-Identifier: MIT */
#include "umd/monitor.h"

#include <string.h>

bool mc_monitor_is_connected(const McWfdCaps *caps)
{
    return caps->connector != -1 || caps->edid_bytes > 0;
}

void mc_monitor_arrive(McMonitor *self, const McWfdCaps *caps)
{
    size_t edid = MIN(caps->edid_bytes & ~(size_t) 127, MC_EDID_MAX_BYTES);
    size_t size = sizeof(McIoctlMonitorArrive) + edid;
    g_autofree McIoctlMonitorArrive *request = g_malloc0(size);

    mc_os_ioctl_header(&request->header, MC_IOCTL_MONITOR_ARRIVE, (uint32_t) size);
    /* WFD's connector table names HDMI 5 as the DDI does; 15 is a sink built into the display. */
    request->connector = caps->connector == 5 ? 5 : 15;
    request->edid_bytes = (uint32_t) edid;
    g_strlcpy(request->name, caps->friendly_name[0] ? caps->friendly_name : caps->model,
              sizeof(request->name));
    if (edid)
        memcpy((uint8_t *) request + sizeof(*request), caps->edid, edid);
    mc_os_report_event(self->os, MIRACAST_PROTOCOL_EVENT_MONITOR_ARRIVE);
    mc_os_io_control(self->os, request, (UINT) size, NULL, 0, NULL);
    self->reported = true;
}

void mc_monitor_depart(McMonitor *self)
{
    McIoctlMonitorDepart request;

    mc_os_ioctl_header(&request.header, MC_IOCTL_MONITOR_DEPART, sizeof(request));
    mc_os_report_event(self->os, MIRACAST_PROTOCOL_EVENT_MONITOR_DEPART);
    mc_os_io_control(self->os, &request, sizeof(request), NULL, 0, NULL);
    self->reported = false;
}

void mc_monitor_pause(McMonitor *self, bool paused)
{
    McIoctlPause request = {.paused = paused};

    if (paused == self->paused)
        return;
    self->paused = paused;
    mc_os_ioctl_header(&request.header, MC_IOCTL_PAUSE, sizeof(request));
    mc_os_io_control(self->os, &request, sizeof(request), NULL, 0, NULL);
}

void mc_monitor_report_modes(McMonitor *self, const McWfdDecision *decision)
{
    struct {
        McIoctlTargetModes head;
        McTargetMode mode[MC_MAX_ALTERNATIVES];
    } request = {0};
    uint32_t size = (uint32_t) (sizeof(request.head) + decision->n_video * sizeof(McTargetMode));

    mc_os_ioctl_header(&request.head.header, MC_IOCTL_TARGET_MODES, size);
    request.head.count = decision->n_video;
    request.head.current = decision->current_video;
    for (unsigned i = 0; i < decision->n_video; i++) {
        const McVideoMode *mode = &decision->video[i].mode;
        request.mode[i] = (McTargetMode){mode->width_px, mode->height_px, mode->fps * 1000u};
    }
    mc_os_io_control(self->os, &request, size, NULL, 0, NULL);
}
