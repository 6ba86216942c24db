/* SPDX-License-Identifier: MIT */
#include "drm-client.h"

#include <drm_fourcc.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#define CURSOR_SIDE_PX 64
#define PATIENCE_MS 60000

typedef struct {
    uint32_t handle, stride_bytes, fb_id;
    size_t bytes;
    uint32_t *pixels;
} Buffer;

struct DrmClient {
    int fd;
    uint32_t connector_id, crtc_id;
    uint32_t width_px, height_px, fourcc;
    Buffer buffers[2], cursor;
    unsigned front;
    bool cursor_shown;
};

/* ---- buffers ---- */

static Buffer new_buffer(DrmClient *self, uint32_t width_px, uint32_t height_px)
{
    struct drm_mode_create_dumb create = {.width = width_px, .height = height_px, .bpp = 32};

    g_assert_cmpint(drmIoctl(self->fd, DRM_IOCTL_MODE_CREATE_DUMB, &create), ==, 0);
    struct drm_mode_map_dumb map = {.handle = create.handle};
    g_assert_cmpint(drmIoctl(self->fd, DRM_IOCTL_MODE_MAP_DUMB, &map), ==, 0);
    void *pixels =
        mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, (off_t) map.offset);
    g_assert_true(pixels != MAP_FAILED);
    return (Buffer){.handle = create.handle,
                    .stride_bytes = create.pitch,
                    .bytes = create.size,
                    .pixels = pixels};
}

