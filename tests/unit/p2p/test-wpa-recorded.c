/* SPDX-License-Identifier: MIT */
/* What a real wpa_supplicant 2.10 said and was told while the program cast to the rig's television
 * (tests/lab/rig/run.py --record), played to the Wi-Fi Direct machine: it gives the same commands
 * again, and goes the same way. */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "controller-play.h"
#include "p2p/engine.h"
#include "p2p/radio.h"

enum { LATE_MS = 500 }; /* a deadline may stand behind the moment that the record has for it */

static const char *data_folder; /* tests/data */

typedef struct {
    const char *file;
    McControllerMethod method;
    unsigned search_ms; /* 0: as long as usual */
    bool finds;         /* the program only looks around */
    bool no_addresses;  /* the sink's lease never came */
    const char *states, *end;
} Recorded;

static char *read_file(const char *folder, const char *name, gsize *ret_len)
{
    g_autofree char *path = g_build_filename(data_folder, folder, name, NULL);
    g_autoptr(GError) error = NULL;
    char *bytes;

    g_file_get_contents(path, &bytes, ret_len, &error);
    g_assert_no_error(error);
    return bytes;
}

/* The rig's card, as the program saw it. */
static void set_radio(McController *controller)
{
    gsize len;
    g_autofree char *dump = read_file("nl80211", "hwsim-de.bin", &len);
    g_autoptr(GPtrArray) cards = mc_radio_parse((const uint8_t *) dump, len);

    mc_controller_set_radio(controller, &mc_radio_best(cards)->facts);
}

static void begin(Play *self, const Recorded *is)
{
    McControllerConfig config = mc_engine_source_config(7236);
    McControllerWish wish = {.method = is->method};

    config.search_ms = is->search_ms;
    play_begin_with(self, &config);
    set_radio(self->controller);
    if (is->finds)
        mc_controller_discover(self->controller, true, self->now_us);
    else
        g_assert_true(mc_controller_connect(self->controller, "Lab Sink", &wish, self->now_us));
}

/* Not of wpa_supplicant's telling: the group's addresses come as soon as they can. */
static void give_address(Play *self, const char *asked)
{
    McAddressEvent event = {
        .kind = MC_ADDRESS_OWN, .own_ip = {192, 168, 50, 20}, .peer_ip = {192, 168, 50, 1}};

    if (sscanf(asked, "dhcp-client %15s", event.ifname) == 1 ||
        sscanf(asked, "dhcp-server %15s", event.ifname) == 1)
        mc_controller_address(self->controller, &event, self->now_us);
}

static void give_addresses(Play *self, const Recorded *is)
{
    McAddressEvent lease = {.kind = MC_ADDRESS_LEASE, .peer_ip = {192, 168, 50, 20}};

    for (char *asked; (asked = g_queue_pop_head(&self->actions)) != NULL; g_free(asked))
        if (!is->no_addresses)
            give_address(self, asked);
    g_strlcpy(lease.ifname, mc_controller_ifname(self->controller), sizeof(lease.ifname));
    if (!is->no_addresses && mc_controller_is_owner(self->controller) &&
        mc_controller_state(self->controller) == MC_CONTROLLER_ADDRESSING)
        mc_controller_address(self->controller, &lease, self->now_us);
}

/* The command that the record has next is not given yet: it is by a deadline; or a person typed a
 * PIN; or the session had ended, and with it the need for a link. */
static void wait_for_command(Play *self)
{
    gint64 due = mc_controller_deadline(self->controller);

    if (!g_queue_is_empty(&self->commands))
        return;
    if (mc_controller_state(self->controller) == MC_CONTROLLER_WAITING_PIN)
        mc_controller_pin(self->controller, "12345670", self->now_us);
    else if (due >= 0 && due <= self->now_us + LATE_MS * 1000)
        play_step(self, "+ 500");
    play_step(self, "");
    if (!g_queue_is_empty(&self->commands))
        return;
    mc_controller_discover(self->controller, false, self->now_us);
    play_leave(self);
    play_step(self, "");
}

static void step(Play *self, const Recorded *is, const char *line)
{
    if (line[0] == '#')
        return;
    if (line[0] == '>')
        wait_for_command(self);
    play_step(self, line);
    give_addresses(self, is);
    play_step(self, ""); /* what follows from that */
}

static const char *last_told(Play *self)
{
    const char *told = g_queue_peek_tail(&self->told);

    return told ? told : "";
}

static void test_recorded(gconstpointer data)
{
    const Recorded *is = data;
    gsize len;
    g_autofree char *record = read_file("wpa-events", is->file, &len);
    g_auto(GStrv) lines = g_strsplit(record, "\n", -1);
    Play self;

    begin(&self, is);
    for (char **line = lines; *line; line++)
        step(&self, is, *line);
    if (is->finds)
        g_assert_cmpstr(mc_peer_list_nth(mc_controller_peers(self.controller), 0)->name, ==,
                        "Lab Sink");
    g_assert_cmpstr(self.states->str, ==, is->states);
    g_assert_cmpstr(last_told(&self), ==, is->end);
    g_assert_true(g_queue_is_empty(&self.commands)); /* all were the record's */
    play_end(&self);
}

#define BEGUN "searching checking negotiating forming "
#define LEFT "ready leaving left "

static const Recorded recorded[] = {
    {"find.txt", .finds = true, .states = "idle ", .end = ""},
    {"pbc-client.txt", .states = BEGUN "addressing " LEFT, .end = "left "},
    {"pbc-owner.txt", .states = BEGUN "associating addressing " LEFT, .end = "left "},
    {"pin-entered.txt", MC_CONTROLLER_METHOD_ENTER_PIN,
     .states = "searching checking provisioning waiting-pin negotiating forming addressing " LEFT,
     .end = "left "},
    {"wrong-pin-entered.txt", MC_CONTROLLER_METHOD_ENTER_PIN,
     .states = "searching checking provisioning waiting-pin negotiating forming pausing "
               "provisioning waiting-pin ",
     .end = "ask-pin "},
    {"wrong-pin-shown.txt", MC_CONTROLLER_METHOD_SHOW_PIN,
     .states = "searching checking provisioning negotiating forming pausing provisioning "
               "negotiating forming pausing provisioning negotiating forming failed ",
     .end = "failed link.wrong-pin"},
    {"busy.txt", .search_ms = 8000, .states = "searching failed ", .end = "failed link.peer-busy"},
    {"refused.txt", .states = "searching checking negotiating pausing looking negotiating failed ",
     .end = "failed link.rejected"},
    {"vanishes-negotiation.txt", .states = "searching checking negotiating pausing looking failed ",
     .end = "failed link.lost"},
    {"vanishes-wps-owner.txt", .states = BEGUN "pausing looking failed ",
     .end = "failed link.lost"},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    data_folder = argv[1];
    for (size_t i = 0; i < G_N_ELEMENTS(recorded); i++) {
        g_autofree char *path = g_strconcat("/wpa-recorded/", recorded[i].file, NULL);
        g_test_add_data_func(path, &recorded[i], test_recorded);
    }
    return g_test_run();
}
