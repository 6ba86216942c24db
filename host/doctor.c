/* SPDX-License-Identifier: MIT */
#include "host/doctor.h"

#include <json-glib/json-glib.h>
#include <stdarg.h>
#include <stdio.h>

#include "host/report.h"
#include "p2p/plain-text.h"

struct McDoctor {
    JsonArray *findings; /* NULL: lines are printed as they come */
    unsigned count[3];
};

static const char *const levels[] = {"ok", "warn", "fail"};

void mc_doctor_say(McDoctor *self, McFindingLevel level, const char *what, const char *next,
                   const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *words = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *text = mc_plain_text(words); /* names of networks and cards are in it */
    self->count[level]++;
    if (self->findings) {
        JsonObject *object = json_object_new();

        json_object_set_string_member(object, "level", levels[level]);
        json_object_set_string_member(object, "what", what);
        json_object_set_string_member(object, "text", text);
        if (next)
            json_object_set_string_member(object, "next", next);
        json_array_add_object_element(self->findings, object);
        return;
    }
    printf("%-5s %-15s %s\n", levels[level], what, text);
    if (next)
        printf("%-5s %-15s -> %s\n", "", "", next);
    fflush(stdout);
}

static void print_json(McDoctor *self)
{
    g_autoptr(JsonNode) root = json_node_alloc();

    json_node_init_array(root, self->findings);
    g_autofree char *text = json_to_string(root, TRUE);
    puts(text);
}

int mc_doctor_run(int argc, char **argv)
{
    McDoctor self = {0};
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "an array of findings", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- what this machine can do");
    g_autoptr(GError) error = NULL;
    /* The parser wants a program's name in front. */
    g_autofree char **words = g_new0(char *, (gsize) argc + 2);
    char **given = words;
    int n = argc + 1;

    words[0] = (char *) "miracast doctor";
    for (int i = 0; i < argc; i++)
        words[i + 1] = argv[i];
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &n, &given, &error) || n > 1) {
        fprintf(stderr, "miracast: error [usage]: %s; see 'miracast doctor --help'\n",
                error ? error->message : "doctor takes no words but options");
        return MC_EXIT_USAGE;
    }
    self.findings = json ? json_array_new() : NULL;
    mc_doctor_radio(&self);
    mc_doctor_services(&self);
    mc_doctor_firewall(&self);
    mc_doctor_media(&self);
    if (json)
        print_json(&self);
    else
        printf("\n%u ok, %u to know, %u in the way\n", self.count[MC_FINDING_OK],
               self.count[MC_FINDING_WARN], self.count[MC_FINDING_FAIL]);
    g_clear_pointer(&self.findings, json_array_unref);
    return self.count[MC_FINDING_FAIL] ? MC_EXIT_FAILED : MC_EXIT_OK;
}
