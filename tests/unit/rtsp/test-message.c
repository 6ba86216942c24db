/* SPDX-License-Identifier: MIT */
/* Framing: whatever way TCP cuts the stream, the messages are the same; every limit has its word.
 */
#include "rtsp/message.h"

#include <string.h>

static const char stream[] = "\r\n\r\n"
                             "RTSP/1.0 200 OK\r\n"
                             "cseq : 7\r\n"
                             "\\Public: \"org.wfa.wfd1.0, GET_PARAMETER, SET_PARAMETER\"\r\n"
                             "\r\n"
                             "SET_PARAMETER rtsp://localhost/wfd1.0 RTSP/1.0\n"
                             "CSeq:8\n"
                             "Content-Type: text/parameters\n"
                             "Content-Length: 17\n"
                             "Content-Length: 17\n"
                             "\n"
                             "wfd_idr_request\r\n"
                             "\r\n" /* a stray one, as Samsung tablets send it */
                             " \t"  /* what a sink counts wrongly */
                             "PLAY rtsp://192.168.49.1:7236/wfd1.0/streamid=0 RTSP/1.0\r\n"
                             "CSEQ: 9\r\n"
                             "Session: 12345678 ; timeout=60\r\n"
                             "X-Folded: one\r\n"
                             " two\r\n"
                             "\tthree\r\n"
                             "\r\n";

static void expect_messages(GPtrArray *messages)
{
    uint64_t cseq;
    char id[16];

    g_assert_cmpuint(messages->len, ==, 3);
    McRtspMessage *answer = messages->pdata[0], *set = messages->pdata[1],
                  *play = messages->pdata[2];
    g_assert_true(answer->is_response);
    g_assert_cmpuint(answer->status, ==, 200);
    g_assert_cmpstr(answer->reason, ==, "OK");
    g_assert_true(mc_rtsp_message_cseq(answer, &cseq));
    g_assert_cmpuint(cseq, ==, 7);
    g_assert_nonnull(mc_rtsp_message_header(answer, "\\Public"));
    g_assert_null(mc_rtsp_message_header(answer, "Public"));
    g_assert_false(mc_rtsp_message_session(answer, id, sizeof(id)));
    g_assert_cmpstr(set->method, ==, "SET_PARAMETER");
    g_assert_cmpstr(set->body, ==, "wfd_idr_request\r\n");
    g_assert_cmpuint(set->body_bytes, ==, 17);
    g_assert_cmpstr(play->uri, ==, "rtsp://192.168.49.1:7236/wfd1.0/streamid=0");
    g_assert_cmpstr(play->version, ==, "RTSP/1.0");
    g_assert_true(mc_rtsp_message_session(play, id, sizeof(id)));
    g_assert_cmpstr(id, ==, "12345678");
    const char *folded = mc_rtsp_message_header(play, "x-folded");
    g_assert_true(g_str_has_prefix(folded, "one") && g_str_has_suffix(folded, "three"));
    g_assert_nonnull(strstr(folded, "two"));
    g_assert_cmpstr(play->body, ==, "");
}

static void message_free(gpointer data)
{
    mc_rtsp_message_clear(data);
    g_free(data);
}

static void drain(McRtspReader *reader, GPtrArray *messages)
{
    McRtspMessage message = {0};
    GError *error = NULL;

    while (mc_rtsp_reader_next(reader, &message, &error) == MC_RTSP_MESSAGE)
        g_ptr_array_add(messages, g_memdup2(&message, sizeof(message)));
    g_assert_no_error(error);
}

/* Two writes for each place of the cut; cut 0 is the whole stream in one. */
static void test_cut(void)
{
    size_t len = strlen(stream);

    for (size_t cut = 0; cut < len; cut++) {
        g_autoptr(McRtspReader) reader = mc_rtsp_reader_new();
        g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func(message_free);
        mc_rtsp_reader_feed(reader, (const uint8_t *) stream, cut);
        drain(reader, messages);
        mc_rtsp_reader_feed(reader, (const uint8_t *) stream + cut, len - cut);
        drain(reader, messages);
        expect_messages(messages);
        g_assert_cmpuint(mc_rtsp_reader_held(reader), ==, 0);
    }
}

