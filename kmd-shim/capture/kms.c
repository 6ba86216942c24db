/* SPDX-License-Identifier: MIT */
/* What a screen shows, as the kernel's graphics driver scans it out: for consoles and kiosks, where
 * no server or compositor gives its pictures away. Takes CAP_SYS_ADMIN, and never sets anything.
 *
 * Pictures are copied out of the framebuffer, not lent: who draws gets it back with his next flip,
 * or draws in it all the time as the text console does, and a frame that was lent must stay as it
 * is until it is encoded. The copy is read once, in order, which is the best way to read memory of
 * a card, and checked: where a flip came between, it is taken anew. */
#include <errno.h>
#include <gio/gio.h>
#include <string.h>

#include "kmd-shim/capture/capture.h"
#include "kmd-shim/capture/kms-buffer.h"
#include "kmd-shim/capture/kms-card.h"
#include "kmd-shim/capture/kms-cursor.h"
#include "kmd-shim/capture/kms-find.h"
#include "kmd-shim/capture/kms-picture.h"

#define MAX_PLANES (MC_KMS_MAX_LAYERS + 1) /* and the cursor */
#define NS_PER_MS 1000000
/* How often who draws in place is looked for: while he does, and once he rests. */
#define COMPARE_NS (15 * NS_PER_MS)
#define COMPARE_STILL_NS (33 * NS_PER_MS)
#define STILL_AFTER_NS (1000 * NS_PER_MS)
#define FORGET_NS (2000 * NS_PER_MS) /* memory that is not shown any more is given back */
/* While the screen is off, how often the card is let go of. */
#define LET_GO_NS (500 * NS_PER_MS)
#define TRIES 3 /* of a picture that is flipped away while it is read */

struct McCapture {
    McKmsCard *card;
    McKmsBuffers *buffers;
    McKmsScreen screen;
    uint32_t width_px, height_px; /* of the screen, as long as it was on */

    McKmsPlane planes[MAX_PLANES]; /* of the last look, lowest first */
    unsigned n_planes;
    McKmsCursor *cursor;
    uint64_t print;      /* of what was grabbed */
    bool plane_left_out; /* was said */
    bool off_told;

    int64_t compared_ns, changed_ns, forgot_ns, let_go_ns;
    bool blank_awaited, no_blanks;

    uint8_t *row;
    size_t row_bytes;
};

/* ---- opening ---- */

static void kms_close(McCapture *self)
{
    mc_kms_cursor_free(self->cursor);
    mc_kms_buffers_free(self->buffers);
    mc_kms_card_close(self->card);
    g_free(self->row);
    g_free(self);
}

static bool try_picture(McCapture *self, GError **error);

static McCapture *kms_open(const McCaptureConfig *config, GError **error)
{
    McCapture *self = g_new0(McCapture, 1);

    self->cursor = mc_kms_cursor_new();
    self->card = mc_kms_find(config->argument, &self->screen, error);
    if (self->card) {
        self->width_px = self->screen.width_px;
        self->height_px = self->screen.height_px;
        self->buffers = mc_kms_buffers_new(mc_kms_card_fd(self->card), self->screen.card);
        if (try_picture(self, error))
            return self;
    }
    kms_close(self);
    return NULL;
}

static void kms_size(const McCapture *self, uint32_t *ret_width_px, uint32_t *ret_height_px)
{
    *ret_width_px = CLAMP(self->width_px, MC_CAPTURE_MIN_PX, MC_CAPTURE_MAX_PX);
    *ret_height_px = CLAMP(self->height_px, MC_CAPTURE_MIN_PX, MC_CAPTURE_MAX_PX);
}

/* ---- planes as layers ---- */

typedef struct {
    McKmsLayer layer[MC_KMS_MAX_LAYERS];
    McKmsBuffer buffer[MC_KMS_MAX_LAYERS];
    unsigned n;
} Layers;

/* What of the framebuffer is shown; all of it where nothing is said. */
static bool place(const McKmsPlane *plane, const McKmsBuffer *buffer, McKmsLayer *ret)
{
    const uint32_t width_px = plane->src_width_px ? plane->src_width_px : buffer->width_px;
    const uint32_t height_px = plane->src_height_px ? plane->src_height_px : buffer->height_px;

    *ret = (McKmsLayer){.pixels = buffer->pixels,
                        .stride_bytes = buffer->stride_bytes,
                        .fourcc = buffer->fourcc,
                        .src_x_px = plane->src_x_px,
                        .src_y_px = plane->src_y_px,
                        .src_width_px = width_px,
                        .src_height_px = height_px,
                        .x_px = plane->x_px,
                        .y_px = plane->y_px,
                        .width_px = plane->width_px ? plane->width_px : width_px,
                        .height_px = plane->height_px ? plane->height_px : height_px,
                        .blend = plane->type != MC_KMS_PRIMARY};
    return (uint64_t) plane->src_x_px + width_px <= buffer->width_px &&
           (uint64_t) plane->src_y_px + height_px <= buffer->height_px;
}

