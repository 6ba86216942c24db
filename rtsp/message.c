/* SPDX-License-Identifier: MIT */
#include "rtsp/message.h"

#include <string.h>

/*
 *   start line CRLF
 *   *(name ":" value CRLF)      Content-Length names the body's bytes
 *   CRLF
 *   [body]
 *
 * Sinks end lines with LF alone, put spaces before the colon and blank lines between messages;
 * all of that is read.
 */

struct McRtspReader {
    GByteArray *bytes;
    size_t start;      /* where the present message begins */
    size_t scanned;    /* no end of head before this one: each byte is looked at once */
    size_t line_start; /* of the line that contains `scanned` */
    size_t body_start; /* 0: the head has not ended */
    size_t body_bytes;
    GError *error;
};

/* ---- message ---- */

void mc_rtsp_message_clear(McRtspMessage *message)
{
    g_free(message->text);
    memset(message, 0, sizeof(*message));
}

const char *mc_rtsp_message_header(const McRtspMessage *message, const char *name)
{
    for (unsigned i = 0; i < message->n_headers; i++)
        if (!g_ascii_strcasecmp(message->headers[i].name, name))
            return message->headers[i].value;
    return NULL;
}

bool mc_rtsp_message_cseq(const McRtspMessage *message, uint64_t *ret_cseq)
{
    const char *value = mc_rtsp_message_header(message, "CSeq");
    guint64 number;

    if (!value || !g_ascii_string_to_unsigned(value, 10, 0, G_MAXUINT64, &number, NULL))
        return false;
    *ret_cseq = number;
    return true;
}

bool mc_rtsp_message_session(const McRtspMessage *message, char *id, size_t size)
{
    const char *value = mc_rtsp_message_header(message, "Session");

    if (!value)
        return false;
    g_strlcpy(id, value, MIN(size, strcspn(value, ";") + 1));
    g_strchomp(id);
    return true;
}

/* ---- head ---- */

static bool malformed(GError **error, const char *what)
{
    g_set_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_MALFORMED, "the sink sent %s", what);
    return false;
}

static bool too_large(GError **error, const char *what, unsigned limit)
{
    g_set_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_TOO_LARGE,
                "the sink sent %s longer than %u bytes", what, limit);
    return false;
}

static bool all_token(const char *text)
{
    for (; *text; text++)
        if (!g_ascii_isalnum(*text) && !strchr("-_", *text))
            return false;
    return true;
}

static bool parse_response_line(McRtspMessage *message, char *rest, GError **error)
{
    guint64 status = 0;
    char *reason = strchr(rest, ' ');

    if (reason)
        *reason++ = '\0';
    if (!g_ascii_string_to_unsigned(rest, 10, 100, 999, &status, NULL))
        return malformed(error, "a status line without a status");
    message->is_response = true;
    message->status = (unsigned) status;
    message->reason = reason ? reason : "";
    return true;
}

static bool parse_start_line(McRtspMessage *message, char *line, GError **error)
{
    char *second = strchr(g_strchomp(line), ' ');

    if (!second)
        return malformed(error, "something that is not RTSP");
    *second++ = '\0';
    second += strspn(second, " ");
    if (!g_ascii_strncasecmp(line, "RTSP/", 5)) {
        message->version = line;
        return parse_response_line(message, second, error);
    }
    char *version = strrchr(second, ' ');
    if (!version || !*line || !all_token(line) || g_ascii_strncasecmp(version + 1, "RTSP/", 5) != 0)
        return malformed(error, "something that is not RTSP");
    *version = '\0';
    message->method = line;
    message->uri = g_strchomp(second);
    message->version = version + 1;
    return true;
}

static bool parse_header_line(McRtspMessage *message, char *line, GError **error)
{
    char *colon = strchr(line, ':');

    if (!colon || colon == line)
        return malformed(error, "a header line without a name");
    if (message->n_headers == MC_RTSP_MAX_HEADERS) {
        g_set_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_TOO_LARGE,
                    "the sink sent more than %u headers in one message", MC_RTSP_MAX_HEADERS);
        return false;
    }
    *colon = '\0';
    message->headers[message->n_headers++] =
        (McRtspHeader){.name = g_strstrip(line), .value = g_strstrip(colon + 1)};
    return true;
}

