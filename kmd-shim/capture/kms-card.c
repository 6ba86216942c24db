/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/kms-card.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "kmd-shim/capture/error.h"

#ifndef DRM_CLIENT_CAP_CURSOR_PLANE_HOTSPOT
#define DRM_CLIENT_CAP_CURSOR_PLANE_HOTSPOT 6 /* libdrm 2.4.119 */
#endif

/* What is asked of planes and connectors, by the names of their properties. */
enum { TYPE, ZPOS, CRTC_X, CRTC_Y, CRTC_W, CRTC_H, SRC_X, SRC_Y, SRC_W, SRC_H, ROTATION, N_WANTED };
static const char *const wanted[N_WANTED] = {"type",   "zpos",   "CRTC_X",  "CRTC_Y",
                                             "CRTC_W", "CRTC_H", "SRC_X",   "SRC_Y",
                                             "SRC_W",  "SRC_H",  "rotation"};

typedef struct {
    uint32_t plane_id, possible_crtcs;
    uint32_t property[N_WANTED]; /* ids; 0: it has none of that name */
} Plane;

struct McKmsCard {
    int fd;
    char *path, *name;
    bool atomic;            /* positions of planes are told */
    uint32_t crtc_property; /* CRTC_ID, which planes and connectors have; 0: not told */
    GArray *crtcs;          /* uint32_t, in the order of possible_crtcs */
    GArray *planes;         /* Plane */
};

/* ---- life ---- */

static void fail(GError **error, const char *name, int code)
{
    if (code == EACCES || code == EPERM)
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_CARD_DENIED,
                    "the graphics card %s may not be opened by this user", name);
    else
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_CARD,
                    "the graphics card %s cannot be opened: %s", name, g_strerror(code));
}

/* The first to open a card that nobody uses becomes its master, who alone may show something. */
static void let_others_be_master(McKmsCard *self)
{
    if (drmIsMaster(self->fd))
        drmDropMaster(self->fd);
}

static bool ask_for_all_planes(McKmsCard *self)
{
    self->atomic = drmSetClientCap(self->fd, DRM_CLIENT_CAP_ATOMIC, 1) == 0;
    /* Without this one, cards of virtual machines hide their cursor from who asks for positions. */
    drmSetClientCap(self->fd, DRM_CLIENT_CAP_CURSOR_PLANE_HOTSPOT, 1);
    return self->atomic || drmSetClientCap(self->fd, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1) == 0;
}

static bool read_crtcs(McKmsCard *self)
{
    drmModeRes *resources = drmModeGetResources(self->fd);

    if (!resources)
        return false;
    g_array_append_vals(self->crtcs, resources->crtcs, (guint) resources->count_crtcs);
    drmModeFreeResources(resources);
    return true;
}

static void find_properties(McKmsCard *self, Plane *plane)
{
    drmModeObjectProperties *all =
        drmModeObjectGetProperties(self->fd, plane->plane_id, DRM_MODE_OBJECT_PLANE);

    for (uint32_t i = 0; all && i < all->count_props; i++) {
        drmModePropertyRes *property = drmModeGetProperty(self->fd, all->props[i]);
        for (unsigned k = 0; property && k < N_WANTED; k++)
            if (!strcmp(property->name, wanted[k]))
                plane->property[k] = property->prop_id;
        if (property && !strcmp(property->name, "CRTC_ID"))
            self->crtc_property = property->prop_id;
        drmModeFreeProperty(property);
    }
    drmModeFreeObjectProperties(all);
}

static void read_planes(McKmsCard *self)
{
    drmModePlaneRes *resources = drmModeGetPlaneResources(self->fd);

    for (uint32_t i = 0; resources && i < resources->count_planes; i++) {
        drmModePlane *found = drmModeGetPlane(self->fd, resources->planes[i]);
        if (!found)
            continue;
        Plane plane = {.plane_id = found->plane_id, .possible_crtcs = found->possible_crtcs};
        drmModeFreePlane(found);
        find_properties(self, &plane);
        g_array_append_val(self->planes, plane);
    }
    drmModeFreePlaneResources(resources);
}

static int open_path(const McKmsCard *self)
{
    return open(self->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
}

McKmsCard *mc_kms_card_open(const char *path, GError **error)
{
    g_autoptr(McKmsCard) self = g_new0(McKmsCard, 1);

    self->crtcs = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    self->planes = g_array_new(FALSE, FALSE, sizeof(Plane));
    self->path = g_strdup(path);
    self->name = g_path_get_basename(path);
    self->fd = open_path(self);
    if (self->fd < 0) {
        fail(error, self->name, errno);
        return NULL;
    }
    let_others_be_master(self);
    if (!ask_for_all_planes(self) || !read_crtcs(self)) {
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_CARD,
                    "the graphics card %s drives no screens", self->name);
        return NULL;
    }
    read_planes(self);
    return g_steal_pointer(&self);
}

