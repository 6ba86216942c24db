/* SPDX-License-Identifier: MIT */
/* p2p/wpa-control.h - wpa_supplicant's control socket, which no program that we start inherits.
 * Threads: any.  Owner: whoever opens it, and closes it with wpa_ctrl_close(). */
#pragma once

struct wpa_ctrl;
/* NULL with errno: as libwpa_client's wpa_ctrl_open(). */
struct wpa_ctrl *mc_wpa_control_open(const char *path);
