/* SPDX-License-Identifier: MIT */
/* Sinks by mDNS, from an Avahi daemon of the test's: what strangers announce, and a look that is
 * cancelled. */
#include "p2p/mice/discovery.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "p2p/plain-text.h"
#include "private-bus.h"

#define AVAHI "org.freedesktop.Avahi"
#define BROWSER "/Client1/ServiceBrowser1"
#define PATIENCE_MS 60000 /* of looks that end by what is found */

static const char xml[] =
    "<node><interface name='" AVAHI ".Server'>"
    "<method name='ServiceBrowserNew'><arg type='i' direction='in'/><arg type='i' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='u' direction='in'/>"
    "<arg type='o' direction='out'/></method>"
    "<method name='ResolveService'><arg type='i' direction='in'/><arg type='i' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='i' direction='in'/><arg type='u' direction='in'/>"
    "<arg type='i' direction='out'/><arg type='i' direction='out'/><arg type='s' direction='out'/>"
    "<arg type='s' direction='out'/><arg type='s' direction='out'/><arg type='s' direction='out'/>"
    "<arg type='i' direction='out'/><arg type='s' direction='out'/><arg type='q' direction='out'/>"
    "<arg type='aay' direction='out'/><arg type='u' direction='out'/></method>"
    "</interface></node>";

/* ---- the daemon ---- */

typedef struct {
    const char *name, *host, *address, *text; /* text: of its TXT record, one entry */
} Announced;

static const Announced *announced; /* one sink; the next test's */
static unsigned strangers;         /* announced before it */

static GVariant *resolved(void)
{
    GVariantBuilder texts;

    g_variant_builder_init(&texts, G_VARIANT_TYPE("aay"));
    g_variant_builder_add_value(&texts,
                                g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, announced->text,
                                                          strlen(announced->text), 1));
    return g_variant_new("(iissssisqaayu)", 1, 0, announced->name, "_display._tcp", "local",
                         announced->host, 0, announced->address, 7250, &texts, 0);
}

static void announce(GDBusConnection *bus, const char *to, const char *name)
{
    g_dbus_connection_emit_signal(
        bus, to, BROWSER, AVAHI ".ServiceBrowser", "ItemNew",
        g_variant_new("(iisssu)", 1, 0, name, "_display._tcp", "local", 0), NULL);
}

static void on_call(GDBusConnection *bus, const char *sender, const char *path,
                    const char *interface, const char *method, GVariant *parameters,
                    GDBusMethodInvocation *invocation, gpointer user_data)
{
    if (!strcmp(method, "ResolveService")) {
        const char *name;

        g_variant_get_child(parameters, 2, "&s", &name);
        if (strcmp(name, announced->name)) {
            g_dbus_method_invocation_return_dbus_error(invocation, AVAHI ".TimeoutError", "");
            return;
        }
        g_dbus_method_invocation_return_value(invocation, resolved());
        return;
    }
    for (unsigned i = 0; i < strangers; i++) {
        g_autofree char *name = g_strdup_printf("stranger %u", i);
        announce(bus, sender, name);
    }
    announce(bus, sender, announced->name);
    g_dbus_method_invocation_return_value(invocation, g_variant_new("(o)", BROWSER));
}

/* ---- looks ---- */

static bool on_found(const McMiceSink *sink, void *user_data)
{
    *(McMiceSink *) user_data = *sink;
    return false;
}

static McMiceSink look(const Announced *what)
{
    g_autoptr(GError) error = NULL;
    McMiceSink sink = {0};

    announced = what;
    g_assert_true(mc_mice_discover(PATIENCE_MS, -1, on_found, &sink, &error));
    g_assert_no_error(error);
    return sink;
}

/* None of it moves a cursor, ends a line or is no UTF-8, wherever it is shown. */
static void check_shown(const char *text, size_t size)
{
    g_assert_cmpuint(strlen(text), <, size);
    g_assert_true(mc_plain_text_is(text));
}

static void check_sink(const McMiceSink *sink)
{
    check_shown(sink->name, sizeof(sink->name));
    check_shown(sink->host, sizeof(sink->host));
    check_shown(sink->container, sizeof(sink->container));
    check_shown(sink->p2p_mac, sizeof(sink->p2p_mac));
    g_assert_cmpstr(sink->address, ==, "192.0.2.7");
}

static void test_strangers(void)
{
    g_autofree char *wide = g_malloc(3 * 100 + 1), *texts = NULL;
    static const char *const names[] = {"Living room",
                                        "\x1b]0;owned\x07\x1b[2J",
                                        "two\nlines\r\n",
                                        ("\xc2\x9b"
                                         "31mC1"),
                                        "a\u202etxt.exe",
                                        "\u2028new\u2029line",
                                        "\u200bnothing\ufeff",
                                        "\u2066hidden\u2069"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = g_strconcat("container_id=", names[i], NULL);
        const McMiceSink sink = look(&(Announced){names[i], names[i], "192.0.2.7", text});
        check_sink(&sink);
    }
    for (int i = 0; i < 100; i++) /* cut in the middle of a character where bytes are counted */
        memcpy(wide + 3 * i, "\u20ac", 3);
    wide[300] = '\0';
    texts = g_strconcat("p2pMAC=", wide, NULL);
    const McMiceSink sink = look(&(Announced){wide, wide, "192.0.2.7", texts});
    check_sink(&sink);
}

static void test_cancel(void)
{
    const Announced near = {"Near", "near.local", "192.0.2.7", ""};
    const int cancel_fd = eventfd(0, EFD_CLOEXEC);
    g_autoptr(GError) error = NULL;
    McMiceSink sink;

    announced = &near;
    g_assert_true(mc_mice_find("near", PATIENCE_MS, cancel_fd, &sink, &error));
    eventfd_write(cancel_fd, 1);
    g_assert_false(mc_mice_is_near("near", cancel_fd, &error)); /* which is there */
    g_assert_no_error(error);
    g_assert_true(mc_mice_is_near("192.0.2.7", cancel_fd, &error));
    close(cancel_fd);
}

/* Whoever fills the network with names does not hide the one that a person wants. */
static void test_flood(void)
{
    const Announced near = {"Near \u00dc", "near.local", "192.0.2.7", ""};
    g_autoptr(GError) error = NULL;
    McMiceSink sink;

    announced = &near;
    strangers = 1000;
    g_assert_true(mc_mice_find("near \u00fc", PATIENCE_MS, -1, &sink, &error));
    g_assert_cmpstr(sink.name, ==, near.name);
    strangers = 0;
}

int main(int argc, char **argv)
{
    static const GDBusInterfaceVTable vtable = {.method_call = on_call};

    g_test_init(&argc, &argv, NULL);
    if (!private_bus_start()) {
        g_print("1..0 # SKIP dbus-daemon is not installed\n");
        return 0;
    }
    private_bus_serve(AVAHI, "/", xml, &vtable, NULL);
    g_test_add_func("/mice/discovery/strangers", test_strangers);
    g_test_add_func("/mice/discovery/cancel", test_cancel);
    g_test_add_func("/mice/discovery/flood", test_flood);
    const int result = g_test_run();
    private_bus_stop();
    return result;
}
