/* SPDX-License-Identifier: MIT */
/* Whatever wpa_supplicant says: events as lines, "<" before a line makes it the answer to the last
 * command. All of it goes through the Wi-Fi Direct machine, which ends whatever it was told. */
#include <glib.h>
#include <string.h>

#include "p2p/controller.h"
#include "tests/fuzz/fuzz.h"

typedef struct {
    McController *controller;
    unsigned last_id;
    gint64 now_us;
} Run;

static void drain(Run *self)
{
    McAction action;

    while (mc_controller_next_action(self->controller, &action)) {
        if (action.kind != MC_ACTION_COMMAND)
            continue;
        g_autofree char *text = mc_command_text(&action.command);
        g_assert(text && !strchr(text, '\n')); /* one datagram, one command */
        self->last_id = action.id;
    }
}

static void take_line(Run *self, const char *line)
{
    McWpaEvent event;

    self->now_us += 100000;
    if (line[0] == '<' && line[1] != '3') {
        g_autofree char *reply = g_strdelimit(g_strdup(line + 1), "|", '\n');
        mc_controller_reply(self->controller, self->last_id, reply, self->now_us);
    } else if (line[0] == '+') {
        self->now_us += 5 * G_USEC_PER_SEC;
        mc_controller_tick(self->controller, self->now_us);
    } else if (mc_wpa_event_parse(line, &event)) {
        g_assert(g_utf8_validate(event.name, -1, NULL));
        g_assert(event.ssid_len <= sizeof(event.ssid));
        mc_controller_event(self->controller, &event, self->now_us);
    }
    drain(self);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    McControllerConfig config = {.abilities = MC_ABILITY_ALL, .reconnects = 1};
    g_autofree char *text = g_strndup((const char *) data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 256);
    Run self = {.controller = mc_controller_new(&config), .now_us = 1};
    gint64 due;

    mc_controller_discover(self.controller, true, self.now_us);
    mc_controller_connect(self.controller, "Lab", &(McControllerWish){0}, self.now_us);
    for (char **line = lines; *line; line++)
        take_line(&self, *line);
    mc_controller_discover(self.controller, false, self.now_us);
    mc_controller_leave(self.controller, self.now_us);
    for (int i = 0; i < 1000 && (due = mc_controller_deadline(self.controller)) >= 0; i++) {
        self.now_us = MAX(self.now_us, due);
        mc_controller_tick(self.controller, self.now_us);
        drain(&self);
    }
    g_assert(mc_controller_ifname(self.controller)[0] == '\0');
    g_assert(mc_peer_list_count(mc_controller_peers(self.controller)) <= MC_PEER_MAX);
    mc_controller_free(self.controller);
    return 0;
}
