/* SPDX-License-Identifier: MIT */
#include "p2p/mice/beacons.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <wpa_ctrl.h>

#include "p2p/mac.h"
#include "p2p/wpa-control.h"

#define REPLY_BYTES 65536u
#define REPLIES_MAX 64u /* of some dozen blocks each */
#define IES_MAX 4096u
#define DELIMITER "====\n"
#define MASK 0x20401u /* WPA_BSS_MASK_ID, _IE, _DELIM, whose macros want one that is not there */

/* ---- one reply ---- */

/* "name=" at the beginning of a line; its value ends with the line. */
static const char *value_of(const char *block, const char *end, const char *name, size_t *ret_len)
{
    const size_t name_len = strlen(name);

    for (const char *line = block; line < end;) {
        const char *next = memchr(line, '\n', (size_t) (end - line));
        if (!next) /* cut short */
            return NULL;
        if ((size_t) (next - line) > name_len && !memcmp(line, name, name_len)) {
            *ret_len = (size_t) (next - line) - name_len;
            return line + name_len;
        }
        line = next + 1;
    }
    return NULL;
}

static void hear(const char *block, const char *end, McMiceHeard heard, void *user_data)
{
    McMiceAnnouncement announcement;
    uint8_t ies[IES_MAX];
    size_t len, bytes;
    const char *text = value_of(block, end, "ie=", &len);

    if (text && mc_hex_parse(text, (gssize) len, ies, sizeof(ies), &bytes) &&
        mc_mice_announcement_from_ies(ies, bytes, &announcement) && announcement.supported)
        heard(&announcement, user_data);
}

unsigned mc_mice_beacons_parse(const char *reply, unsigned *ret_last_id, McMiceHeard heard,
                               void *user_data)
{
    unsigned blocks = 0;
    const char *end;

    for (; (end = strstr(reply, DELIMITER)); reply = end + strlen(DELIMITER)) {
        size_t len;
        const char *id = value_of(reply, end, "id=", &len);
        if (!id)
            continue;
        *ret_last_id = (unsigned) strtoul(id, NULL, 10);
        hear(reply, end, heard, user_data);
        blocks++;
    }
    return blocks;
}

/* ---- asking ---- */

static void read_socket(const char *path, McMiceHeard heard, void *user_data)
{
    struct wpa_ctrl *control = mc_wpa_control_open(path);
    g_autofree char *reply = g_malloc(REPLY_BYTES);
    unsigned last = 0, blocks = 1;

    for (unsigned i = 0; control && blocks && i < REPLIES_MAX; i++) {
        size_t len = REPLY_BYTES - 1;
        char text[64];

        if (i == 0)
            g_snprintf(text, sizeof(text), "BSS RANGE=ALL MASK=0x%x", MASK);
        else
            g_snprintf(text, sizeof(text), "BSS RANGE=%u- MASK=0x%x", last + 1, MASK);
        if (wpa_ctrl_request(control, text, strlen(text), reply, &len, NULL) != 0)
            break;
        reply[len] = '\0';
        const unsigned before = last;
        blocks = mc_mice_beacons_parse(reply, &last, heard, user_data);
        if (i && last <= before) /* it does not move on */
            break;
    }
    if (control)
        wpa_ctrl_close(control);
}

/* What scanning heard is the station's interface's, what a search for Wi-Fi Direct heard may be the
 * P2P device's. */
bool mc_mice_beacons_read(const McSupplicantConfig *config, McMiceHeard heard, void *user_data)
{
    g_autofree char *path = mc_wpas_find_socket(config);

    if (!path)
        return false;
    read_socket(path, heard, user_data);
    char *device = strstr(path, "/p2p-dev-");
    if (device) {
        memmove(device + 1, device + strlen("/p2p-dev-"), strlen(device + strlen("/p2p-dev-")) + 1);
        read_socket(path, heard, user_data);
    }
    return true;
}

typedef struct {
    const char *name;
    McMiceAnnouncement *sink;
    bool found;
} Wanted;

static void compare(const McMiceAnnouncement *sink, void *user_data)
{
    Wanted *self = user_data;
    const size_t len = strlen(sink->host);

    if (self->found || g_ascii_strncasecmp(self->name, sink->host, len) ||
        (self->name[len] && g_ascii_strcasecmp(self->name + len, ".local")))
        return;
    *self->sink = *sink;
    self->found = true;
}

bool mc_mice_beacons_find(const McSupplicantConfig *config, const char *name,
                          McMiceAnnouncement *ret)
{
    Wanted wanted = {.name = name, .sink = ret};

    return mc_mice_beacons_read(config, compare, &wanted) && wanted.found;
}
