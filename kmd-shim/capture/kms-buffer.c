/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/kms-buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <drm_fourcc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "kmd-shim/capture/dmabuf.h"
#include "kmd-shim/capture/error.h"
#include "kmd-shim/capture/kms-picture.h"

typedef struct {
    void *address; /* NULL: free */
    size_t bytes;
    int dmabuf_fd;   /* -1: mapped through the card */
    uint64_t number; /* the dma-buf's inode, else where the card maps it: one for each memory */
    uint64_t asked;  /* when it was asked for the last time, in calls */
} Mapping;

struct McKmsBuffers {
    int card_fd;
    char *card_name;
    Mapping held[MC_KMS_BUFFERS_HELD];
    uint64_t calls, forgot;
};

McKmsBuffers *mc_kms_buffers_new(int card_fd, const char *card_name)
{
    McKmsBuffers *self = g_new0(McKmsBuffers, 1);

    self->card_fd = card_fd;
    self->card_name = g_strdup(card_name);
    return self;
}

static void let_go(Mapping *mapping)
{
    if (!mapping->address)
        return;
    munmap(mapping->address, mapping->bytes);
    if (mapping->dmabuf_fd >= 0)
        close(mapping->dmabuf_fd);
    *mapping = (Mapping){0};
}

void mc_kms_buffers_free(McKmsBuffers *self)
{
    if (!self)
        return;
    for (unsigned i = 0; i < MC_KMS_BUFFERS_HELD; i++)
        let_go(&self->held[i]);
    g_free(self->card_name);
    g_free(self);
}

void mc_kms_buffers_forget(McKmsBuffers *self)
{
    for (unsigned i = 0; i < MC_KMS_BUFFERS_HELD; i++)
        if (self->held[i].asked <= self->forgot)
            let_go(&self->held[i]);
    self->forgot = self->calls;
}

/* ---- mappings ---- */

static Mapping *find(McKmsBuffers *self, bool dmabuf, uint64_t number, size_t bytes)
{
    for (unsigned i = 0; i < MC_KMS_BUFFERS_HELD; i++) {
        Mapping *mapping = &self->held[i];
        if (mapping->address && (mapping->dmabuf_fd >= 0) == dmabuf && mapping->number == number &&
            mapping->bytes >= bytes)
            return mapping;
    }
    return NULL;
}

static Mapping *make_room(McKmsBuffers *self)
{
    Mapping *oldest = &self->held[0];

    for (unsigned i = 1; i < MC_KMS_BUFFERS_HELD; i++)
        if (self->held[i].asked < oldest->asked)
            oldest = &self->held[i];
    let_go(oldest);
    return oldest;
}

/* The kernel refuses to map more than there is, whatever the framebuffer's numbers say. */
static Mapping *map(McKmsBuffers *self, int fd, off_t offset, bool dmabuf, uint64_t number,
                    size_t bytes)
{
    void *address = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, offset);

    if (address == MAP_FAILED)
        return NULL;
    Mapping *mapping = make_room(self);
    *mapping = (Mapping){
        .address = address, .bytes = bytes, .dmabuf_fd = dmabuf ? fd : -1, .number = number};
    return mapping;
}

static Mapping *map_dmabuf(McKmsBuffers *self, uint32_t handle, size_t bytes)
{
    struct stat status;
    int fd = -1;

    if (drmPrimeHandleToFD(self->card_fd, handle, DRM_CLOEXEC, &fd))
        return NULL;
    if (fstat(fd, &status)) {
        close(fd);
        return NULL;
    }
    Mapping *mapping = find(self, true, status.st_ino, bytes);
    if (!mapping && (mapping = map(self, fd, 0, true, status.st_ino, bytes)))
        return mapping; /* the descriptor is its own now */
    close(fd);
    return mapping;
}

/* Cards with a framebuffer of their own and no more: servers' remote consoles, QEMU's bochs. */
static Mapping *map_through_card(McKmsBuffers *self, uint32_t handle, size_t bytes)
{
    struct drm_mode_map_dumb request = {.handle = handle};

    if (drmIoctl(self->card_fd, DRM_IOCTL_MODE_MAP_DUMB, &request))
        return NULL;
    Mapping *mapping = find(self, false, request.offset, bytes);
    return mapping ? mapping
                   : map(self, self->card_fd, (off_t) request.offset, false, request.offset, bytes);
}

