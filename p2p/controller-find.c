/* SPDX-License-Identifier: MIT */
/* Wi-Fi Direct: announcing ourselves, and finding who else is there. */
#include "p2p/controller-private.h"

#include <string.h>

enum {
    SWEEP_SECONDS = 4, /* most sinks listen on a social channel: found in a moment */
    SWEEP_PAUSE_MS = 50,
    FIND_SECONDS = 30,
};

static void set_name(McController *self)
{
    McCommand command = {.kind = MC_COMMAND_SET, .name = "device_name"};

    g_strlcpy(command.value, self->config.device_name, sizeof(command.value));
    for (char *p = command.value; *p; p++)
        if (g_ascii_iscntrl(*p))
            *p = '_';
    mc_controller_command(self, &command);
}

void mc_controller_announce(McController *self)
{
    McCommand wfd = {.kind = MC_COMMAND_WFD};

    if (self->announced)
        return;
    self->announced = true;
    g_autoptr(GByteArray) bytes = mc_wfd_ie_build_subelements(&self->config.wfd);
    g_autoptr(GString) hex = g_string_new(NULL);
    mc_hex_append(hex, bytes->data, bytes->len);
    g_assert(hex->len < sizeof(wfd.value)); /* what we announce is ours */
    g_strlcpy(wfd.value, hex->str, sizeof(wfd.value));
    mc_controller_command(self, &(McCommand){.kind = MC_COMMAND_WIFI_DISPLAY, .on = true});
    mc_controller_command(self, &wfd);
    if (self->config.device_name[0])
        set_name(self);
}

bool mc_controller_wants_to_find(const McController *self)
{
    return self->state == MC_CONTROLLER_SEARCHING || self->state == MC_CONTROLLER_LOOKING ||
           self->state == MC_CONTROLLER_ASKED ||
           (self->discovering && !mc_controller_is_connecting(self) &&
            self->state != MC_CONTROLLER_LEAVING);
}

void mc_controller_find(McController *self)
{
    mc_controller_announce(self);
    self->find_at_us = -1;
    mc_controller_command(self, &(McCommand){.kind = MC_COMMAND_FIND,
                                             .seconds = self->swept ? FIND_SECONDS : SWEEP_SECONDS,
                                             .social = !self->swept});
}

void mc_controller_find_in(McController *self, McControllerState state)
{
    mc_controller_enter(self, state);
    self->swept = false;
    mc_controller_find(self);
}

void mc_controller_find_again(McController *self)
{
    mc_controller_find_later(self, self->swept ? MC_CONTROLLER_FIND_PAUSE_MS : SWEEP_PAUSE_MS);
    self->swept = true;
}

void mc_controller_find_later(McController *self, unsigned ms)
{
    if (mc_controller_wants_to_find(self) && self->find_at_us < 0)
        self->find_at_us = self->now_us + ms * G_GINT64_CONSTANT(1000);
}

void mc_controller_discover(McController *self, bool on, gint64 now_us)
{
    mc_controller_set_now(self, now_us);
    if (self->discovering == on)
        return;
    self->discovering = on;
    if (mc_controller_is_connecting(self) || self->state == MC_CONTROLLER_SEARCHING)
        return; /* a search finds everybody; while connected nothing scans */
    if (on) {
        self->swept = false;
        mc_controller_find(self);
    } else {
        self->find_at_us = -1;
        mc_controller_simple(self, MC_COMMAND_STOP_FIND);
    }
}
