/* SPDX-License-Identifier: MIT */
/* Real graphics cards of a virtual machine, a program that shows something on them, and the display
 * path that captures it.  It takes the cards for itself, so it is run in a guest of the rig alone,
 * through tests/lab/rig/run.py, after modprobe virtio-gpu and modprobe bochs.
 * Usage: test-kms-cards WITH-CURSOR BARE, for example card0 card1 */
#include "fake-runtime.h"

#include <drm_fourcc.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drm-client.h"

#define PATIENCE_US (FAKE_PATIENCE_MS * (int64_t) G_TIME_SPAN_MILLISECOND)
#define NOBODY 65534

static const char *rich, *bare; /* cards: with a cursor and dma-bufs, with neither */

static DrmClient *client_of(const char *card)
{
    g_autofree char *path = g_build_filename("/dev/dri", card, NULL);

    return drm_client_new(path);
}

static void open_session(FakeRuntime *fake, const char *what)
{
    g_autofree char *capture = g_strconcat("kms:", what, NULL);
    g_autoptr(GError) error = NULL;

    fake_open(fake, capture, 64, &error);
    g_assert_no_error(error);
    g_assert_cmpint(fake_create(fake), ==, STATUS_SUCCESS);
    g_assert_cmpint(fake_modes(fake, 60000), ==, STATUS_SUCCESS);
}

static uint32_t pixel(const McFrameDesc *frame, uint32_t x, uint32_t y)
{
    const uint8_t *at =
        (const uint8_t *) (uintptr_t) frame->pixels + (size_t) y * frame->stride_bytes + x * 4;

    return (uint32_t) (at[0] | at[1] << 8 | at[2] << 16);
}

typedef bool (*IsRight)(const McFrameDesc *frame, unsigned number);

/* Every bar, at its edges, in the first row and the last. */
static bool is_picture(const McFrameDesc *frame, unsigned picture)
{
    for (uint32_t x = 0; x < frame->width_px; x++) {
        const uint32_t colour = drm_client_colour(picture, x, frame->width_px);
        if (pixel(frame, x, 0) != colour || pixel(frame, x, frame->height_px - 1) != colour)
            return false;
    }
    return true;
}

static bool is_all(const McFrameDesc *frame, unsigned colour)
{
    for (uint32_t x = 0; x < frame->width_px; x += 7)
        if (pixel(frame, x, frame->height_px / 2) != colour)
            return false;
    return true;
}

static bool starts_with(const McFrameDesc *frame, unsigned colour)
{
    return pixel(frame, 1, 1) == colour;
}

/* Frames until one is right; each is given back. The last one's description stays. */
static void wait_frame(FakeRuntime *fake, IsRight is_right, unsigned number, McFrameDesc *frame)
{
    const int64_t end_us = g_get_monotonic_time() + PATIENCE_US;
    MIRACAST_CHUNK_INFO info;

    while (g_get_monotonic_time() < end_us) {
        if (fake_get(fake, 100, &info, frame) != STATUS_SUCCESS)
            continue;
        const bool found = is_right(frame, number);
        fake_release(fake, frame->frame_id);
        if (found)
            return;
    }
    g_error("no such picture (%u)", number);
}

static void wait_picture(FakeRuntime *fake, unsigned picture, uint32_t width_px)
{
    McFrameDesc frame;

    do
        wait_frame(fake, is_picture, picture, &frame);
    while (frame.width_px != width_px);
}

static void expect_error(const char *what, const char *code, const char *words)
{
    g_autofree char *capture = g_strconcat("kms:", what, NULL);
    g_autoptr(GError) error = NULL;
    FakeRuntime fake;

    g_assert_false(fake_open(&fake, capture, 64, &error));
    g_test_message("%s: %s", capture, error->message);
    g_assert_cmpstr(mc_capture_error_code(error->code), ==, code);
    g_assert_nonnull(strstr(error->message, words));
    g_assert_null(fake.display);
    mc_chunk_queue_free(fake.queue);
    g_ptr_array_unref(fake.messages);
}

/* ---- pictures ---- */

static void test_flips(void)
{
    DrmClient *client = client_of(rich);
    FakeRuntime fake;

    drm_client_mode(client, 640, 480, DRM_FORMAT_XRGB8888);
    open_session(&fake, rich);
    wait_picture(&fake, 0, 640);
    for (unsigned i = 1; i <= 6; i++) {
        drm_client_show(client, i);
        wait_picture(&fake, i, 640);
    }
    assert_falls_silent(&fake);
    drm_client_draw_over(client, 7);
    wait_picture(&fake, 7, 640);
    assert_falls_silent(&fake);
    fake_close(&fake);
    drm_client_free(client);
}