static void test_pieces(void)
{
    size_t len = strlen(stream);

    for (size_t piece = 1; piece < 70; piece++) {
        g_autoptr(McRtspReader) reader = mc_rtsp_reader_new();
        g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func(message_free);
        for (size_t at = 0; at < len; at += piece) {
            mc_rtsp_reader_feed(reader, (const uint8_t *) stream + at, MIN(piece, len - at));
            drain(reader, messages);
        }
        expect_messages(messages);
    }
}

/* A sink that sends its text with the NUL that ends it. */
static void test_nul_behind(void)
{
    static const char text[] = "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n\0"
                               "OPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n";
    McRtspReader *reader = mc_rtsp_reader_new();
    g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func(message_free);

    mc_rtsp_reader_feed(reader, (const uint8_t *) text, sizeof(text));
    drain(reader, messages);
    g_assert_cmpuint(messages->len, ==, 2);
    g_assert_cmpuint(mc_rtsp_reader_held(reader), ==, 0);
    mc_rtsp_reader_free(reader);
}

/* ---- what ends a stream ---- */

typedef struct {
    const char *name, *head;
    char fill; /* this many of it follow the head, */
    size_t fills;
    const char *tail;
    McRtspError code;
    const char *word; /* in the error */
} Bad;

static const Bad bad[] = {
    {"text", "hello\r\n\r\n", 0, 0, "", MC_RTSP_ERROR_MALFORMED, "not RTSP"},
    {"two-words", "OPTIONS *\r\n\r\n", 0, 0, "", MC_RTSP_ERROR_MALFORMED, "not RTSP"},
    {"http", "GET / HTTP/1.1\r\n\r\n", 0, 0, "", MC_RTSP_ERROR_MALFORMED, "not RTSP"},
    {"odd-method", "OP:TIONS * RTSP/1.0\r\n\r\n", 0, 0, "", MC_RTSP_ERROR_MALFORMED, "not RTSP"},
    {"status", "RTSP/1.0 OK\r\n\r\n", 0, 0, "", MC_RTSP_ERROR_MALFORMED, "status"},
    {"status-range", "RTSP/1.0 99 OK\r\n\r\n", 0, 0, "", MC_RTSP_ERROR_MALFORMED, "status"},
    {"no-colon", "RTSP/1.0 200 OK\r\nCSeq 1\r\n\r\n", 0, 0, "", MC_RTSP_ERROR_MALFORMED, "header"},
    {"no-name", "RTSP/1.0 200 OK\r\n: 1\r\n\r\n", 0, 0, "", MC_RTSP_ERROR_MALFORMED, "header"},
    {"length-word", "RTSP/1.0 200 OK\r\nContent-Length: x\r\n\r\n", 0, 0, "",
     MC_RTSP_ERROR_MALFORMED, "Content-Length"},
    {"length-negative", "RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", 0, 0, "",
     MC_RTSP_ERROR_MALFORMED, "Content-Length"},
    {"length-empty", "RTSP/1.0 200 OK\r\nContent-Length:\r\n\r\n", 0, 0, "",
     MC_RTSP_ERROR_MALFORMED, "Content-Length"},
    {"length-unequal", "RTSP/1.0 200 OK\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\n", 0, 0,
     "", MC_RTSP_ERROR_MALFORMED, "differ"},
    {"length-huge", "RTSP/1.0 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", 0, 0, "",
     MC_RTSP_ERROR_MALFORMED, "Content-Length"},
    {"body-limit", "RTSP/1.0 200 OK\r\nContent-Length: 65537\r\n\r\n", 0, 0, "",
     MC_RTSP_ERROR_TOO_LARGE, "a body longer than 65536"},
    {"line-limit", "OPTIONS ", 'a', MC_RTSP_MAX_LINE, " RTSP/1.0\r\n\r\n", MC_RTSP_ERROR_TOO_LARGE,
     "a line longer than 4096"},
    {"endless-line", "", 'a', 5000, "", MC_RTSP_ERROR_TOO_LARGE, "a line longer than 4096"},
};

