/* SPDX-License-Identifier: MIT */
#include "p2p/wpa-control.h"

#include <fcntl.h>
#include <stddef.h>
#include <wpa_ctrl.h>

/* The library's own is handed on to every program that is started. */
struct wpa_ctrl *mc_wpa_control_open(const char *path)
{
    struct wpa_ctrl *control = wpa_ctrl_open(path);

    if (control)
        fcntl(wpa_ctrl_get_fd(control), F_SETFD, FD_CLOEXEC);
    return control;
}