static void test_modes(void)
{
    static const uint32_t sizes[][2] = {{800, 600}, {640, 480}, {1024, 768}};
    DrmClient *client = client_of(rich);
    MIRACAST_CHUNK_INFO info;
    McFrameDesc held;
    FakeRuntime fake;

    drm_client_mode(client, 640, 480, DRM_FORMAT_XRGB8888);
    open_session(&fake, rich);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &held), ==, STATUS_SUCCESS);
    const size_t bytes = (size_t) held.stride_bytes * held.height_px;
    g_autofree uint8_t *copy = g_memdup2((void *) (uintptr_t) held.pixels, bytes);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        drm_client_mode(client, sizes[i][0], sizes[i][1], DRM_FORMAT_XRGB8888);
        drm_client_show(client, 3);
        wait_picture(&fake, 3, sizes[i][0]);
    }
    drm_client_off(client);
    McFrameDesc frame;
    wait_frame(&fake, is_all, 0, &frame);
    g_assert_cmpuint(frame.width_px, ==, 1024); /* black, and as large as before */
    assert_falls_silent(&fake);
    drm_client_mode(client, 640, 480, DRM_FORMAT_XRGB8888);
    wait_picture(&fake, 0, 640);
    g_assert_cmpmem((void *) (uintptr_t) held.pixels, bytes, copy, bytes);
    g_assert_cmpuint(fake.errors, ==, 0);
    fake_close(&fake);
    drm_client_free(client);
}

/* A card that exports nothing and knows another order of bytes, until it is pulled out. */
static void test_bare_card(void)
{
    DrmClient *client = client_of(bare);
    FakeRuntime fake;

    drm_client_mode(client, 800, 600, DRM_FORMAT_BGRX8888);
    open_session(&fake, bare);
    for (unsigned i = 0; i < 3; i++) {
        drm_client_show(client, i);
        wait_picture(&fake, i, 800);
    }
    drm_client_draw_over(client, 5);
    wait_picture(&fake, 5, 800);

    g_autofree char *pull = g_strdup_printf("/sys/class/drm/%s/device/remove", bare);
    const int fd = open(pull, O_WRONLY);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint((int) write(fd, "1", 1), ==, 1);
    close(fd);
    const int64_t end_us = g_get_monotonic_time() + PATIENCE_US;
    g_mutex_lock(&fake.lock);
    while (!fake.errors && g_cond_wait_until(&fake.changed, &fake.lock, end_us))
        ;
    g_mutex_unlock(&fake.lock);
    g_assert_cmpuint(fake.errors, ==, 1);
    g_assert_cmpstr(mc_capture_error_code(fake.error_code), ==, "capture.ended");
    fake_close(&fake);
    drm_client_free(client);
}

/* ---- the cursor ---- */

/* The newest message about the cursor that says so; with_shape: that has an image. */
static GBytes *wait_cursor(FakeRuntime *fake, bool visible, int x_px, int y_px, bool with_shape)
{
    const int64_t end_us = g_get_monotonic_time() + PATIENCE_US;

    while (g_get_monotonic_time() < end_us) {
        MIRACAST_CHUNK_INFO info;
        McFrameDesc frame;
        GBytes *found = NULL;
        g_mutex_lock(&fake->lock);
        for (guint i = fake->messages->len; i-- > 0 && !found;) {
            GBytes *bytes = g_ptr_array_index(fake->messages, i);
            const McMsgCursor *cursor = g_bytes_get_data(bytes, NULL);
            if (cursor->header.type == MC_MSG_CURSOR && cursor->visible == visible &&
                (!visible || (cursor->x_px == x_px && cursor->y_px == y_px)) &&
                (!with_shape || cursor->shape_id))
                found = g_bytes_ref(bytes);
        }
        g_mutex_unlock(&fake->lock);
        if (found)
            return found;
        if (fake_get(fake, 20, &info, &frame) == STATUS_SUCCESS)
            fake_release(fake, frame.frame_id);
    }
    g_error("the cursor is not at %d,%d", x_px, y_px);
}

static uint32_t shape_pixel(GBytes *message, uint32_t x, uint32_t y)
{
    const McMsgCursor *cursor = g_bytes_get_data(message, NULL);
    uint32_t pixel_value;

    g_assert_cmpuint(x, <, cursor->width_px);
    g_assert_cmpuint(y, <, cursor->height_px);
    memcpy(&pixel_value, (const uint8_t *) (cursor + 1) + (y * cursor->width_px + x) * 4, 4);
    return pixel_value;
}

static void forget_messages(FakeRuntime *fake)
{
    g_mutex_lock(&fake->lock);
    g_ptr_array_set_size(fake->messages, 0);
    g_mutex_unlock(&fake->lock);
}