static bool turned(McCapture *self, GError **error)
{
    g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_UNREADABLE,
                "the picture of %s is turned by the card on its way to the screen, which is not "
                "done here",
                self->screen.card);
    return false;
}

/* A video above the desktop may be in a format that only the card reads: better without it. */
static void leave_out(McCapture *self, const GError *why)
{
    if (!self->plane_left_out)
        g_message("[capture.unreadable] a part of what %s shows is left out: %s", self->screen.name,
                  why->message);
    self->plane_left_out = true;
}

static bool add_layer(McCapture *self, const McKmsPlane *plane, Layers *layers, GError **error)
{
    McKmsBuffer *buffer = &layers->buffer[layers->n];
    McKmsLayer *layer = &layers->layer[layers->n];
    g_autoptr(GError) why = NULL;
    const bool ok = plane->turned ? turned(self, &why)
                                  : mc_kms_buffers_get(self->buffers, plane->fb_id, buffer, &why);

    if (ok) {
        /* Where it does not fit, both are just being changed. */
        layers->n += place(plane, buffer, layer);
        return true;
    }
    if (plane->type == MC_KMS_OVERLAY && why->code == MC_CAPTURE_ERROR_UNREADABLE) {
        leave_out(self, why);
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&why));
    return false;
}

static bool begin_layers(McCapture *self, Layers *layers, GError **error)
{
    layers->n = 0;
    for (unsigned i = 0; i < self->n_planes && layers->n < MC_KMS_MAX_LAYERS; i++)
        if (self->planes[i].type != MC_KMS_CURSOR &&
            !add_layer(self, &self->planes[i], layers, error))
            return false;
    for (unsigned i = 0; i < layers->n; i++)
        mc_kms_buffer_begin(&layers->buffer[i]);
    return true;
}

static void end_layers(const Layers *layers)
{
    for (unsigned i = 0; i < layers->n; i++)
        mc_kms_buffer_end(&layers->buffer[i]);
}

/* ---- what happens on the screen ---- */

static bool same_place(const McKmsPlane *a, const McKmsPlane *b)
{
    return a->x_px == b->x_px && a->y_px == b->y_px && a->width_px == b->width_px &&
           a->height_px == b->height_px && a->src_x_px == b->src_x_px &&
           a->src_y_px == b->src_y_px && a->src_width_px == b->src_width_px &&
           a->src_height_px == b->src_height_px && a->turned == b->turned;
}

static unsigned without_cursor(const McKmsPlane *planes, unsigned n)
{
    return n > 0 && planes[n - 1].type == MC_KMS_CURSOR ? n - 1 : n;
}

/* The planes as they are now; true: other ones than at the last look, the cursor aside. */
static bool look_at_planes(McCapture *self)
{
    McKmsPlane planes[MAX_PLANES] = {0};
    unsigned n = 0;

    if (self->screen.crtc_id)
        n = mc_kms_card_planes(self->card, self->screen.crtc_id, planes, MAX_PLANES);
    const unsigned drawn = without_cursor(planes, n);
    bool changed = drawn != without_cursor(self->planes, self->n_planes);
    for (unsigned i = 0; i < drawn && !changed; i++)
        changed = planes[i].fb_id != self->planes[i].fb_id ||
                  planes[i].type != self->planes[i].type ||
                  !same_place(&planes[i], &self->planes[i]);
    memcpy(self->planes, planes, sizeof(planes));
    self->n_planes = n;
    return changed;
}

static const McKmsPlane *cursor_plane(const McCapture *self)
{
    const unsigned drawn = without_cursor(self->planes, self->n_planes);

    return drawn < self->n_planes ? &self->planes[drawn] : NULL;
}

static bool taken_out(McCapture *self, GError **error)
{
    g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_ENDED,
                "the graphics card %s has been taken out", self->screen.card);
    return false;
}

/* The kernel brings the text console back when the last one who has the card open closes it. Who
 * showed something closes it some time after the screen went off, so this is done again and again.
 */
static bool let_go_of_card(McCapture *self, int64_t now_ns)
{
    if (now_ns - self->let_go_ns < LET_GO_NS)
        return true;
    self->let_go_ns = now_ns;
    mc_kms_buffers_free(self->buffers);
    self->buffers = mc_kms_buffers_new(mc_kms_card_fd(self->card), self->screen.card);
    self->blank_awaited = false;
    return mc_kms_card_reopen(self->card);
}

/* Black then, and nothing else in its place. */
static bool notice_off(McCapture *self, int64_t now_ns, GError **error)
{
    const bool off = !self->n_planes;

    if (off != self->off_told)
        g_message(off ? "the screen %s is off: black is sent until it is on"
                      : "the screen %s is on",
                  self->screen.name);
    self->off_told = off;
    return !off || let_go_of_card(self, now_ns) || taken_out(self, error);
}

static bool take_size(McCapture *self)
{
    const bool resized = self->screen.crtc_id && (self->screen.width_px != self->width_px ||
                                                  self->screen.height_px != self->height_px);

    if (resized) {
        self->width_px = self->screen.width_px;
        self->height_px = self->screen.height_px;
    }
    return resized;
}