/* A line that starts with a blank goes on the one before (RFC 2326, 15.1). */
static void unfold(char *head, size_t len)
{
    for (size_t i = 0; i + 1 < len; i++)
        if (head[i] == '\n' && (head[i + 1] == ' ' || head[i + 1] == '\t')) {
            head[i] = ' ';
            if (i > 0 && head[i - 1] == '\r')
                head[i - 1] = ' ';
        }
}

static char *next_line(char **cursor)
{
    char *line = *cursor, *end = strchr(line, '\n');

    if (!end)
        return NULL;
    *cursor = end + 1;
    if (end > line && end[-1] == '\r')
        end--;
    *end = '\0';
    return line;
}

/* text holds the head, NUL-terminated. */
static bool parse_head(McRtspMessage *message, char *text, size_t len, GError **error)
{
    char *cursor = text;

    if (memchr(text, '\0', len))
        return malformed(error, "a NUL byte in a message's head");
    unfold(text, len);
    char *line = next_line(&cursor);
    if (!line || !parse_start_line(message, line, error))
        return line ? false : malformed(error, "an empty message");
    while ((line = next_line(&cursor)) && *line)
        if (!parse_header_line(message, line, error))
            return false;
    return true;
}

/* Equal repetitions exist (Samsung); different ones are a trap. */
static bool content_length(const McRtspMessage *message, size_t *ret_bytes, GError **error)
{
    guint64 bytes = 0;
    bool found = false;

    for (unsigned i = 0; i < message->n_headers; i++) {
        guint64 one;
        if (g_ascii_strcasecmp(message->headers[i].name, "Content-Length"))
            continue;
        const char *value = message->headers[i].value;
        if (!g_ascii_string_to_unsigned(value, 10, 0, G_MAXUINT64, &one, NULL))
            return malformed(error, "a Content-Length that is no number");
        if (found && one != bytes)
            return malformed(error, "two Content-Length headers that differ");
        found = true;
        bytes = one;
    }
    if (bytes > MC_RTSP_MAX_BODY)
        return too_large(error, "a body", MC_RTSP_MAX_BODY);
    *ret_bytes = (size_t) bytes;
    return true;
}

/* ---- framing ---- */

McRtspReader *mc_rtsp_reader_new(void)
{
    McRtspReader *self = g_new0(McRtspReader, 1);

    self->bytes = g_byte_array_new();
    return self;
}

void mc_rtsp_reader_free(McRtspReader *self)
{
    if (!self)
        return;
    g_byte_array_unref(self->bytes);
    g_clear_error(&self->error);
    g_free(self);
}

static void compact(McRtspReader *self)
{
    if (self->start == 0)
        return;
    g_byte_array_remove_range(self->bytes, 0, (guint) self->start);
    self->scanned -= self->start;
    self->line_start -= self->start;
    if (self->body_start)
        self->body_start -= self->start;
    self->start = 0;
}

void mc_rtsp_reader_feed(McRtspReader *self, const uint8_t *data, size_t len)
{
    if (self->error)
        return;
    compact(self);
    g_byte_array_append(self->bytes, data, (guint) len);
}

size_t mc_rtsp_reader_held(const McRtspReader *self)
{
    return self->bytes->len - self->start;
}

/* And what a sink counts wrongly: the NUL behind its text, blanks. */
static void skip_blank_lines(McRtspReader *self)
{
    while (self->start < self->bytes->len &&
           memchr("\r\n \t", self->bytes->data[self->start], sizeof("\r\n \t")))
        self->start++;
    self->scanned = MAX(self->scanned, self->start);
    self->line_start = MAX(self->line_start, self->start);
}

static bool blank_line(const McRtspReader *self, size_t line_end)
{
    size_t bytes = line_end - self->line_start;

    return bytes == 0 || (bytes == 1 && self->bytes->data[self->line_start] == '\r');
}

/* 1: the head ends at *ret_end; 0: more is needed; -1: too long. */
static int find_head_end(McRtspReader *self, size_t *ret_end, GError **error)
{
    const uint8_t *data = self->bytes->data;

    for (; self->scanned < self->bytes->len; self->scanned++) {
        if (self->scanned - self->line_start > MC_RTSP_MAX_LINE) {
            too_large(error, "a line", MC_RTSP_MAX_LINE);
            return -1;
        }
        if (self->scanned - self->start > MC_RTSP_MAX_HEAD) {
            too_large(error, "a message's head", MC_RTSP_MAX_HEAD);
            return -1;
        }
        if (data[self->scanned] != '\n')
            continue;
        if (blank_line(self, self->scanned)) {
            *ret_end = ++self->scanned;
            return 1;
        }
        self->line_start = self->scanned + 1;
    }
    return 0;
}

