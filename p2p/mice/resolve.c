/* SPDX-License-Identifier: MIT */
#include "p2p/mice/resolve.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "p2p/mice/beacons.h"
#include "p2p/mice/discovery.h"
#include "p2p/mice/message.h"

#define RESOLVE_MS 1500 /* Windows' own patience */

/* IPv4 first: it is what sinks of this kind are tested with. */
static struct addrinfo *look_up(const char *name, uint16_t port, int flags)
{
    static const int families[] = {AF_INET, AF_INET6};
    struct addrinfo *list = NULL;
    char service[8];

    g_snprintf(service, sizeof(service), "%u", port);
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        const struct addrinfo hints = {
            .ai_family = families[i], .ai_socktype = SOCK_STREAM, .ai_flags = flags};
        if (getaddrinfo(name, service, &hints, &list) == 0)
            return list;
    }
    return NULL;
}

static bool hear(const McLinkConfig *link, const char *name, McMiceAnnouncement *ret)
{
    McSupplicantConfig config = {0};

    g_strlcpy(config.interface, link->interface, sizeof(config.interface));
    g_strlcpy(config.control, link->control, sizeof(config.control));
    return mc_mice_beacons_find(&config, name, ret);
}

bool mc_mice_resolve(const McLinkConfig *config, int wake_fd, const gint *cancelled,
                     McMicePlace *ret, GError **error)
{
    g_autofree char *name = NULL;
    g_autoptr(GError) why = NULL;
    McMicePlace place = {0};
    McMiceSink sink;
    uint16_t port;

    mc_mice_split_port(config->sink, &name, &port);
    if (config->control_port)
        port = config->control_port;
    place.port = port ? port : MC_MICE_PORT;
    place.addresses = look_up(name, place.port, AI_NUMERICHOST);
    if (!place.addresses) {
        place.heard = hear(config, name, &place.announcement);
        if (mc_mice_find(name, RESOLVE_MS, wake_fd, &sink, &why)) {
            place.port = port ? port : sink.port;
            place.addresses = look_up(sink.address, place.port, AI_NUMERICHOST);
        }
    }
    if (!place.addresses && place.heard && place.announcement.address[0])
        place.addresses = look_up(place.announcement.address, place.port, AI_NUMERICHOST);
    if (!place.addresses && !g_atomic_int_get(cancelled))
        place.addresses = look_up(name, place.port, 0);
    *ret = place;
    if (!place.addresses)
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_UNREACHABLE,
                    "no sink answers to \"%s\"%s%s", name, why ? "; " : "",
                    why ? why->message : "");
    return place.addresses != NULL;
}