static McRtspRead read_bad(McRtspReader *reader, const Bad *row, GError **error)
{
    g_autoptr(GString) text = g_string_new(row->head);
    g_auto(McRtspMessage) message = {0};

    for (size_t i = 0; i < row->fills; i++)
        g_string_append_c(text, row->fill);
    g_string_append(text, row->tail);
    mc_rtsp_reader_feed(reader, (const uint8_t *) text->str, text->len);
    return mc_rtsp_reader_next(reader, &message, error);
}

static void test_bad(gconstpointer data)
{
    const Bad *row = data;
    g_autoptr(McRtspReader) reader = mc_rtsp_reader_new();
    g_autoptr(GError) error = NULL, again = NULL;
    g_auto(McRtspMessage) message = {0};

    g_assert_cmpint(read_bad(reader, row, &error), ==, MC_RTSP_FAILED);
    g_assert_error(error, MC_RTSP_ERROR, (int) row->code);
    if (!strstr(error->message, row->word))
        g_error("no \"%s\" in: %s", row->word, error->message);
    /* The stream is lost: what follows is not read, and every call says so. */
    size_t held = mc_rtsp_reader_held(reader);
    mc_rtsp_reader_feed(reader, (const uint8_t *) stream, strlen(stream));
    g_assert_cmpuint(mc_rtsp_reader_held(reader), ==, held);
    g_assert_cmpint(mc_rtsp_reader_next(reader, &message, &again), ==, MC_RTSP_FAILED);
    g_assert_error(again, MC_RTSP_ERROR, (int) row->code);
}

static McRtspRead read_text(const char *text, size_t len, McRtspMessage *message, GError **error)
{
    g_autoptr(McRtspReader) reader = mc_rtsp_reader_new();

    mc_rtsp_reader_feed(reader, (const uint8_t *) text, len);
    return mc_rtsp_reader_next(reader, message, error);
}

static void test_nul(void)
{
    static const char text[] = "OPTIONS * RTSP/1.0\r\nX: a\0b\r\n\r\n";
    g_auto(McRtspMessage) message = {0};
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(read_text(text, sizeof(text) - 1, &message, &error), ==, MC_RTSP_FAILED);
    g_assert_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_MALFORMED);
}

static void check_header_count(unsigned n, McRtspRead expected)
{
    g_autoptr(GString) text = g_string_new("RTSP/1.0 200 OK\r\n");
    g_auto(McRtspMessage) message = {0};
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < n; i++)
        g_string_append_printf(text, "H%u: %u\r\n", i, i);
    g_string_append(text, "\r\n");
    g_assert_cmpint(read_text(text->str, text->len, &message, &error), ==, expected);
    if (expected == MC_RTSP_FAILED)
        g_assert_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_TOO_LARGE);
    else
        g_assert_cmpuint(message.n_headers, ==, n);
}

static void test_header_count(void)
{
    check_header_count(MC_RTSP_MAX_HEADERS, MC_RTSP_MESSAGE);
    check_header_count(MC_RTSP_MAX_HEADERS + 1, MC_RTSP_FAILED);
}

static void test_head_limit(void)
{
    g_autoptr(GString) text = g_string_new("RTSP/1.0 200 OK\r\n");
    g_auto(McRtspMessage) message = {0};
    g_autoptr(GError) error = NULL;

    while (text->len <= MC_RTSP_MAX_HEAD)
        g_string_append_printf(text, "H: %0*d\r\n", 3000, 0);
    g_assert_cmpint(read_text(text->str, text->len, &message, &error), ==, MC_RTSP_FAILED);
    g_assert_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_TOO_LARGE);
    g_assert_nonnull(strstr(error->message, "head"));
}