static void free_buffer(DrmClient *self, Buffer *buffer)
{
    struct drm_mode_destroy_dumb destroy = {.handle = buffer->handle};

    if (!buffer->pixels)
        return;
    if (buffer->fb_id)
        drmModeRmFB(self->fd, buffer->fb_id);
    munmap(buffer->pixels, buffer->bytes);
    drmIoctl(self->fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
    *buffer = (Buffer){0};
}

static void free_buffers(DrmClient *self)
{
    free_buffer(self, &self->buffers[0]);
    free_buffer(self, &self->buffers[1]);
}

static Buffer new_framebuffer(DrmClient *self)
{
    Buffer buffer = new_buffer(self, self->width_px, self->height_px);
    const uint32_t handles[4] = {buffer.handle}, pitches[4] = {buffer.stride_bytes},
                   offsets[4] = {0};

    g_assert_cmpint(drmModeAddFB2(self->fd, self->width_px, self->height_px, self->fourcc, handles,
                                  pitches, offsets, &buffer.fb_id, 0),
                    ==, 0);
    return buffer;
}

/* ---- the card ---- */

static void find_screen(DrmClient *self)
{
    drmModeRes *resources = drmModeGetResources(self->fd);

    g_assert_nonnull(resources);
    g_assert_cmpint(resources->count_connectors, >, 0);
    self->connector_id = resources->connectors[0];
    self->crtc_id = resources->crtcs[0];
    drmModeFreeResources(resources);
}

DrmClient *drm_client_new(const char *path)
{
    DrmClient *self = g_new0(DrmClient, 1);

    self->fd = open(path, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(self->fd, >=, 0);
    g_assert_true(drmIsMaster(self->fd));
    find_screen(self);
    return self;
}

void drm_client_free(DrmClient *self)
{
    drm_client_hide_cursor(self);
    free_buffer(self, &self->cursor);
    free_buffers(self);
    close(self->fd);
    g_free(self);
}

static void set_mode(DrmClient *self, uint32_t fb_id)
{
    drmModeConnector *connector = drmModeGetConnector(self->fd, self->connector_id);
    bool set = false;

    g_assert_nonnull(connector);
    for (int i = 0; i < connector->count_modes && !set; i++) {
        drmModeModeInfo *mode = &connector->modes[i];
        if (mode->hdisplay != self->width_px || mode->vdisplay != self->height_px)
            continue;
        g_assert_cmpint(
            drmModeSetCrtc(self->fd, self->crtc_id, fb_id, 0, 0, &self->connector_id, 1, mode), ==,
            0);
        set = true;
    }
    g_assert_true(set);
    drmModeFreeConnector(connector);
}

/* ---- pictures ---- */

uint32_t drm_client_colour(unsigned picture, uint32_t x_px, uint32_t width_px)
{
    static const uint32_t bars[] = {0xffffff, 0xffff00, 0x00ffff, 0x00ff00,
                                    0xff00ff, 0xff0000, 0x0000ff, 0x204060};

    return bars[((uint64_t) x_px * G_N_ELEMENTS(bars) / width_px + picture) % G_N_ELEMENTS(bars)];
}

static void draw(DrmClient *self, const Buffer *buffer, unsigned picture)
{
    for (uint32_t x = 0; x < self->width_px; x++) {
        const uint32_t colour = drm_client_colour(picture, x, self->width_px);
        buffer->pixels[x] =
            self->fourcc == DRM_FORMAT_BGRX8888 ? GUINT32_SWAP_LE_BE(colour) : colour;
    }
    for (uint32_t y = 1; y < self->height_px; y++)
        memcpy((uint8_t *) buffer->pixels + (size_t) y * buffer->stride_bytes, buffer->pixels,
               (size_t) self->width_px * 4);
}

void drm_client_mode(DrmClient *self, uint32_t width_px, uint32_t height_px, uint32_t fourcc)
{
    Buffer old[2] = {self->buffers[0], self->buffers[1]};

    self->width_px = width_px;
    self->height_px = height_px;
    self->fourcc = fourcc;
    for (unsigned i = 0; i < 2; i++)
        self->buffers[i] = new_framebuffer(self);
    draw(self, &self->buffers[0], 0);
    self->front = 0;
    set_mode(self, self->buffers[0].fb_id);
    free_buffer(self, &old[0]);
    free_buffer(self, &old[1]);
}

void drm_client_off(DrmClient *self)
{
    g_assert_cmpint(drmModeSetCrtc(self->fd, self->crtc_id, 0, 0, 0, NULL, 0, NULL), ==, 0);
}

static void on_flip(int fd, unsigned sequence, unsigned s, unsigned us, void *user_data)
{
    *(bool *) user_data = true;
}

void drm_client_show(DrmClient *self, unsigned picture)
{
    drmEventContext events = {.version = 2, .page_flip_handler = on_flip};
    struct pollfd waiting = {.fd = self->fd, .events = POLLIN};
    Buffer *back = &self->buffers[!self->front];
    bool flipped = false;

    draw(self, back, picture);
    g_assert_cmpint(
        drmModePageFlip(self->fd, self->crtc_id, back->fb_id, DRM_MODE_PAGE_FLIP_EVENT, &flipped),
        ==, 0);
    while (!flipped) {
        g_assert_cmpint(poll(&waiting, 1, PATIENCE_MS), ==, 1);
        drmHandleEvent(self->fd, &events);
    }
    self->front = !self->front;
}

void drm_client_draw_over(DrmClient *self, unsigned picture)
{
    draw(self, &self->buffers[self->front], picture);
}

void drm_client_save(const DrmClient *self, const char *path)
{
    const Buffer *buffer = &self->buffers[self->front];
    g_autoptr(GString) text = g_string_new(NULL);

    g_assert_cmphex(self->fourcc, ==, DRM_FORMAT_XRGB8888);
    g_string_append_printf(text, "P6 %u %u 255\n", self->width_px, self->height_px);
    for (uint32_t y = 0; y < self->height_px; y++) {
        const uint32_t *row = buffer->pixels + (size_t) y * buffer->stride_bytes / 4;
        for (uint32_t x = 0; x < self->width_px; x++) {
            const char rgb[] = {(char) (row[x] >> 16), (char) (row[x] >> 8), (char) row[x]};
            g_string_append_len(text, rgb, sizeof(rgb));
        }
    }
    g_assert_true(g_file_set_contents(path, text->str, (gssize) text->len, NULL));
}

/* ---- the cursor ---- */

void drm_client_draw_cursor_over(DrmClient *self, uint32_t argb)
{
    for (unsigned y = 0; y < CURSOR_SIDE_PX; y++)
        for (unsigned x = 0; x < CURSOR_SIDE_PX; x++)
            self->cursor.pixels[y * CURSOR_SIDE_PX + x] =
                x < DRM_CLIENT_CURSOR_PX && y < DRM_CLIENT_CURSOR_PX ? argb : 0;
}

bool drm_client_cursor(DrmClient *self, uint32_t argb)
{
    if (!self->cursor.pixels)
        self->cursor = new_buffer(self, CURSOR_SIDE_PX, CURSOR_SIDE_PX);
    drm_client_draw_cursor_over(self, argb);
    self->cursor_shown = drmModeSetCursor(self->fd, self->crtc_id, self->cursor.handle,
                                          CURSOR_SIDE_PX, CURSOR_SIDE_PX) == 0;
    return self->cursor_shown;
}

void drm_client_move_cursor(DrmClient *self, int x_px, int y_px)
{
    g_assert_cmpint(drmModeMoveCursor(self->fd, self->crtc_id, x_px, y_px), ==, 0);
}

void drm_client_hide_cursor(DrmClient *self)
{
    if (self->cursor_shown)
        drmModeSetCursor(self->fd, self->crtc_id, 0, 0, 0);
    self->cursor_shown = false;
}
