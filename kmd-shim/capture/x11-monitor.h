/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/x11-monitor.h - the monitors that RandR 1.5 names.
 * Threads: the connection's.  Owner: none; a server that lacks RandR or its monitors has none. */
#pragma once

#include "kmd-shim/capture/x11-connection.h"
#include "kmd-shim/capture/x11-target.h"

/* Where a monitor is, as far as the screen reaches; false: there is none of that name. */
bool mc_x11_monitor_find(McXConnection *x, const char *name, McX11Area *ret);
/* "HDMI-1 (1920x1080+0+0), DP-2 (...)" for people; "" where there is none. */
char *mc_x11_monitor_list(McXConnection *x);
/* The root's ConfigureNotify, and RandR's events from its first number on, tell of changes. */
void mc_x11_monitor_watch(McXConnection *x);
