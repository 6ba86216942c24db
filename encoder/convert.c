/* SPDX-License-Identifier: MIT */
#include "encoder/convert.h"

#include <libyuv/scale.h>
#include <string.h>

#include "encoder/convert-rows.h"
#include "encoder/stream.h"
#include "kmd-shim/abi/pages.h"

#define BLACK_Y 16
#define BLACK_UV 128

typedef struct {
    int x, y, width, height; /* in the source picture, even numbers */
    uint8_t *saved[3];       /* what the cursor covers; NULL: nothing */
} Covered;

struct McConvert {
    uint32_t width_px, height_px;
    McRowsFunc rows;
    McPicture *source; /* the frame in its own size; NULL before the first */
    McPicture *scaled; /* NULL when the frame has the mode's size */
    McPicture *black;  /* before the first frame */
    int cursor_x, cursor_y;
    bool cursor_visible;
    uint8_t *cursor; /* NULL: no shape yet */
    unsigned cursor_width, cursor_height;
    Covered covered;
};

/* ---- pictures ---- */

static void picture_fill_black(McPicture *self)
{
    size_t luma = (size_t) (self->plane[1] - self->plane[0]);

    memset(self->plane[0], BLACK_Y, luma);
    memset(self->plane[1], BLACK_UV, self->size - luma);
}

McPicture *mc_picture_new(uint32_t width_px, uint32_t height_px)
{
    McPicture *self = g_atomic_rc_box_new0(McPicture);
    uint32_t luma_rows = (height_px + 1) & ~1u;

    self->width_px = width_px;
    self->height_px = height_px;
    self->stride[0] = (width_px + 3) & ~3u;
    self->stride[1] = self->stride[2] = ((width_px + 1) / 2 + 3) & ~3u;
    self->size =
        (size_t) self->stride[0] * luma_rows + (size_t) self->stride[1] * (luma_rows / 2) * 2;
    self->plane[0] = g_malloc(self->size);
    mc_pages_map(self->plane[0], self->size);
    self->plane[1] = self->plane[0] + (size_t) self->stride[0] * luma_rows;
    self->plane[2] = self->plane[1] + (size_t) self->stride[1] * (luma_rows / 2);
    picture_fill_black(self);
    return self;
}

static void picture_clear(gpointer data)
{
    McPicture *self = data;

    g_free(self->plane[0]);
}

McPicture *mc_picture_ref(McPicture *self)
{
    return g_atomic_rc_box_acquire(self);
}

void mc_picture_unref(McPicture *self)
{
    if (self)
        g_atomic_rc_box_release_full(self, picture_clear);
}

/* ---- life ---- */

static void covered_forget(Covered *covered)
{
    for (int i = 0; i < 3; i++)
        g_clear_pointer(&covered->saved[i], g_free);
}

McConvert *mc_convert_new(uint32_t width_px, uint32_t height_px)
{
    McConvert *self = g_new0(McConvert, 1);

    self->rows = mc_rows_best();
    self->width_px = width_px;
    self->height_px = height_px;
    return self;
}

void mc_convert_free(McConvert *self)
{
    if (!self)
        return;
    covered_forget(&self->covered);
    mc_picture_unref(self->source);
    mc_picture_unref(self->scaled);
    mc_picture_unref(self->black);
    g_free(self->cursor);
    g_free(self);
}

/* ---- frames ---- */

static bool frame_is_sane(const McFrameDesc *frame, GError **error)
{
    if (frame->fourcc == MC_FOURCC_BGRX && frame->pixels && frame->width_px && frame->height_px &&
        frame->width_px <= MC_FRAME_MAX_PX && frame->height_px <= MC_FRAME_MAX_PX &&
        frame->stride_bytes >= frame->width_px * 4)
        return true;
    g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED,
                "a captured frame cannot be read: %ux%u, %u bytes a row, format %08x",
                frame->width_px, frame->height_px, frame->stride_bytes, frame->fourcc);
    return false;
}

