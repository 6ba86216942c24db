/* SPDX-License-Identifier: MIT */
#include "controller-play.h"

#include <stdio.h>
#include <string.h>

McControllerConfig play_config(void)
{
    McControllerConfig config = {.abilities = MC_ABILITY_ALL};

    mc_wfd_ie_set_device(&config.wfd, &(McWfdDeviceInfo){0x0010, 7236, 200});
    return config;
}

static const char *const told_names[] = {
    [MC_PROGRESS_REQUEST] = "request", [MC_PROGRESS_SHOW_PIN] = "show-pin",
    [MC_PROGRESS_ASK_PIN] = "ask-pin", [MC_PROGRESS_RETRY] = "retry",
    [MC_PROGRESS_READY] = "ready",     [MC_PROGRESS_LOST] = "lost",
    [MC_PROGRESS_LEFT] = "left",       [MC_PROGRESS_FAILED] = "failed",
};

static char *action_text(const McAction *action)
{
    const uint8_t *a = action->own_ip, *p = action->peer_ip;

    switch (action->kind) {
    case MC_ACTION_DHCP_SERVER:
        return g_strdup_printf("dhcp-server %s %u.%u.%u.%u", action->ifname, a[0], a[1], a[2],
                               a[3]);
    case MC_ACTION_DHCP_CLIENT:
        return g_strdup_printf("dhcp-client %s", action->ifname);
    case MC_ACTION_ADDRESS_STATIC:
        return g_strdup_printf("static %s %u.%u.%u.%u %u.%u.%u.%u", action->ifname, a[0], a[1],
                               a[2], a[3], p[0], p[1], p[2], p[3]);
    case MC_ACTION_ADDRESS_STOP:
        return g_strdup_printf("address-stop %s", action->ifname);
    default:
        return g_strdup_printf("power-save-off %s", action->ifname);
    }
}

static void note_state(Play *self, McControllerState state)
{
    g_autofree char *name = g_strconcat(mc_controller_state_name(state), " ", NULL);

    if (!g_str_has_suffix(self->states->str, name))
        g_string_append(self->states, name);
}

static void drain(Play *self)
{
    McAction action;

    while (mc_controller_next_action(self->controller, &action)) {
        if (action.kind == MC_ACTION_PROGRESS)
            note_state(self, action.progress.state);
        if (action.kind == MC_ACTION_COMMAND) {
            g_queue_push_tail(&self->commands, g_memdup2(&action, sizeof(action)));
        } else if (action.kind != MC_ACTION_PROGRESS) {
            g_queue_push_tail(&self->actions, action_text(&action));
        } else if (told_names[action.progress.kind]) {
            const char *detail = action.progress.kind == MC_PROGRESS_SHOW_PIN
                                     ? action.progress.pin
                                     : action.progress.code;
            g_queue_push_tail(&self->told,
                              g_strdup_printf("%s %s", told_names[action.progress.kind], detail));
            g_assert_cmpuint(strlen(action.progress.text), >, 0);
        }
    }
}

void play_answer(Play *self, const char *reply)
{
    if (self->last_id && !self->last_answered) {
        g_autofree char *text = g_strdelimit(g_strdup(reply), "|", '\n');
        mc_controller_reply(self->controller, self->last_id, text, self->now_us);
    }
    self->last_answered = true;
}

static void expect_text(GQueue *queue, const char *text)
{
    g_autofree char *got = g_queue_pop_head(queue);

    g_assert_cmpstr(got, ==, text);
}

static void expect_command(Play *self, const char *text)
{
    g_autofree McAction *action = g_queue_pop_head(&self->commands);

    if (!action)
        g_error("no command where '%s' was expected, state %s", text,
                mc_controller_state_name(mc_controller_state(self->controller)));
    g_autofree char *got = mc_command_text(&action->command);
    g_assert_cmpstr(got, ==, text);
    self->last_id = action->id;
    self->last_answered = false;
}

static void pass_time(Play *self, const char *text)
{
    gint64 end_us = self->now_us + g_ascii_strtoll(text, NULL, 10) * 1000, due;

    while ((due = mc_controller_deadline(self->controller)) >= 0 && due <= end_us) {
        self->now_us = MAX(self->now_us, due);
        mc_controller_tick(self->controller, self->now_us);
        drain(self);
    }
    self->now_us = end_us;
}