/* The same framebuffer tells nothing: a console, or an X server, draws in the one that is shown. */
static bool was_drawn_over(McCapture *self, int64_t now_ns)
{
    const bool still = now_ns - self->changed_ns >= STILL_AFTER_NS;
    uint32_t width_px, height_px;
    Layers layers;

    if (now_ns - self->compared_ns < (still ? COMPARE_STILL_NS : COMPARE_NS))
        return false;
    self->compared_ns = now_ns;
    if (!begin_layers(self, &layers, NULL))
        return true; /* the grab will find out why */
    kms_size(self, &width_px, &height_px);
    const uint64_t print = mc_kms_fingerprint(layers.layer, layers.n, width_px, height_px);
    end_layers(&layers);
    return print != self->print;
}

static void await_blank(McCapture *self)
{
    if (self->no_blanks || self->blank_awaited || !self->screen.crtc_id)
        return;
    self->blank_awaited = mc_kms_card_await_blank(self->card, self->screen.crtc_id);
    self->no_blanks = !self->blank_awaited && errno == EOPNOTSUPP;
}

static void tidy(McCapture *self, int64_t now_ns)
{
    if (now_ns - self->forgot_ns < FORGET_NS)
        return;
    self->forgot_ns = now_ns;
    mc_kms_buffers_forget(self->buffers);
}

static bool kms_poll(McCapture *self, McCaptureNews *news, GError **error)
{
    const int64_t now_ns = g_get_monotonic_time() * 1000;

    if (mc_kms_card_blank_came(self->card))
        self->blank_awaited = false;
    if (!mc_kms_card_look(self->card, &self->screen))
        return taken_out(self, error);
    news->resized = take_size(self);
    news->dirty = look_at_planes(self) || was_drawn_over(self, now_ns);
    if (news->dirty)
        self->changed_ns = now_ns;
    if (!notice_off(self, now_ns, error))
        return false;
    news->cursor_changed =
        mc_kms_cursor_look(self->cursor, cursor_plane(self), self->buffers, now_ns, &news->cursor);
    await_blank(self);
    tidy(self, now_ns);
    return true;
}

static void kms_begin(McCapture *self)
{
    mc_kms_cursor_renew(self->cursor);
}

static int kms_fd(const McCapture *self)
{
    return mc_kms_card_fd(self->card);
}

/* ---- pictures ---- */

static bool kms_attach(McCapture *self, McFrame *frame, GError **error)
{
    uint32_t width_px, height_px;

    kms_size(self, &width_px, &height_px);
    mc_frame_alloc_memory(frame, width_px, height_px);
    return true;
}

static void kms_detach(McCapture *self, McFrame *frame)
{
    mc_frame_free_memory(frame);
}

static uint8_t *room_for_row(McCapture *self, const Layers *layers)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < layers->n; i++)
        bytes = MAX(bytes, layers->layer[i].stride_bytes);
    if (bytes > self->row_bytes) {
        self->row = g_realloc(self->row, bytes);
        self->row_bytes = bytes;
    }
    return self->row;
}

static bool read_picture(McCapture *self, McFrame *frame, GError **error)
{
    Layers layers;

    if (!begin_layers(self, &layers, error))
        return false;
    self->print =
        mc_kms_compose(layers.layer, layers.n, frame->pixels, frame->width_px, frame->height_px,
                       frame->stride_bytes, room_for_row(self, &layers));
    end_layers(&layers);
    return true;
}

/* Whether the screen is still driven by what was read: another one's picture never goes out. */
static bool is_same_screen(McCapture *self)
{
    McKmsScreen now = self->screen;

    return mc_kms_card_look(self->card, &now) && now.crtc_id == self->screen.crtc_id;
}

static McGrab kms_grab(McCapture *self, McFrame *frame, int64_t now_ns, GError **error)
{
    g_autoptr(GError) why = NULL;
    bool flipped = true, ok = false;

    for (unsigned i = 0; i < TRIES && flipped; i++) {
        g_clear_error(&why);
        ok = read_picture(self, frame, &why);
        flipped = look_at_planes(self);
    }
    if (ok)
        return is_same_screen(self) ? MC_GRAB_OK : MC_GRAB_LATER;
    if (flipped || g_error_matches(why, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        return MC_GRAB_LATER;
    g_propagate_error(error, g_steal_pointer(&why));
    return MC_GRAB_FAILED;
}

/* Whether the memory may be read is known when it is read. */
static bool try_picture(McCapture *self, GError **error)
{
    McFrame frame = {0};

    look_at_planes(self);
    kms_attach(self, &frame, NULL);
    const McGrab result = kms_grab(self, &frame, 0, error);
    kms_detach(self, &frame);
    return result != MC_GRAB_FAILED;
}

const McCaptureOps mc_capture_kms = {
    .kind = "kms",
    .open = kms_open,
    .close = kms_close,
    .size = kms_size,
    .begin = kms_begin,
    .fd = kms_fd,
    .poll = kms_poll,
    .attach = kms_attach,
    .detach = kms_detach,
    .grab = kms_grab,
};