bool mc_convert_frame(McConvert *self, const McFrameDesc *frame, GError **error)
{
    if (!frame_is_sane(frame, error))
        return false;
    covered_forget(&self->covered);
    if (!self->source || self->source->width_px != frame->width_px ||
        self->source->height_px != frame->height_px) {
        mc_picture_unref(self->source);
        self->source = mc_picture_new(frame->width_px, frame->height_px);
        g_clear_pointer(&self->scaled, mc_picture_unref);
    }
    McPicture *to = self->source;
    const uint8_t *pixels = (const uint8_t *) (uintptr_t) frame->pixels;
    for (size_t y = 0; y < frame->height_px; y += 2) {
        const uint8_t *row0 = pixels + y * frame->stride_bytes;
        bool last = y + 1 == frame->height_px;
        uint8_t *y0 = to->plane[0] + y * to->stride[0];
        self->rows(row0, last ? row0 : row0 + frame->stride_bytes, y0,
                   last ? y0 : y0 + to->stride[0], to->plane[1] + y / 2 * to->stride[1],
                   to->plane[2] + y / 2 * to->stride[2], frame->width_px);
    }
    return true;
}

bool mc_convert_has_picture(const McConvert *self)
{
    return self->source != NULL;
}

/* ---- cursor ---- */

bool mc_convert_set_cursor(McConvert *self, int x_px, int y_px, bool visible, const uint8_t *bgra,
                           unsigned width_px, unsigned height_px)
{
    bool changed = bgra || visible != self->cursor_visible ||
                   (visible && (x_px != self->cursor_x || y_px != self->cursor_y));

    self->cursor_x = x_px;
    self->cursor_y = y_px;
    self->cursor_visible = visible;
    if (bgra && width_px && height_px && width_px <= MC_CURSOR_MAX_PX &&
        height_px <= MC_CURSOR_MAX_PX) {
        g_free(self->cursor);
        self->cursor = g_memdup2(bgra, (size_t) width_px * height_px * 4);
        self->cursor_width = width_px;
        self->cursor_height = height_px;
    }
    return changed && self->cursor;
}

static void copy_rect(uint8_t *to, size_t to_stride, const uint8_t *from, size_t from_stride,
                      size_t width, size_t height)
{
    for (size_t y = 0; y < height; y++)
        memcpy(to + y * to_stride, from + y * from_stride, width);
}

static uint8_t *covered_at(const McConvert *self, int i)
{
    const Covered *c = &self->covered;
    int shift = i ? 1 : 0;

    return self->source->plane[i] + (size_t) (c->y >> shift) * self->source->stride[i] +
           (c->x >> shift);
}

static void covered_copy(McConvert *self, bool save)
{
    Covered *c = &self->covered;

    for (int i = 0; i < 3; i++) {
        size_t width = i ? (c->width + 1) / 2 : c->width,
               height = i ? (c->height + 1) / 2 : c->height;
        size_t stride = self->source->stride[i];
        if (save) {
            c->saved[i] = g_malloc(width * height);
            copy_rect(c->saved[i], width, covered_at(self, i), stride, width, height);
        } else {
            copy_rect(covered_at(self, i), stride, c->saved[i], width, width, height);
        }
    }
}

/* The cursor's rectangle, grown to even corners and cut to the picture.  False: outside. */
static bool cursor_cover(McConvert *self)
{
    int64_t right = MIN((int64_t) self->cursor_x + self->cursor_width, self->source->width_px);
    int64_t bottom = MIN((int64_t) self->cursor_y + self->cursor_height, self->source->height_px);
    int left = MAX(self->cursor_x, 0) & ~1, top = MAX(self->cursor_y, 0) & ~1;

    if (right <= left || bottom <= top)
        return false;
    self->covered.x = left;
    self->covered.y = top;
    self->covered.width = (int) right - left;
    self->covered.height = (int) bottom - top;
    return true;
}

static const uint8_t *cursor_pixel(const McConvert *self, int x, int y)
{
    static const uint8_t clear[4];

    x -= self->cursor_x;
    y -= self->cursor_y;
    if (x < 0 || y < 0 || (unsigned) x >= self->cursor_width || (unsigned) y >= self->cursor_height)
        return clear;
    return self->cursor + ((size_t) y * self->cursor_width + (size_t) x) * 4;
}

/* Premultiplied: what shines through, the cursor's own share, and its share of the offset. */
static uint8_t blend(int under, int own_256, int offset, int alpha)
{
    int sum_256 = own_256 + (offset * alpha + under * (255 - alpha)) * 256 / 255;

    return (uint8_t) CLAMP((sum_256 + 128) >> 8, 0, 255);
}

