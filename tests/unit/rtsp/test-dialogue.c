/* SPDX-License-Identifier: MIT */
/* Dialogues with real sinks, as captures, logs and their sources show them, replayed: each file of
 * tests/data/dialogues is one.  A line's first letter says what it is:
 *   S line of a message of the sink's; a blank line follows its head by itself
 *   B line of that message's body; Content-Length: * in the head is filled in
 *   b the same without CRLF behind it
 *   E text that our next message holds; a first line of RTSP begins the next message
 *   X nothing of ours is on the wire
 *   V name of the next event, and a part of its text
 *   T seconds that pass, deadlines kept
 *   W wish of ours: pause, play, teardown, renegotiate WxH; or eof: the sink closes;
 *     or clock SECONDS: for so long the stream has run
 *   D device name, for rtsp/quirks; first of all
 */
#include <stdio.h>

#include "source-fixture.h"

typedef struct {
    Fixture f;
    const char *file;
    unsigned line;
    GString *head, *body; /* of the sink's message that is being read */
    GPtrArray *texts;     /* of the block of ours */
} Player;

static const char *const events[] = {"CAPS",       "SETUP", "PLAY",        "PAUSE",   "MODE",
                                     "FORCE_IDR",  "ROUTE", "CONNECTOR",   "DISPLAY", "UIBC",
                                     "AUDIO_MUTE", "LIMIT", "ALTERNATIVE", "CLOSED"};

#define BROKEN(player, format, ...)                                                                \
    g_error("%s:%u: " format, (player)->file, (player)->line, __VA_ARGS__)

static void start(Player *self, const char *device_name)
{
    McWfdSourceConfig config = {.local_ip = "192.168.49.1",
                                .server_rtp_port = 35120,
                                .uibc_port = 50000,
                                .wish = {.desktop_width_px = 1920,
                                         .desktop_height_px = 1080,
                                         .audio = true,
                                         .audio_codecs = 6},
                                .random = 38213907};

    g_strlcpy(config.device_name, device_name, sizeof(config.device_name));
    self->f.now_us = 1000000;
    self->f.source = mc_wfd_source_new(&config, self->f.now_us);
}

static void flush_sink(Player *self)
{
    if (!self->head->len)
        return;
    g_autofree char *length = g_strdup_printf("Content-Length: %zu", self->body->len);
    g_string_replace(self->head, "Content-Length: *", length, 0);
    g_string_append(self->head, "\r\n");
    g_string_append(self->head, self->body->str);
    feed(&self->f, self->head->str);
    g_string_set_size(self->head, 0);
    g_string_set_size(self->body, 0);
}

static void flush_ours(Player *self)
{
    if (!self->texts->len)
        return;
    g_autofree char *out = next_output(&self->f);
    if (!out)
        BROKEN(self, "nothing was sent where \"%s\" belongs (%s)", (char *) self->texts->pdata[0],
               mc_wfd_state_name(mc_wfd_source_state(self->f.source)));
    for (guint i = 0; i < self->texts->len; i++)
        if (!strstr(out, self->texts->pdata[i]))
            BROKEN(self, "no \"%s\" in\n%s", (char *) self->texts->pdata[i], out);
    g_ptr_array_set_size(self->texts, 0);
}

static void check_silence(Player *self)
{
    g_autofree char *out = next_output(&self->f);

    if (out)
        BROKEN(self, "nothing belongs here, and there is\n%s", out);
}

static void check_event(Player *self, char *words)
{
    McWfdEvent event;
    char *text = strchr(words, ' ');

    if (text)
        *text++ = '\0';
    if (!mc_wfd_source_next_event(self->f.source, &event))
        BROKEN(self, "no event %s", words);
    const char *said = event.error ? event.error->message : event.text;
    if (strcmp(events[event.type], words) || (text && !strstr(said, text)))
        BROKEN(self, "%s \"%s\", not %s", events[event.type], said, words);
    mc_wfd_event_clear(&event);
}