static char *copy_bytes(const McRtspReader *self, size_t from, size_t to, size_t extra)
{
    char *text = g_malloc(to - from + extra + 1);

    memcpy(text, self->bytes->data + from, to - from);
    text[to - from] = '\0';
    return text;
}

static bool start_body(McRtspReader *self, size_t head_end, GError **error)
{
    McRtspMessage head = {0};
    head.text = copy_bytes(self, self->start, head_end, 0);
    bool ok = parse_head(&head, head.text, head_end - self->start, error) &&
              content_length(&head, &self->body_bytes, error);

    mc_rtsp_message_clear(&head);
    self->body_start = ok ? head_end : 0;
    return ok;
}

static void take_message(McRtspReader *self, McRtspMessage *ret_message)
{
    size_t head_bytes = self->body_start - self->start;
    char *text = copy_bytes(self, self->start, self->body_start, self->body_bytes + 1);
    char *body = text + head_bytes + 1;

    memset(ret_message, 0, sizeof(*ret_message));
    ret_message->text = text;
    parse_head(ret_message, text, head_bytes, NULL); /* passed once already */
    memcpy(body, self->bytes->data + self->body_start, self->body_bytes);
    body[self->body_bytes] = '\0';
    ret_message->body = body;
    ret_message->body_bytes = self->body_bytes;
    self->start = self->body_start + self->body_bytes;
    self->scanned = self->line_start = self->start;
    self->body_start = self->body_bytes = 0;
}

static McRtspRead fail(McRtspReader *self, GError **error)
{
    g_propagate_error(error, g_error_copy(self->error));
    return MC_RTSP_FAILED;
}

McRtspRead mc_rtsp_reader_next(McRtspReader *self, McRtspMessage *ret_message, GError **error)
{
    size_t head_end = 0;

    if (self->error)
        return fail(self, error);
    if (!self->body_start) {
        skip_blank_lines(self);
        if (self->start < self->bytes->len && self->bytes->data[self->start] == '$') {
            malformed(&self->error, "an interleaved frame, and RTP over TCP was not agreed on");
            return fail(self, error);
        }
        int found = find_head_end(self, &head_end, &self->error);
        if (found < 0)
            return fail(self, error);
        if (!found)
            return MC_RTSP_MORE;
        if (!start_body(self, head_end, &self->error))
            return fail(self, error);
    }
    if (self->bytes->len - self->body_start < self->body_bytes)
        return MC_RTSP_MORE;
    take_message(self, ret_message);
    return MC_RTSP_MESSAGE;
}

/* ---- writing ---- */

const char *mc_rtsp_reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {303, "See Other"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {415, "Unsupported Media Type"},
        {451, "Parameter Not Understood"},
        {454, "Session Not Found"},
        {455, "Method Not Valid in This State"},
        {457, "Invalid Range"},
        {461, "Unsupported Transport"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "RTSP Version Not Supported"},
        {551, "Option not supported"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}

GString *mc_rtsp_begin_request(const char *method, const char *uri, uint32_t cseq)
{
    GString *out = g_string_sized_new(512);

    g_string_printf(out, "%s %s RTSP/1.0\r\nCSeq: %u\r\n", method, uri, cseq);
    return out;
}

GString *mc_rtsp_begin_response(unsigned status, uint64_t cseq)
{
    GString *out = g_string_sized_new(256);

    g_string_printf(out, "RTSP/1.0 %u %s\r\nCSeq: %" G_GUINT64_FORMAT "\r\n", status,
                    mc_rtsp_reason(status), cseq);
    return out;
}

void mc_rtsp_add_header(GString *out, const char *name, const char *value)
{
    g_string_append_printf(out, "%s: %s\r\n", name, value);
}

GBytes *mc_rtsp_finish(GString *out, const char *body)
{
    if (body)
        g_string_append_printf(out, "Content-Type: text/parameters\r\nContent-Length: %zu\r\n",
                               strlen(body));
    g_string_append(out, "\r\n");
    if (body)
        g_string_append(out, body);
    return g_string_free_to_bytes(out);
}
