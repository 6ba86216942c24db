/* SPDX-License-Identifier: MIT */
/* What people type for a sink: names, addresses of both kinds, ports. */
#include "p2p/mice/resolve.h"

#include <glib.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include "p2p/mice/discovery.h"

static const struct {
    const char *text, *name;
    uint16_t port;
    bool address;
} cases[] = {
    {"192.0.2.7", "192.0.2.7", 0, true},
    {"192.0.2.7:7250", "192.0.2.7", 7250, true},
    {"192.0.2.7:", "192.0.2.7:", 0, false},
    {"192.0.2.7:0", "192.0.2.7:0", 0, false},
    {"192.0.2.7:65536", "192.0.2.7:65536", 0, false},
    {"192.0.2", "192.0.2", 0, false},
    {"::1", "::1", 0, true},
    {"[::1]", "::1", 0, true},
    {"[::1]:7250", "::1", 7250, true},
    {"[::1]:x", "[::1]:x", 0, false},
    {"[::1", "[::1", 0, false},
    {"2001:db8::7250", "2001:db8::7250", 0, true},
    {"fe80::5%lo", "fe80::5%lo", 0, true},
    {"[fe80::5%lo]:7251", "fe80::5%lo", 7251, true},
    {"tv", "tv", 0, false},
    {"tv:7251", "tv", 7251, false},
    {"Living Room", "Living Room", 0, false},
    {"Bob's TV: big", "Bob's TV: big", 0, false},
    {"", "", 0, false},
};

static void test_split(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = NULL;
        uint16_t port = 1;

        mc_mice_split_port(cases[i].text, &name, &port);
        g_assert_cmpstr(name, ==, cases[i].name);
        g_assert_cmpuint(port, ==, cases[i].port);
        g_assert_cmpint(mc_mice_is_address(cases[i].text), ==, cases[i].address);
    }
}

static McMicePlace resolve(const char *sink, uint16_t control_port)
{
    McLinkConfig config = {.control_port = control_port};
    const gint going = 0;
    g_autoptr(GError) error = NULL;
    McMicePlace place;

    g_strlcpy(config.sink, sink, sizeof(config.sink));
    g_assert_true(mc_mice_resolve(&config, -1, &going, &place, &error));
    g_assert_no_error(error);
    g_assert_false(place.heard);
    return place;
}

static void test_numeric(void)
{
    McMicePlace place = resolve("[fe80::5%lo]:7251", 0);
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) place.addresses->ai_addr;

    g_assert_cmpint(v6->sin6_family, ==, AF_INET6);
    g_assert_cmpuint(v6->sin6_scope_id, >, 0);
    g_assert_cmpuint(ntohs(v6->sin6_port), ==, 7251);
    freeaddrinfo(place.addresses);
    place = resolve("192.0.2.7", 0);
    g_assert_cmpint(place.addresses->ai_family, ==, AF_INET);
    g_assert_cmpuint(place.port, ==, 7250);
    freeaddrinfo(place.addresses);
    place = resolve("192.0.2.7:1", 2); /* an option goes before */
    g_assert_cmpuint(place.port, ==, 2);
    freeaddrinfo(place.addresses);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mice/resolve/split", test_split);
    g_test_add_func("/mice/resolve/numeric", test_numeric);
    return g_test_run();
}