/* ---- framebuffers ---- */

static bool unreadable(McKmsBuffers *self, GError **error, const char *format, const char *what)
{
    g_autofree char *why = g_strdup_printf(format, what);

    g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_UNREADABLE, "the picture of %s %s",
                self->card_name, why);
    return false;
}

static bool check_layout(McKmsBuffers *self, const drmModeFB2 *fb, GError **error)
{
    if (fb->flags & DRM_MODE_FB_MODIFIERS && !mc_kms_modifier_is_linear(fb->modifier)) {
        char *name = drmGetFormatModifierName(fb->modifier);
        unreadable(self, error, "has the card's own layout (%s), which only the card reads",
                   name ? name : "unknown");
        free(name);
        return false;
    }
    if (mc_kms_format_bytes(fb->pixel_format))
        return true;
    char *name = drmGetFormatName(fb->pixel_format);
    unreadable(self, error, "has a pixel format (%s) that is not read here",
               name ? name : "unknown");
    free(name);
    return false;
}

static Mapping *map_framebuffer(McKmsBuffers *self, const drmModeFB2 *fb, GError **error)
{
    const uint64_t bytes =
        mc_kms_bytes(fb->width, fb->height, fb->pitches[0], mc_kms_format_bytes(fb->pixel_format));
    Mapping *mapping = NULL;

    if (!fb->handles[0]) {
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_CARD_DENIED,
                    "what %s shows may be read with CAP_SYS_ADMIN only", self->card_name);
        return NULL;
    }
    if (!check_layout(self, fb, error))
        return NULL;
    if (bytes) {
        const size_t all = (size_t) (bytes + fb->offsets[0]);
        mapping = map_dmabuf(self, fb->handles[0], all);
        mapping = mapping ? mapping : map_through_card(self, fb->handles[0], all);
    }
    if (!mapping)
        unreadable(self, error, "cannot be mapped: %s", bytes ? g_strerror(errno) : "its size");
    return mapping;
}

/* Each is there once more with every question, and a name for the same memory more than once. */
static void close_handles(McKmsBuffers *self, const drmModeFB2 *fb)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(fb->handles); i++) {
        bool closed = !fb->handles[i];
        for (unsigned k = 0; k < i; k++)
            closed = closed || fb->handles[k] == fb->handles[i];
        if (!closed)
            drmCloseBufferHandle(self->card_fd, fb->handles[i]);
    }
}

bool mc_kms_buffers_get(McKmsBuffers *self, uint32_t fb_id, McKmsBuffer *ret, GError **error)
{
    drmModeFB2 *fb = drmModeGetFB2(self->card_fd, fb_id);

    if (!fb && errno == ENOENT) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "framebuffer %u has gone", fb_id);
        return false;
    }
    if (!fb)
        return unreadable(self, error, "is not told of: %s", g_strerror(errno));
    Mapping *mapping = map_framebuffer(self, fb, error);
    close_handles(self, fb);
    if (mapping) {
        mapping->asked = ++self->calls;
        *ret = (McKmsBuffer){.width_px = fb->width,
                             .height_px = fb->height,
                             .stride_bytes = fb->pitches[0],
                             .fourcc = fb->pixel_format,
                             .pixels = (const uint8_t *) mapping->address + fb->offsets[0],
                             .mapping = mapping};
    }
    drmModeFreeFB2(fb);
    return mapping != NULL;
}

static void sync_buffer(const McKmsBuffer *buffer, uint64_t when)
{
    const Mapping *mapping = buffer->mapping;

    if (mapping->dmabuf_fd >= 0)
        mc_dmabuf_sync(mapping->dmabuf_fd, when);
}

void mc_kms_buffer_begin(const McKmsBuffer *buffer)
{
    sync_buffer(buffer, DMA_BUF_SYNC_START);
}

void mc_kms_buffer_end(const McKmsBuffer *buffer)
{
    sync_buffer(buffer, DMA_BUF_SYNC_END);
}
