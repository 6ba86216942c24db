/* SPDX-License-Identifier: MIT */
#include "kmd-shim/portal-request.h"

#define REQUEST "org.freedesktop.portal.Request"

typedef struct {
    bool come;
    uint32_t response; /* 0: granted, 1: the person said no, 2: otherwise over */
    GVariant *results; /* NULL: the answer was none */
} Answer;

static void on_response(GDBusConnection *bus, const char *sender, const char *path,
                        const char *interface, const char *signal, GVariant *parameters,
                        gpointer user_data)
{
    Answer *answer = user_data;

    if (answer->come)
        return;
    answer->come = true;
    if (g_variant_is_of_type(parameters, G_VARIANT_TYPE("(ua{sv})")))
        g_variant_get(parameters, "(u@a{sv})", &answer->response, &answer->results);
}

static char *request_path(const McPortalTalk *self, const char *token)
{
    g_autofree char *sender =
        g_strdelimit(g_strdup(g_dbus_connection_get_unique_name(self->bus) + 1), ".", '_');

    return g_strdup_printf(MC_PORTAL_PATH "/request/%s/%s", sender, token);
}

static GVariant *arguments_of(McPortalSubject subject, const char *session,
                              GVariantBuilder *options)
{
    if (subject == MC_PORTAL_SESSION_AND_PARENT)
        return g_variant_new("(osa{sv})", session, "", options);
    return subject == MC_PORTAL_SESSION ? g_variant_new("(oa{sv})", session, options)
                                        : g_variant_new("(a{sv})", options);
}

static McPortalState verdict_of(const McPortalTalk *self, const Answer *answer)
{
    if (!answer->come)
        return self->closed ? MC_PORTAL_CLOSED : MC_PORTAL_NO_PORTAL;
    if (!answer->results)
        return MC_PORTAL_NO_PORTAL;
    return answer->response == 0   ? MC_PORTAL_READY
           : answer->response == 1 ? MC_PORTAL_REFUSED
                                   : MC_PORTAL_NO_SOURCE;
}

static void wait_for(const McPortalTalk *self, const Answer *answer)
{
    while (!answer->come && !self->closed && !self->gone &&
           !g_cancellable_is_cancelled(self->cancel))
        g_main_context_iteration(self->loop, TRUE);
}

McPortalState mc_portal_ask(McPortalTalk *self, const char *interface, const char *method,
                            McPortalSubject subject, const char *session, GVariantBuilder *options,
                            GVariant **ret_results)
{
    g_autofree char *token = g_strdup_printf("mc%u", ++self->requests);
    g_autofree char *path = request_path(self, token);
    Answer answer = {0};

    g_variant_builder_add(options, "{sv}", "handle_token", g_variant_new_string(token));
    /* Before the call: the answer may be quicker than its reply. */
    const guint watch = g_dbus_connection_signal_subscribe(
        self->bus, MC_PORTAL_BUS, REQUEST, "Response", path, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
        on_response, &answer, NULL);
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_sync(self->bus, MC_PORTAL_BUS, MC_PORTAL_PATH, interface, method,
                                    arguments_of(subject, session, options), G_VARIANT_TYPE("(o)"),
                                    G_DBUS_CALL_FLAGS_NONE, MC_PORTAL_CALL_MS, self->cancel, NULL);
    if (reply)
        wait_for(self, &answer);
    g_dbus_connection_signal_unsubscribe(self->bus, watch);
    const McPortalState verdict = verdict_of(self, &answer);
    if (verdict == MC_PORTAL_READY)
        *ret_results = g_steal_pointer(&answer.results);
    g_clear_pointer(&answer.results, g_variant_unref);
    if (reply && !answer.come) /* the dialogue goes with us */
        g_dbus_connection_call(self->bus, MC_PORTAL_BUS, path, REQUEST, "Close", NULL, NULL,
                               G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
    return verdict;
}

uint32_t mc_portal_property(GDBusConnection *bus, const char *interface, const char *property,
                            GCancellable *cancel)
{
    g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
        bus, MC_PORTAL_BUS, MC_PORTAL_PATH, "org.freedesktop.DBus.Properties", "Get",
        g_variant_new("(ss)", interface, property), G_VARIANT_TYPE("(v)"), G_DBUS_CALL_FLAGS_NONE,
        MC_PORTAL_CALL_MS, cancel, NULL);
    g_autoptr(GVariant) value = NULL;

    if (reply)
        g_variant_get(reply, "(v)", &value);
    return value && g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32) ? g_variant_get_uint32(value)
                                                                       : 0;
}