void mc_kms_card_close(McKmsCard *self)
{
    if (!self)
        return;
    if (self->fd >= 0)
        close(self->fd);
    g_array_free(self->crtcs, TRUE);
    g_array_free(self->planes, TRUE);
    g_free(self->name);
    g_free(self->path);
    g_free(self);
}

/* Something else stands in its place meanwhile, so that no other thread gets the number. */
bool mc_kms_card_reopen(McKmsCard *self)
{
    const int other_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool ok = other_fd >= 0 && dup3(other_fd, self->fd, O_CLOEXEC) >= 0;
    const int fd = ok ? open_path(self) : -1;

    ok = fd >= 0 && dup3(fd, self->fd, O_CLOEXEC) >= 0;
    if (fd >= 0)
        close(fd);
    if (other_fd >= 0)
        close(other_fd);
    if (!ok)
        return false;
    let_others_be_master(self);
    return ask_for_all_planes(self);
}

int mc_kms_card_fd(const McKmsCard *self)
{
    return self->fd;
}

const char *mc_kms_card_name(const McKmsCard *self)
{
    return self->name;
}

/* ---- screens ---- */

static uint64_t value_of(const drmModeObjectProperties *all, uint32_t property, uint64_t otherwise)
{
    for (uint32_t i = 0; property && i < all->count_props; i++)
        if (all->props[i] == property)
            return all->prop_values[i];
    return otherwise;
}

/* Its numbers. False: the card is gone. */
static bool read_mode(McKmsCard *self, McKmsScreen *screen)
{
    drmModeCrtc *crtc = screen->crtc_id ? drmModeGetCrtc(self->fd, screen->crtc_id) : NULL;
    const bool gone = screen->crtc_id && !crtc && errno == ENODEV;

    if (crtc && crtc->mode_valid) {
        screen->width_px = crtc->mode.hdisplay;
        screen->height_px = crtc->mode.vdisplay;
    } else {
        screen->crtc_id = screen->width_px = screen->height_px = 0;
    }
    drmModeFreeCrtc(crtc);
    return !gone;
}

/* As the driver has it, without asking the screen itself: that takes long, and disturbs it. */
static bool read_connector(McKmsCard *self, McKmsScreen *screen)
{
    drmModeConnector *connector = drmModeGetConnectorCurrent(self->fd, screen->connector_id);

    screen->crtc_id = 0;
    if (!connector)
        return errno != ENODEV; /* it may have been a dock's, that was pulled */
    const char *type = drmModeGetConnectorTypeName(connector->connector_type);
    g_snprintf(screen->name, sizeof(screen->name), "%s-%u", type ? type : "Unknown",
               connector->connector_type_id);
    screen->connected = connector->connection == DRM_MODE_CONNECTED;
    drmModeEncoder *encoder =
        connector->encoder_id ? drmModeGetEncoder(self->fd, connector->encoder_id) : NULL;
    screen->crtc_id = encoder ? encoder->crtc_id : 0;
    drmModeFreeEncoder(encoder);
    drmModeFreeConnector(connector);
    return true;
}

/* The same in fewer words, which take no lock that somebody holds who asks the screen. */
static bool read_crtc(McKmsCard *self, McKmsScreen *screen)
{
    drmModeObjectProperties *all =
        drmModeObjectGetProperties(self->fd, screen->connector_id, DRM_MODE_OBJECT_CONNECTOR);

    screen->crtc_id = all ? (uint32_t) value_of(all, self->crtc_property, 0) : 0;
    const bool gone = !all && errno == ENODEV;
    drmModeFreeObjectProperties(all);
    return !gone;
}

bool mc_kms_card_look(McKmsCard *self, McKmsScreen *screen)
{
    const bool there = self->crtc_property ? read_crtc(self, screen) : read_connector(self, screen);

    return there && read_mode(self, screen);
}

void mc_kms_card_list(McKmsCard *self, GArray *screens)
{
    drmModeRes *resources = drmModeGetResources(self->fd);

    for (int i = 0; resources && i < resources->count_connectors; i++) {
        McKmsScreen screen = {.connector_id = resources->connectors[i]};
        g_strlcpy(screen.card, self->name, sizeof(screen.card));
        if (read_connector(self, &screen) && mc_kms_card_look(self, &screen) && *screen.name)
            g_array_append_val(screens, screen);
    }
    drmModeFreeResources(resources);
}

/* ---- planes ---- */

