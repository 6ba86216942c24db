/* SPDX-License-Identifier: MIT */
/* Sinks on the network, by mDNS, and those whose beacons say that they take Miracast over
 * Infrastructure. */
#include <string.h>

#include "host/discover.h"
#include "p2p/mice/beacons.h"
#include "p2p/mice/discovery.h"

enum { USUAL_PORT = 7250 };

typedef struct {
    const McLook *look;
    GHashTable *heard; /* host names out of beacons, in lower case */
} MiceLook;

/* ---- beacons ---- */

static void tell_beacon(const McMiceAnnouncement *sink, void *user_data)
{
    MiceLook *self = user_data;
    const char *note = sink->shows_pin  ? "heard by Wi-Fi; it encrypts and shows a PIN"
                       : sink->encrypts ? "heard by Wi-Fi; it encrypts"
                                        : "heard by Wi-Fi";

    if (!g_hash_table_add(self->heard, g_ascii_strdown(sink->host, -1)))
        return;
    self->look->tell(&(McDiscovered){.event = "found",
                                     .kind = "mice",
                                     .name = sink->host,
                                     .address = *sink->address ? sink->address : sink->host,
                                     .state = "",
                                     .note = note},
                     self->look->user_data);
}

static void read_beacons(MiceLook *self)
{
    McSupplicantConfig config = {0};

    g_strlcpy(config.interface, self->look->interface, sizeof(config.interface));
    g_strlcpy(config.control, self->look->control, sizeof(config.control));
    mc_mice_beacons_read(&config, tell_beacon, self);
}

/* ---- mDNS ---- */

static bool was_heard(const MiceLook *self, const McMiceSink *sink)
{
    g_autofree char *host = g_ascii_strdown(sink->host, -1);

    if (g_str_has_suffix(host, ".local"))
        host[strlen(host) - strlen(".local")] = '\0';
    return g_hash_table_contains(self->heard, host);
}

static bool tell_mice(const McMiceSink *sink, void *user_data)
{
    const MiceLook *self = user_data;
    const bool v6 = strchr(sink->address, ':') != NULL;
    g_autofree char *address =
        sink->port == USUAL_PORT
            ? g_strdup(sink->address)
            : g_strdup_printf(v6 ? "[%s]:%u" : "%s:%u", sink->address, sink->port);

    self->look->tell(&(McDiscovered){.event = was_heard(self, sink) ? "changed" : "found",
                                     .kind = "mice",
                                     .name = sink->name,
                                     .address = address,
                                     .state = "",
                                     .note = sink->host},
                     self->look->user_data);
    return true;
}

/* ---- both ---- */

bool mc_discover_mice(const McLook *look, GError **error)
{
    MiceLook self = {.look = look,
                     .heard = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};

    read_beacons(&self);
    const bool heard_any = g_hash_table_size(self.heard) > 0;
    const bool ok = mc_mice_discover(look->wait_ms, look->cancel_fd, tell_mice, &self,
                                     heard_any ? NULL : error);
    g_hash_table_unref(self.heard);
    return ok || heard_any;
}