static void test_body_at_limit(void)
{
    g_autoptr(GString) text = g_string_new("RTSP/1.0 200 OK\r\nContent-Length: 65536\r\n\r\n");
    g_auto(McRtspMessage) message = {0};

    for (unsigned i = 0; i < MC_RTSP_MAX_BODY; i++)
        g_string_append_c(text, (char) (i * 7));
    g_assert_cmpint(read_text(text->str, text->len, &message, NULL), ==, MC_RTSP_MESSAGE);
    g_assert_cmpmem(message.body, message.body_bytes, text->str + text->len - MC_RTSP_MAX_BODY,
                    MC_RTSP_MAX_BODY);
}

static void test_more(void)
{
    static const char *const starts[] = {"", "O", "RTSP/1.0 200 OK\r\n", "RTSP/1.0 200 OK\r\n\r",
                                         "RTSP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nabcd"};
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
        g_auto(McRtspMessage) message = {0};
        g_assert_cmpint(read_text(starts[i], strlen(starts[i]), &message, &error), ==,
                        MC_RTSP_MORE);
        g_assert_no_error(error);
    }
}

static void test_cseq(void)
{
    static const struct {
        const char *value;
        bool ok;
        uint64_t cseq;
    } rows[] = {{"0", true, 0},
                {"1764259200123", true, 1764259200123},
                {"18446744073709551615", true, G_MAXUINT64},
                {"18446744073709551616", false, 0},
                {"-1", false, 0},
                {"", false, 0},
                {"1x", false, 0}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strdup_printf("RTSP/1.0 200\r\nCSeq: %s\r\n\r\n", rows[i].value);
        g_auto(McRtspMessage) message = {0};
        uint64_t cseq = 1;
        g_assert_cmpint(read_text(text, strlen(text), &message, NULL), ==, MC_RTSP_MESSAGE);
        g_assert_cmpint(mc_rtsp_message_cseq(&message, &cseq), ==, rows[i].ok);
        if (rows[i].ok)
            g_assert_cmpuint(cseq, ==, rows[i].cseq);
    }
}

static void test_session_bounds(void)
{
    static const char text[] = "RTSP/1.0 200 OK\r\nSession: 1234567890123456;timeout=60\r\n\r\n";
    g_auto(McRtspMessage) message = {0};
    char small[5];

    g_assert_cmpint(read_text(text, strlen(text), &message, NULL), ==, MC_RTSP_MESSAGE);
    g_assert_true(mc_rtsp_message_session(&message, small, sizeof(small)));
    g_assert_cmpstr(small, ==, "1234");
}

/* ---- no quadratic behaviour: 10 MB, in bytes and in blocks ---- */

#define FLOOD_BYTES (10u * 1000 * 1000)

typedef struct {
    const char *name;
    size_t piece, body_bytes; /* of each message; 0: blank lines alone */
} Flood;

static GString *flood_of(size_t body_bytes)
{
    GString *one = g_string_new("\r\n\r\n");

    if (body_bytes) {
        g_string_printf(one, "SET_PARAMETER * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: %zu\r\n\r\n",
                        body_bytes);
        for (size_t i = 0; i < body_bytes; i++)
            g_string_append_c(one, 'x');
    }
    GString *all = g_string_sized_new(FLOOD_BYTES);
    while (all->len + one->len <= FLOOD_BYTES)
        g_string_append_len(all, one->str, (gssize) one->len);
    g_string_free(one, TRUE);
    return all;
}

