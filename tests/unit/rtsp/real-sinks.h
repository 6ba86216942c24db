/* SPDX-License-Identifier: MIT */
/* The collection of real capability replies, tests/data/real-sink-m3.json. */
#pragma once

#include <json-glib/json-glib.h>

/* Entries, in the file's order; the parser owns them. */
static inline JsonArray *real_sinks_load(JsonParser *parser)
{
    g_autoptr(GError) error = NULL;

    json_parser_load_from_file(parser, MC_TEST_DATA "/real-sink-m3.json", &error);
    g_assert_no_error(error);
    return json_object_get_array_member(json_node_get_object(json_parser_get_root(parser)),
                                        "entries");
}

static inline const char *real_sink_id(JsonArray *entries, guint i)
{
    return json_object_get_string_member(json_array_get_object_element(entries, i), "id");
}

static inline JsonArray *real_sink_lines(JsonArray *entries, guint i)
{
    return json_object_get_array_member(json_array_get_object_element(entries, i), "raw_lines");
}

/* The reply's body: each line with CRLF. */
static inline GString *real_sink_body(JsonArray *entries, guint i)
{
    GString *body = g_string_new(NULL);
    JsonArray *lines = real_sink_lines(entries, i);

    for (guint j = 0; j < json_array_get_length(lines); j++)
        g_string_append_printf(body, "%s\r\n", json_array_get_string_element(lines, j));
    return body;
}
