/* SPDX-License-Identifier: MIT */
/* What sinks say of themselves on the air, as wpa_supplicant passes it on: its answers to "BSS
 * RANGE=..." (first byte t), the elements of a beacon (e), the attribute alone (a). */
#include "tests/fuzz/fuzz.h"

#include <glib.h>
#include <string.h>

#include "p2p/mice/beacons.h"

/* What is shown to people and handed to resolvers: text that ends, without anything odd in it. */
static void check(const McMiceAnnouncement *sink)
{
    g_assert_nonnull(memchr(sink->host, 0, sizeof(sink->host)));
    g_assert_nonnull(memchr(sink->address, 0, sizeof(sink->address)));
    g_assert_true(sink->host[0]);
    for (const char *p = sink->host; *p; p++)
        g_assert_true(*p > ' ' && *p <= '~' && *p != '.');
    g_assert_true(!sink->shows_pin || sink->encrypts);
    g_assert_cmpuint(sink->version, <=, 7);
}

static void on_heard(const McMiceAnnouncement *sink, void *user_data)
{
    g_assert_true(sink->supported);
    check(sink);
    ++*(unsigned *) user_data;
}

static void run_text(const uint8_t *data, size_t size)
{
    g_autofree char *reply = g_strndup((const char *) data, size);
    unsigned heard = 0, last = 0;

    const unsigned blocks = mc_mice_beacons_parse(reply, &last, on_heard, &heard);
    g_assert_cmpuint(heard, <=, blocks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    McMiceAnnouncement sink;

    if (size < 1)
        return 0;
    g_autofree uint8_t *exact = g_memdup2(data + 1, size - 1); /* ends where it ends */
    if (data[0] == 't')
        run_text(data + 1, size - 1);
    else if (data[0] == 'e' ? mc_mice_announcement_from_ies(exact, size - 1, &sink)
                            : mc_mice_announcement_parse(exact, size - 1, &sink))
        check(&sink);
    return 0;
}
