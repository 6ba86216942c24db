/* SPDX-License-Identifier: MIT */
#include "rtsp/uibc-capability.h"

#include <string.h>

/*
 *  input_category_list=GENERIC, HIDC;generic_cap_list=Keyboard,
 * Mouse;hidc_cap_list=Mouse/USB;port=7239
 *
 * Read as a list of key=value: keys are left out, blanks come and go.
 */

static const char *const category_names[] = {"GENERIC", "HIDC"};
static const char *const input_names[] = {"Keyboard", "Mouse",  "SingleTouch", "MultiTouch",
                                          "Joystick", "Camera", "Gesture",     "RemoteControl"};
static const char *const path_names[] = {"Infrared", "USB", "BT", "Zigbee", "Wi-Fi", "No-SP"};

static int find(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!g_ascii_strcasecmp(names[i], name))
            return (int) i;
    return -1;
}

/* ---- one list each; false: the name is not known, or there is no room ---- */

static bool add_category(McUibcCapability *self, char *name)
{
    int i = find(category_names, G_N_ELEMENTS(category_names), name);

    if (i < 0 || self->n_categories == MC_UIBC_MAX_CATEGORIES)
        return false;
    self->categories[self->n_categories++] = (McUibcCategory) i;
    return true;
}

static bool add_generic(McUibcCapability *self, char *name)
{
    int i = find(input_names, G_N_ELEMENTS(input_names), name);

    if (i < 0 || self->n_generic == MC_UIBC_N_INPUTS)
        return false;
    self->generic[self->n_generic++] = (McUibcInput) i;
    return true;
}

static bool add_hidc(McUibcCapability *self, char *name)
{
    char *slash = strchr(name, '/');

    if (!slash || self->n_hidc == MC_UIBC_MAX_HIDC)
        return false;
    *slash = '\0';
    int input = find(input_names, G_N_ELEMENTS(input_names), name);
    int path = find(path_names, G_N_ELEMENTS(path_names), slash + 1);
    *slash = '/';
    if (input < 0 || path < 0)
        return false;
    self->hidc[self->n_hidc++] = (McUibcHid){(McUibcInput) input, (McUibcPath) path};
    return true;
}

static bool add_port(McUibcCapability *self, char *name)
{
    guint64 port;

    if (!g_ascii_string_to_unsigned(name, 10, 0, G_MAXUINT16, &port, NULL))
        return false;
    self->port = (uint16_t) port;
    return true;
}

static const struct {
    const char *key;
    size_t stated; /* offset of its flag */
    bool (*add)(McUibcCapability *self, char *name);
} keys[] = {
    {"input_category_list", G_STRUCT_OFFSET(McUibcCapability, has_categories), add_category},
    {"generic_cap_list", G_STRUCT_OFFSET(McUibcCapability, has_generic), add_generic},
    {"hidc_cap_list", G_STRUCT_OFFSET(McUibcCapability, has_hidc), add_hidc},
    {"port", G_STRUCT_OFFSET(McUibcCapability, has_port), add_port},
};

/* ---- reading ---- */

static void note(GPtrArray *notes, const char *what, const char *name)
{
    if (notes && notes->len < 16)
        g_ptr_array_add(notes, g_strdup_printf("wfd_uibc_capability: %s %.40s", what, name));
}

static void read_list(McUibcCapability *self, size_t key, char *list, GPtrArray *notes)
{
    g_auto(GStrv) names = g_strsplit(list, ",", 64);

    G_STRUCT_MEMBER(bool, self, keys[key].stated) = true;
    for (char **name = names; *name; name++)
        if (*g_strstrip(*name) && g_ascii_strcasecmp(*name, "none") && !keys[key].add(self, *name))
            note(notes, "left out:", *name);
}

static bool read_part(McUibcCapability *self, char *part, GPtrArray *notes)
{
    char *equals = strchr(part, '=');

    if (!equals)
        return false;
    *equals = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (!g_ascii_strcasecmp(g_strstrip(part), keys[i].key)) {
            if (!G_STRUCT_MEMBER(bool, self, keys[i].stated))
                read_list(self, i, equals + 1, notes);
            return true;
        }
    note(notes, "unknown key", part);
    return true;
}

