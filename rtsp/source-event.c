/* SPDX-License-Identifier: MIT */
/* What leaves the machine: events, messages, and the trace of both directions. */
#include <string.h>

#include "rtsp/source-private.h"

#define MAX_EVENTS 64 /* that wait, beside those which must not be lost */

/* ---- events ---- */

void mc_wfd_event_clear(McWfdEvent *event)
{
    g_clear_error(&event->error);
}

/* What a sink wrote goes to terminals and logs. */
static void set_text(McWfdEvent *event, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    const char *end;

    g_strlcpy(event->text, valid, sizeof(event->text));
    g_utf8_validate(event->text, -1, &end); /* the cut may go through a character */
    event->text[end - event->text] = '\0';
    for (char *c = event->text; *c; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
}

/* Of those in a row the last one counts: a storm of M13 is one wish. */
static bool last_counts(McWfdEventType type)
{
    return type == MC_WFD_EVENT_FORCE_IDR || type == MC_WFD_EVENT_ROUTE ||
           type == MC_WFD_EVENT_CONNECTOR || type == MC_WFD_EVENT_UIBC ||
           type == MC_WFD_EVENT_AUDIO_MUTE || type == MC_WFD_EVENT_LIMIT;
}

/* Owner and machine would be in different states without them; each needs a message of its own. */
static bool must_arrive(McWfdEventType type)
{
    return type <= MC_WFD_EVENT_MODE;
}

McWfdEvent *mc_source_push(McWfdSource *self, McWfdEventType type, int value, const char *text)
{
    McWfdEvent *event = g_new0(McWfdEvent, 1);

    event->type = type;
    event->value = value;
    set_text(event, text);
    g_queue_push_tail(&self->events, event);
    return event;
}

void mc_source_event(McWfdSource *self, McWfdEventType type, int value, const char *text)
{
    McWfdEvent *last = g_queue_peek_tail(&self->events);

    if (last && last->type == type && last_counts(type)) {
        last->value = value;
        set_text(last, text);
        return;
    }
    if (g_queue_get_length(&self->events) >= MAX_EVENTS && !must_arrive(type))
        return; /* the owner takes them after each call: only a flood in one read comes here */
    mc_source_push(self, type, value, text);
}

bool mc_wfd_source_next_event(McWfdSource *self, McWfdEvent *ret_event)
{
    McWfdEvent *event = g_queue_pop_head(&self->events);

    if (!event)
        return false;
    *ret_event = *event;
    g_free(event);
    return true;
}

/* ---- trace ---- */

static bool is_secret_name(const char *name, size_t len)
{
    static const char *const words[] = {"pin",      "key",    "keys",  "psk",          "passphrase",
                                        "password", "secret", "token", "authorization"};
    g_autofree char *text = g_ascii_strdown(name, (gssize) len);
    g_auto(GStrv) tokens = g_strsplit_set(text, "_- \t", 16);

    for (char **token = tokens; *token; token++)
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
            if (!strcmp(*token, words[i]))
                return true;
    return false;
}

/* Lines whose name speaks of a secret lose their value. */
static char *redact(const char *text, size_t len)
{
    GString *out = g_string_sized_new(len);

    for (size_t at = 0; at < len;) {
        const char *line = text + at, *end = memchr(line, '\n', len - at);
        size_t bytes = end ? (size_t) (end - line) + 1 : len - at;
        const char *colon = memchr(line, ':', bytes);
        if (colon && is_secret_name(line, (size_t) (colon - line))) {
            g_string_append_len(out, line, colon - line + 1);
            g_string_append(out, " [removed]\r\n");
        } else {
            g_string_append_len(out, line, (gssize) bytes);
        }
        at += bytes;
    }
    return g_string_free(out, FALSE);
}

static void trace(McWfdSource *self, char direction, const char *text, size_t len)
{
    if (!self->trace)
        return;
    g_autofree char *clean = redact(text, len);
    self->trace(direction, clean, strlen(clean), self->trace_data);
}

void mc_source_trace_message(McWfdSource *self, const McRtspMessage *message)
{
    GString *text = g_string_new(NULL);

    if (!self->trace)
        goto out;
    if (message->is_response)
        g_string_append_printf(text, "%s %u %s\r\n", message->version, message->status,
                               message->reason);
    else
        g_string_append_printf(text, "%s %s %s\r\n", message->method, message->uri,
                               message->version);
    for (unsigned i = 0; i < message->n_headers; i++)
        mc_rtsp_add_header(text, message->headers[i].name, message->headers[i].value);
    g_string_append_printf(text, "\r\n%s", message->body);
    trace(self, '<', text->str, text->len);
out:
    g_string_free(text, TRUE);
}

/* ---- messages ---- */

void mc_source_output(McWfdSource *self, GBytes *message)
{
    gsize len;
    const char *text = g_bytes_get_data(message, &len);

    self->counters.messages_out++;
    trace(self, '>', text, len);
    g_queue_push_tail(&self->outputs, message);
}

bool mc_wfd_source_next_output(McWfdSource *self, GBytes **ret_bytes)
{
    GBytes *bytes = g_queue_pop_head(&self->outputs);

    if (bytes)
        *ret_bytes = bytes;
    return bytes != NULL;
}

void mc_wfd_source_set_trace(McWfdSource *self, McWfdTraceFunc func, void *user_data)
{
    self->trace = func;
    self->trace_data = user_data;
    if (func) /* M1 was made before anyone could listen */
        for (GList *item = self->outputs.head; item; item = item->next) {
            gsize len;
            const char *text = g_bytes_get_data(item->data, &len);
            trace(self, '>', text, len);
        }
}