static void tell_address(Play *self, const char *text)
{
    McAddressEvent event = {.kind = g_str_has_prefix(text, "own")     ? MC_ADDRESS_OWN
                                    : g_str_has_prefix(text, "lease") ? MC_ADDRESS_LEASE
                                                                      : MC_ADDRESS_FAILED};
    unsigned a[4] = {0}, b[4] = {0};

    sscanf(strchr(text, ' '), " %u.%u.%u.%u %u.%u.%u.%u", &a[0], &a[1], &a[2], &a[3], &b[0], &b[1],
           &b[2], &b[3]);
    for (int i = 0; i < 4; i++) {
        event.own_ip[i] = (uint8_t) a[i];
        event.peer_ip[i] = (uint8_t) b[i];
    }
    g_strlcpy(event.ifname, "p2p-wlan0-0", sizeof(event.ifname));
    mc_controller_address(self->controller, &event, self->now_us);
}

static void check_state(Play *self, const char *name)
{
    McAction *action = g_queue_peek_head(&self->commands);

    g_assert_cmpstr(mc_controller_state_name(mc_controller_state(self->controller)), ==, name);
    if (action) {
        g_autofree char *text = mc_command_text(&action->command);
        g_error("in state %s, not expected: %s", name, text);
    }
    g_assert_cmpstr(g_queue_peek_head(&self->actions), ==, NULL);
    g_assert_cmpstr(g_queue_peek_head(&self->told), ==, NULL);
}

void play_step(Play *self, const char *line)
{
    McWpaEvent event;
    const char *rest = line[0] ? line + 2 : line;

    if (g_test_verbose())
        g_printerr("%s\n", line);
    if (line[0] == 'x')
        self->last_answered = true;
    if (line[0] != '<' && line[0] != '\0')
        play_answer(self, "OK");
    drain(self);
    switch (line[0]) {
    case '>':
        expect_command(self, rest);
        break;
    case '<':
        play_answer(self, rest);
        break;
    case '!':
        g_assert_true(mc_wpa_event_parse(rest, &event));
        mc_controller_event(self->controller, &event, self->now_us);
        break;
    case '@':
        expect_text(&self->actions, rest);
        break;
    case '*':
        expect_text(&self->told, rest);
        break;
    case '+':
        pass_time(self, rest);
        break;
    case 'a':
        tell_address(self, rest);
        break;
    case '=':
        check_state(self, rest);
        break;
    case 'x':
    case '\0':
        break;
    default:
        g_assert_not_reached();
    }
    drain(self);
}

void play(Play *self, const char *script)
{
    g_auto(GStrv) lines = g_strsplit(script, "\n", -1);

    for (char **line = lines; *line; line++)
        play_step(self, *line);
}

void play_begin_with(Play *self, const McControllerConfig *config)
{
    *self = (Play){.controller = mc_controller_new(config),
                   .states = g_string_new(NULL),
                   .now_us = 1000000,
                   .last_answered = true};
}

void play_begin(Play *self, const char *target)
{
    McControllerConfig config = play_config();
    McControllerWish wish = {0};

    play_begin_with(self, &config);
    if (target)
        g_assert_true(mc_controller_connect(self->controller, target, &wish, self->now_us));
}

void play_end(Play *self)
{
    drain(self);
    g_queue_clear_full(&self->commands, g_free);
    g_queue_clear_full(&self->actions, g_free);
    g_queue_clear_full(&self->told, g_free);
    g_string_free(self->states, TRUE);
    mc_controller_free(self->controller);
}

void play_leave(Play *self)
{
    mc_controller_leave(self->controller, self->now_us);
}

static void test_script(gconstpointer data)
{
    const Script *script = data;
    Play self;

    play_begin(&self, script->target);
    play(&self, script->script);
    play_end(&self);
}

void play_add(const Script *scripts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_autofree char *path = g_strdup_printf("/controller/%s", scripts[i].name);
        g_test_add_data_func(path, &scripts[i], test_script);
    }
}