static void wish(Player *self, const char *words)
{
    Fixture *f = &self->f;
    McWfdWish other = {.audio_codecs = 6};
    unsigned clock_s;

    if (!strcmp(words, "pause"))
        g_assert_true(mc_wfd_source_pause(f->source, f->now_us, NULL));
    else if (!strcmp(words, "play"))
        g_assert_true(mc_wfd_source_play(f->source, f->now_us, NULL));
    else if (!strcmp(words, "eof"))
        mc_wfd_source_eof(f->source, f->now_us);
    else if (!strcmp(words, "teardown"))
        mc_wfd_source_teardown(f->source, f->now_us);
    else if (sscanf(words, "renegotiate %ux%u", &other.desktop_width_px,
                    &other.desktop_height_px) == 2)
        g_assert_true(mc_wfd_source_renegotiate(f->source, &other, f->now_us, NULL));
    else if (sscanf(words, "clock %u", &clock_s) == 1)
        mc_wfd_source_set_clock(f->source, f->now_us - clock_s * G_USEC_PER_SEC);
    else
        BROKEN(self, "no wish %s", words);
}

static bool begins_message(const char *line)
{
    return g_str_has_prefix(line, "RTSP/") || g_str_has_suffix(line, " RTSP/1.0");
}

static void play_line(Player *self, char *line)
{
    char kind = line[0], *rest = line[0] && line[1] ? line + 2 : line + strlen(line);

    if (kind != 'S' && kind != 'B' && kind != 'b')
        flush_sink(self);
    if (kind != 'E' || begins_message(rest))
        flush_ours(self);
    if (kind == 'S' && self->body->len)
        flush_sink(self); /* the next message */
    if (kind == 'D' || (!self->f.source && kind && kind != '#'))
        start(self, kind == 'D' ? rest : "");
    switch (kind) {
    case 'S':
        if (begins_message(rest))
            flush_sink(self);
        g_string_append_printf(self->head, "%s\r\n", rest);
        break;
    case 'B':
    case 'b':
        g_string_append_printf(self->body, "%s%s", rest, kind == 'B' ? "\r\n" : "");
        break;
    case 'E':
        g_ptr_array_add(self->texts, g_strdup(rest));
        break;
    case 'X':
        check_silence(self);
        break;
    case 'V':
        check_event(self, rest);
        break;
    case 'T':
        live(&self->f, (int64_t) (g_ascii_strtod(rest, NULL) * 1e6));
        break;
    case 'W':
        wish(self, rest);
        break;
    case 'D':
    case '#':
    case '\0':
        break;
    default:
        BROKEN(self, "no line begins with %c", kind);
    }
}

static void test_dialogue(gconstpointer data)
{
    Player self = {.file = data,
                   .head = g_string_new(NULL),
                   .body = g_string_new(NULL),
                   .texts = g_ptr_array_new_with_free_func(g_free)};
    g_autofree char *path = g_build_filename(MC_TEST_DATA, "dialogues", self.file, NULL);
    g_autofree char *text = NULL;
    McWfdEvent event;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        self.line++;
        play_line(&self, *line);
    }
    flush_sink(&self);
    flush_ours(&self);
    check_silence(&self);
    if (mc_wfd_source_next_event(self.f.source, &event))
        BROKEN(&self, "an event is left: %s %s", events[event.type], event.text);
    mc_wfd_source_free(self.f.source);
    g_string_free(self.head, TRUE);
    g_string_free(self.body, TRUE);
    g_ptr_array_unref(self.texts);
}

int main(int argc, char **argv)
{
    g_autoptr(GDir) folder = g_dir_open(MC_TEST_DATA "/dialogues", 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    g_test_init(&argc, &argv, NULL);
    g_assert_nonnull(folder);
    while ((name = g_dir_read_name(folder)))
        g_ptr_array_add(names, g_strdup(name));
    g_assert_cmpuint(names->len, >=, 22);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *test = g_strdup_printf("/dialogue/%s", (char *) names->pdata[i]);
        g_test_add_data_func(test, names->pdata[i], test_dialogue);
    }
    return g_test_run();
}