static void test_flood(gconstpointer data)
{
    const Flood *flood = data;
    g_autoptr(GString) text = flood_of(flood->body_bytes);
    g_autoptr(McRtspReader) reader = mc_rtsp_reader_new();
    size_t bodies = 0, most_held = 0;
    double start = g_get_monotonic_time();

    for (size_t at = 0; at < text->len; at += flood->piece) {
        mc_rtsp_reader_feed(reader, (const uint8_t *) text->str + at,
                            MIN(flood->piece, text->len - at));
        McRtspMessage message = {0};
        while (mc_rtsp_reader_next(reader, &message, NULL) == MC_RTSP_MESSAGE) {
            bodies += message.body_bytes;
            mc_rtsp_message_clear(&message);
        }
        most_held = MAX(most_held, mc_rtsp_reader_held(reader));
    }
    double s = (g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    g_test_message("%s: %.0f MB/s, at most %zu bytes held", flood->name, text->len / s / 1e6,
                   most_held);
    g_assert_cmpuint(mc_rtsp_reader_held(reader), ==, 0);
    g_assert_cmpuint(most_held, <=, MC_RTSP_MAX_MESSAGE);
    if (flood->body_bytes)
        g_assert_cmpuint(bodies, >, FLOOD_BYTES / 5);
    g_assert_cmpfloat(s, <, 20); /* quadratic: hours; sanitizers: a few seconds */
}

/* ---- writing ---- */

static void test_writing(void)
{
    GString *out = mc_rtsp_begin_request("SET_PARAMETER", "rtsp://localhost/wfd1.0", 4);
    mc_rtsp_add_header(out, "Session", "1");
    g_autoptr(GBytes) request = mc_rtsp_finish(out, "wfd_trigger_method: SETUP\r\n");
    g_autoptr(GBytes) answer = mc_rtsp_finish(mc_rtsp_begin_response(404, 9), NULL);
    static const char request_text[] =
        "SET_PARAMETER rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 4\r\nSession: 1\r\n"
        "Content-Type: text/parameters\r\nContent-Length: 27\r\n\r\nwfd_trigger_method: SETUP\r\n";
    static const char answer_text[] = "RTSP/1.0 404 Not Found\r\nCSeq: 9\r\n\r\n";

    g_assert_cmpmem(g_bytes_get_data(request, NULL), g_bytes_get_size(request), request_text,
                    strlen(request_text));
    g_assert_cmpmem(g_bytes_get_data(answer, NULL), g_bytes_get_size(answer), answer_text,
                    strlen(answer_text));
    g_assert_cmpstr(mc_rtsp_reason(599), ==, "Unknown");
}

static void test_error_codes(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (int code = 0; code <= MC_RTSP_ERROR_STATE; code++) {
        g_assert_true(g_str_has_prefix(mc_rtsp_error_code(code), "rtsp."));
        g_assert_true(g_hash_table_add(seen, (char *) mc_rtsp_error_code(code)));
    }
    g_assert_cmpstr(mc_rtsp_error_code(-1), ==, "rtsp.failed");
    g_assert_cmpstr(mc_rtsp_error_code(1000), ==, "rtsp.failed");
    mc_rtsp_reader_free(NULL);
}

int main(int argc, char **argv)
{
    static const Flood floods[] = {
        {"bytes-small", 1, 17},      {"bytes-large", 1, 65000},      {"bytes-blank", 1, 0},
        {"blocks-small", 65536, 17}, {"blocks-large", 65536, 65000}, {"blocks-blank", 65536, 0},
    };

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/message/nul-behind", test_nul_behind);
    g_test_add_func("/message/cut-at-each-byte", test_cut);
    g_test_add_func("/message/pieces", test_pieces);
    g_test_add_func("/message/nul", test_nul);
    g_test_add_func("/message/header-count", test_header_count);
    g_test_add_func("/message/head-limit", test_head_limit);
    g_test_add_func("/message/body-at-limit", test_body_at_limit);
    g_test_add_func("/message/more", test_more);
    g_test_add_func("/message/cseq", test_cseq);
    g_test_add_func("/message/session-bounds", test_session_bounds);
    g_test_add_func("/message/writing", test_writing);
    g_test_add_func("/message/error-codes", test_error_codes);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *path = g_strdup_printf("/message/bad/%s", bad[i].name);
        g_test_add_data_func(path, &bad[i], test_bad);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(floods); i++) {
        g_autofree char *path = g_strdup_printf("/message/flood/%s", floods[i].name);
        g_test_add_data_func(path, &floods[i], test_flood);
    }
    return g_test_run();
}