static void cursor_blend_block(McConvert *self, int x, int y)
{
    int sum[4] = {0};
    McPicture *p = self->source;

    for (int i = 0; i < 4; i++) {
        int px = x + i % 2, py = y + i / 2;
        const uint8_t *c = cursor_pixel(self, px, py);
        for (int k = 0; k < 4; k++)
            sum[k] += c[k];
        if (c[3] == 0 || px >= (int) p->width_px || py >= (int) p->height_px)
            continue;
        uint8_t *luma = p->plane[0] + (size_t) py * p->stride[0] + px;
        *luma = blend(*luma, mc_rows_luma_256(c[0], c[1], c[2]), BLACK_Y, c[3]);
    }
    if (sum[3] == 0)
        return;
    size_t at = (size_t) (y / 2) * p->stride[1] + (size_t) (x / 2);
    uint8_t *u = p->plane[1] + at, *v = p->plane[2] + at;
    *u = blend(*u, mc_rows_cb_256(sum[0], sum[1], sum[2]) / 4, BLACK_UV, sum[3] / 4);
    *v = blend(*v, mc_rows_cr_256(sum[0], sum[1], sum[2]) / 4, BLACK_UV, sum[3] / 4);
}

static void cursor_draw(McConvert *self)
{
    const Covered *c = &self->covered;

    if (!self->cursor_visible || !self->cursor || !cursor_cover(self))
        return;
    covered_copy(self, true);
    for (int y = c->y; y < c->y + c->height; y += 2)
        for (int x = c->x; x < c->x + c->width; x += 2)
            cursor_blend_block(self, x, y);
}

static void cursor_erase(McConvert *self)
{
    if (!self->covered.saved[0])
        return;
    covered_copy(self, false);
    covered_forget(&self->covered);
}

/* ---- size ---- */

McConvertRect mc_convert_fit(uint32_t frame_width_px, uint32_t frame_height_px,
                             uint32_t mode_width_px, uint32_t mode_height_px)
{
    McConvertRect rect = {.width_px = mode_width_px, .height_px = mode_height_px};
    uint64_t across = (uint64_t) mode_width_px * frame_height_px;
    uint64_t down = (uint64_t) mode_height_px * frame_width_px;

    if (across > down) /* the mode is wider: borders left and right */
        rect.width_px = (uint32_t) ((down + frame_height_px / 2) / frame_height_px);
    else if (down > across)
        rect.height_px = (uint32_t) ((across + frame_width_px / 2) / frame_width_px);
    rect.width_px = MAX(2, rect.width_px & ~1u);
    rect.height_px = MAX(2, rect.height_px & ~1u);
    rect.x_px = (mode_width_px - rect.width_px) / 2 & ~1u;
    rect.y_px = (mode_height_px - rect.height_px) / 2 & ~1u;
    return rect;
}

static void scale(McConvert *self)
{
    const McPicture *from = self->source;
    McConvertRect r =
        mc_convert_fit(from->width_px, from->height_px, self->width_px, self->height_px);

    if (!self->scaled)
        self->scaled = mc_picture_new(self->width_px, self->height_px);
    McPicture *to = self->scaled;
    size_t luma = (size_t) r.y_px * to->stride[0] + r.x_px;
    size_t chroma = (size_t) (r.y_px / 2) * to->stride[1] + r.x_px / 2;
    I420Scale(from->plane[0], (int) from->stride[0], from->plane[1], (int) from->stride[1],
              from->plane[2], (int) from->stride[2], (int) from->width_px, (int) from->height_px,
              to->plane[0] + luma, (int) to->stride[0], to->plane[1] + chroma, (int) to->stride[1],
              to->plane[2] + chroma, (int) to->stride[2], (int) r.width_px, (int) r.height_px,
              kFilterBox);
}

McConvert *mc_convert_copy(McConvert *self, uint32_t width_px, uint32_t height_px)
{
    McConvert *copy = mc_convert_new(width_px, height_px);

    mc_convert_set_cursor(copy, self->cursor_x, self->cursor_y, self->cursor_visible, self->cursor,
                          self->cursor_width, self->cursor_height);
    if (!self->source)
        return copy;
    cursor_erase(self);
    copy->source = mc_picture_new(self->source->width_px, self->source->height_px);
    memcpy(copy->source->plane[0], self->source->plane[0], self->source->size);
    return copy;
}

McPicture *mc_convert_compose(McConvert *self)
{
    if (!self->source) {
        if (!self->black)
            self->black = mc_picture_new(self->width_px, self->height_px);
        return self->black;
    }
    cursor_erase(self);
    cursor_draw(self);
    if (self->source->width_px == self->width_px && self->source->height_px == self->height_px)
        return self->source;
    scale(self);
    return self->scaled;
}