bool mc_uibc_capability_parse(const char *value, McUibcCapability *ret, GPtrArray *notes,
                              char **ret_problem)
{
    g_autofree char *text = g_strstrip(g_strdup(value));
    g_auto(GStrv) parts = g_strsplit(text, ";", 16);
    const char *comma = strchr(text, ','), *semicolon = strchr(text, ';');

    *ret = (McUibcCapability){.none = !g_ascii_strcasecmp(text, "none"),
                              .tight = comma && comma[1] != ' ',
                              .spaced = semicolon && semicolon[1] == ' ',
                              .trailing = *text && text[strlen(text) - 1] == ';'};
    if (ret->none)
        return true;
    for (char **part = parts; *part; part++)
        if (**part && !read_part(ret, *part, notes)) {
            if (ret_problem)
                *ret_problem = g_strdup_printf("\"%.40s\" is not key=value", *part);
            return false;
        }
    bool known = ret->has_categories || ret->has_generic || ret->has_hidc || ret->has_port;
    if (!known && ret_problem)
        *ret_problem = g_strdup("it names none of its lists");
    return known;
}

/* ---- writing ---- */

static void begin(GString *out, const McUibcCapability *self, const char *key)
{
    if (out->len)
        g_string_append(out, self->spaced ? "; " : ";");
    g_string_append_printf(out, "%s=", key);
}

static const char *comma(const McUibcCapability *self, unsigned i)
{
    return i == 0 ? "" : self->tight ? "," : ", ";
}

static void write_hidc(GString *out, const McUibcCapability *self)
{
    begin(out, self, "hidc_cap_list");
    for (unsigned i = 0; i < self->n_hidc; i++)
        g_string_append_printf(out, "%s%s/%s", comma(self, i), input_names[self->hidc[i].input],
                               path_names[self->hidc[i].path]);
    g_string_append(out, self->n_hidc ? "" : "none");
}

static void write_generic(GString *out, const McUibcCapability *self)
{
    begin(out, self, "generic_cap_list");
    for (unsigned i = 0; i < self->n_generic; i++)
        g_string_append_printf(out, "%s%s", comma(self, i), input_names[self->generic[i]]);
    g_string_append(out, self->n_generic ? "" : "none");
}

char *mc_uibc_capability_write(const McUibcCapability *self)
{
    GString *out = g_string_new(self->none ? "none" : NULL);

    if (self->has_categories) {
        begin(out, self, "input_category_list");
        for (unsigned i = 0; i < self->n_categories; i++)
            g_string_append_printf(out, "%s%s", comma(self, i),
                                   category_names[self->categories[i]]);
        g_string_append(out, self->n_categories ? "" : "none");
    }
    if (self->has_generic)
        write_generic(out, self);
    if (self->has_hidc)
        write_hidc(out, self);
    if (self->has_port) {
        begin(out, self, "port");
        if (self->port)
            g_string_append_printf(out, "%u", self->port);
        else
            g_string_append(out, "none");
    }
    if (self->trailing)
        g_string_append_c(out, ';');
    return g_string_free(out, FALSE);
}

/* ---- answer ---- */

bool mc_uibc_capability_has(const McUibcCapability *capability, McUibcCategory category)
{
    for (unsigned i = 0; i < capability->n_categories; i++)
        if (capability->categories[i] == category)
            return true;
    return false;
}

/* Cameras are no input to a desktop; the rest is taken as it comes. */
bool mc_uibc_capability_answer(const McUibcCapability *sink, uint16_t port,
                               McUibcCapability *ret_answer)
{
    McUibcCapability answer = {
        .has_categories = true, .has_generic = true, .has_hidc = true, .has_port = true};

    for (unsigned i = 0; i < sink->n_generic; i++)
        if (sink->generic[i] != MC_UIBC_CAMERA && mc_uibc_capability_has(sink, MC_UIBC_GENERIC))
            answer.generic[answer.n_generic++] = sink->generic[i];
    for (unsigned i = 0; i < sink->n_hidc; i++)
        if (sink->hidc[i].input != MC_UIBC_CAMERA && mc_uibc_capability_has(sink, MC_UIBC_HIDC))
            answer.hidc[answer.n_hidc++] = sink->hidc[i];
    if (answer.n_generic)
        answer.categories[answer.n_categories++] = MC_UIBC_GENERIC;
    if (answer.n_hidc)
        answer.categories[answer.n_categories++] = MC_UIBC_HIDC;
    answer.port = port;
    *ret_answer = answer;
    return answer.n_categories > 0 && port != 0;
}
