/* SPDX-License-Identifier: MIT */
/* umd/monitor.h - what a session tells the display path of the sink's monitor: arrival with its
 * EDID and connector, departure, the modes that both sides can show, and its pauses (I/O controls
 * MONITOR_ARRIVE, MONITOR_DEPART, TARGET_MODES, PAUSE).
 * Thread: the session's.  Owner: umd/session, as a field; the callbacks outlive it. */
#pragma once

#include "rtsp/negotiate.h"
#include "umd/os.h"

typedef struct {
    const McOs *os;
    bool reported; /* arrived and not departed */
    bool paused;
} McMonitor;

bool mc_monitor_is_connected(const McWfdCaps *caps); /* to the sink, by its reply */
void mc_monitor_arrive(McMonitor *self, const McWfdCaps *caps);
void mc_monitor_depart(McMonitor *self);
/* The sink takes no pictures for now, or again: told where it is new. */
void mc_monitor_pause(McMonitor *self, bool paused);
void mc_monitor_report_modes(McMonitor *self, const McWfdDecision *decision);