/* Positions of the source are in 1/65536 of a pixel. */
static void read_place(const Plane *plane, const drmModeObjectProperties *all, McKmsPlane *ret)
{
    const uint32_t *property = plane->property;

    ret->x_px = (int32_t) value_of(all, property[CRTC_X], 0);
    ret->y_px = (int32_t) value_of(all, property[CRTC_Y], 0);
    ret->width_px = (uint32_t) value_of(all, property[CRTC_W], 0);
    ret->height_px = (uint32_t) value_of(all, property[CRTC_H], 0);
    ret->src_x_px = (uint32_t) value_of(all, property[SRC_X], 0) >> 16;
    ret->src_y_px = (uint32_t) value_of(all, property[SRC_Y], 0) >> 16;
    ret->src_width_px = (uint32_t) value_of(all, property[SRC_W], 0) >> 16;
    ret->src_height_px = (uint32_t) value_of(all, property[SRC_H], 0) >> 16;
    ret->turned = value_of(all, property[ROTATION], DRM_MODE_ROTATE_0) != DRM_MODE_ROTATE_0;
}

/* False: it shows nothing that can be placed. */
static bool read_plane(McKmsCard *self, const Plane *plane, uint32_t crtc_id, McKmsPlane *ret)
{
    drmModePlane *now = drmModeGetPlane(self->fd, plane->plane_id);
    const bool shown = now && now->crtc_id == crtc_id && now->fb_id;

    *ret = (McKmsPlane){.fb_id = shown ? now->fb_id : 0};
    drmModeFreePlane(now);
    drmModeObjectProperties *all =
        shown ? drmModeObjectGetProperties(self->fd, plane->plane_id, DRM_MODE_OBJECT_PLANE) : NULL;
    if (!all)
        return false;
    const uint64_t type = value_of(all, plane->property[TYPE], DRM_PLANE_TYPE_OVERLAY);
    ret->type = type == DRM_PLANE_TYPE_PRIMARY  ? MC_KMS_PRIMARY
                : type == DRM_PLANE_TYPE_CURSOR ? MC_KMS_CURSOR
                                                : MC_KMS_OVERLAY;
    ret->zpos = value_of(all, plane->property[ZPOS], ret->type == MC_KMS_PRIMARY ? 0 : 1);
    read_place(plane, all, ret);
    drmModeFreeObjectProperties(all);
    return self->atomic ? ret->width_px && ret->height_px : ret->type == MC_KMS_PRIMARY;
}

/* An old driver tells where the primary plane's picture begins with the CRTC. */
static void place_by_crtc(McKmsCard *self, uint32_t crtc_id, McKmsPlane *plane)
{
    drmModeCrtc *crtc = drmModeGetCrtc(self->fd, crtc_id);

    if (!crtc)
        return;
    plane->src_x_px = crtc->x;
    plane->src_y_px = crtc->y;
    plane->src_width_px = plane->width_px = crtc->mode.hdisplay;
    plane->src_height_px = plane->height_px = crtc->mode.vdisplay;
    drmModeFreeCrtc(crtc);
}

static int compare(const void *one, const void *other)
{
    const McKmsPlane *a = one, *b = other;

    if ((a->type == MC_KMS_CURSOR) != (b->type == MC_KMS_CURSOR))
        return a->type == MC_KMS_CURSOR ? 1 : -1;
    return (a->zpos > b->zpos) - (a->zpos < b->zpos);
}

static uint32_t bit_of(const McKmsCard *self, uint32_t crtc_id)
{
    for (guint i = 0; i < self->crtcs->len && i < 32; i++)
        if (g_array_index(self->crtcs, uint32_t, i) == crtc_id)
            return 1u << i;
    return 0;
}

unsigned mc_kms_card_planes(McKmsCard *self, uint32_t crtc_id, McKmsPlane *ret, unsigned max)
{
    const uint32_t bit = bit_of(self, crtc_id);
    unsigned n = 0;

    for (guint i = 0; i < self->planes->len && n < max; i++) {
        const Plane *plane = &g_array_index(self->planes, Plane, i);
        if (!(plane->possible_crtcs & bit) || !read_plane(self, plane, crtc_id, &ret[n]))
            continue;
        if (!self->atomic)
            place_by_crtc(self, crtc_id, &ret[n]);
        n++;
    }
    qsort(ret, n, sizeof(*ret), compare);
    return n;
}

/* ---- vertical blanks ---- */

bool mc_kms_card_await_blank(McKmsCard *self, uint32_t crtc_id)
{
    uint64_t queued;

    return drmCrtcQueueSequence(self->fd, crtc_id,
                                DRM_CRTC_SEQUENCE_RELATIVE | DRM_CRTC_SEQUENCE_NEXT_ON_MISS, 1,
                                &queued, 0) == 0;
}

bool mc_kms_card_blank_came(McKmsCard *self)
{
    char events[1024];

    return read(self->fd, events, sizeof(events)) > 0;
}