static void test_cursor(void)
{
    DrmClient *client = client_of(rich);
    FakeRuntime fake;

    drm_client_mode(client, 640, 480, DRM_FORMAT_XRGB8888);
    g_assert_true(drm_client_cursor(client, 0xff112233));
    drm_client_move_cursor(client, 100, 50);
    open_session(&fake, rich);
    g_autoptr(GBytes) first = wait_cursor(&fake, true, 100, 50, true);
    g_assert_cmphex(shape_pixel(first, 0, 0), ==, 0xff112233);
    g_assert_cmphex(shape_pixel(first, DRM_CLIENT_CURSOR_PX - 1, DRM_CLIENT_CURSOR_PX - 1), ==,
                    0xff112233);
    g_assert_cmphex(shape_pixel(first, DRM_CLIENT_CURSOR_PX, 0), ==, 0);

    forget_messages(&fake);
    drm_client_move_cursor(client, -4, 470);
    g_autoptr(GBytes) moved = wait_cursor(&fake, true, -4, 470, false);
    g_assert_cmpuint(((const McMsgCursor *) g_bytes_get_data(moved, NULL))->shape_id, ==, 0);

    drm_client_draw_cursor_over(client, 0x80402010);
    g_autoptr(GBytes) other = wait_cursor(&fake, true, -4, 470, true);
    g_assert_cmphex(shape_pixel(other, 3, 3), ==, 0x80402010);
    drm_client_draw_over(client, 1);
    wait_picture(&fake, 1, 640); /* it lies on the last row, and is not in the picture */

    forget_messages(&fake);
    drm_client_hide_cursor(client);
    g_bytes_unref(wait_cursor(&fake, false, 0, 0, false));
    fake_close(&fake);
    drm_client_free(client);
}

/* ---- whose card it is ---- */

/* The text console draws in the framebuffer that is shown. Who captures it does not keep others
 * from taking the card. */
static void test_console(void)
{
    static const char red[] = "\033[2J\033[H\033[41m        \033[0m";
    static const char blue[] = "\033[H\033[44m        \033[0m";
    const int console = open("/dev/tty1", O_WRONLY | O_NOCTTY);
    McFrameDesc frame;
    FakeRuntime fake;

    g_assert_cmpint(console, >=, 0);
    g_assert_cmpint((int) write(console, red, sizeof(red) - 1), >, 0);
    open_session(&fake, rich);
    wait_frame(&fake, starts_with, 0xaa0000, &frame);
    g_assert_cmpint((int) write(console, blue, sizeof(blue) - 1), >, 0);
    wait_frame(&fake, starts_with, 0x0000aa, &frame);

    DrmClient *client = client_of(rich);
    drm_client_mode(client, 800, 600, DRM_FORMAT_XRGB8888);
    wait_picture(&fake, 0, 800);
    drm_client_free(client);
    wait_frame(&fake, starts_with, 0x0000aa, &frame); /* the console is there again */
    fake_close(&fake);
    close(console);
}

static void test_names(void)
{
    DrmClient *client = client_of(rich);
    FakeRuntime fake;
    g_autofree char *full = g_strconcat(rich, "-Virtual-1", NULL);
    const char *names[] = {"", "Virtual-1", full};

    drm_client_mode(client, 640, 480, DRM_FORMAT_XRGB8888);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        open_session(&fake, names[i]);
        wait_picture(&fake, 0, 640);
        fake_close(&fake);
    }
    expect_error("DP-9", "capture.no-screen", "Virtual-1 (640x480)");
    expect_error("card7", "capture.no-screen", rich);
    drm_client_off(client);
    expect_error("Virtual-1", "capture.no-screen", "Virtual-1 (off)");
    drm_client_free(client);
}

static void test_denied(void)
{
    DrmClient *client = client_of(rich);
    g_autofree char *path = g_build_filename("/dev/dri", rich, NULL);

    drm_client_mode(client, 640, 480, DRM_FORMAT_XRGB8888);
    g_assert_cmpint(seteuid(NOBODY), ==, 0);
    expect_error(rich, "capture.card-denied", "may not be opened");
    g_assert_cmpint(seteuid(0), ==, 0);
    g_assert_cmpint(g_chmod(path, 0666), ==, 0);
    g_assert_cmpint(seteuid(NOBODY), ==, 0);
    expect_error(rich, "capture.card-denied", "CAP_SYS_ADMIN");
    g_assert_cmpint(seteuid(0), ==, 0);
    g_assert_cmpint(g_chmod(path, 0600), ==, 0);
    drm_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (argc != 3)
        return 2;
    rich = argv[1];
    bare = argv[2];
    g_test_add_func("/kms/console", test_console);
    g_test_add_func("/kms/flips", test_flips);
    g_test_add_func("/kms/modes", test_modes);
    g_test_add_func("/kms/cursor", test_cursor);
    g_test_add_func("/kms/names", test_names);
    g_test_add_func("/kms/denied", test_denied);
    g_test_add_func("/kms/bare-card", test_bare_card);
    return g_test_run();
}
