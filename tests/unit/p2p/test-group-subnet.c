/* SPDX-License-Identifier: MIT */
/* Subnets that a sink gives, also those with which it would have more than what is meant for it. */
#include "p2p/group-subnet.h"

#include <arpa/inet.h>
#include <glib.h>

static const struct {
    const char *ip, *sink, *told, *taken; /* NULL: refused */
} cases[] = {
    {"192.168.49.20", "192.168.49.1", "255.255.255.0", "255.255.255.0"},
    {"192.168.49.20", "192.168.49.1", "0.0.0.0", "255.255.255.0"}, /* not told */
    {"192.168.49.20", "192.168.49.17", "255.255.255.240", "255.255.255.240"},
    {"192.168.49.20", "192.168.49.1", "255.255.255.240", "255.255.255.224"},
    {"192.168.49.20", "192.168.49.1", "255.255.255.255", "255.255.255.224"},
    {"192.168.49.2", "0.0.0.0", "255.255.255.0", "255.255.255.0"},
    {"10.1.2.3", "10.1.0.1", "255.0.0.0", "255.255.252.0"}, /* as wide as is needed */
    {"172.16.0.2", "172.16.0.1", "255.255.0.0", "255.255.255.0"},
    {"169.254.7.7", "169.254.200.1", "255.255.0.0", "255.255.0.0"},
    {"192.168.49.20", "192.168.49.1", "128.0.0.0", "255.255.255.0"}, /* half of the Internet */
    {"192.168.49.20", "192.168.49.1", "255.0.255.0", "255.255.255.0"},
    {"10.1.2.3", "10.200.0.1", "255.0.0.0", NULL},
    {"8.8.8.1", "8.8.8.8", "255.255.255.0", NULL},
    {"192.168.49.20", "8.8.8.8", "255.255.255.0", NULL},
    {"127.0.0.1", "127.0.0.2", "255.0.0.0", NULL},
    {"224.0.0.1", "192.168.49.1", "255.255.255.0", NULL},
    {"0.0.0.0", "192.168.49.1", "255.255.255.0", NULL},
    {"255.255.255.255", "192.168.49.1", "255.255.255.0", NULL},
    {"172.32.0.2", "172.32.0.1", "255.255.255.0", NULL},
    {"192.168.49.1", "192.168.49.1", "255.255.255.0", NULL}, /* the sink's own */
};

static void test_cases(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t ip[4], sink[4], mask[4];
        char text[INET_ADDRSTRLEN];

        g_assert_true(inet_pton(AF_INET, cases[i].ip, ip) &&
                      inet_pton(AF_INET, cases[i].sink, sink) &&
                      inet_pton(AF_INET, cases[i].told, mask));
        const bool fits = mc_group_subnet(ip, sink, mask);
        g_assert_cmpint(fits, ==, cases[i].taken != NULL);
        if (fits)
            g_assert_cmpstr(inet_ntop(AF_INET, mask, text, sizeof(text)), ==, cases[i].taken);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/group-subnet", test_cases);
    return g_test_run();
}
