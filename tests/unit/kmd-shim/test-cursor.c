/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/cursor.h"

#include <glib.h>

static McCursorImage new_image(uint32_t width_px, uint32_t height_px)
{
    return (McCursorImage){.width_px = width_px,
                           .height_px = height_px,
                           .pixels = g_new0(uint32_t, width_px * height_px)};
}

static void fill(McCursorImage *image, uint32_t x0, uint32_t y0, uint32_t w, uint32_t h,
                 uint32_t colour)
{
    for (uint32_t y = y0; y < y0 + h; y++)
        for (uint32_t x = x0; x < x0 + w; x++)
            image->pixels[y * image->width_px + x] = colour;
}

static void test_fits(void)
{
    McCursorImage image = new_image(32, 32);

    fill(&image, 8, 8, 4, 4, 0xff112233);
    image.hot_x_px = 9;
    mc_cursor_fit(&image, 256, MC_CURSOR_MAX_IMAGE_BYTES);
    g_assert_cmpuint(image.width_px, ==, 32); /* left as it is */
    g_assert_cmpint(image.hot_x_px, ==, 9);
    g_free(image.pixels);
}

static void test_crop(void)
{
    McCursorImage image = new_image(300, 200);

    fill(&image, 100, 50, 60, 70, 0xff112233);
    image.hot_x_px = 110;
    image.hot_y_px = 10;
    mc_cursor_fit(&image, 256, MC_CURSOR_MAX_IMAGE_BYTES);
    g_assert_cmpuint(image.width_px, ==, 60);
    g_assert_cmpuint(image.height_px, ==, 70);
    g_assert_cmpint(image.hot_x_px, ==, 10);
    g_assert_cmpint(image.hot_y_px, ==, -40);
    for (uint32_t i = 0; i < 60 * 70; i++)
        g_assert_cmphex(image.pixels[i], ==, 0xff112233);
    g_free(image.pixels);
}

static void test_halve(void)
{
    McCursorImage image = new_image(201, 301);

    fill(&image, 0, 0, 201, 301, 0xff804020);
    image.hot_x_px = 100;
    mc_cursor_fit(&image, 256, MC_CURSOR_MAX_IMAGE_BYTES);
    g_assert_cmpuint(image.width_px, ==, 101);
    g_assert_cmpuint(image.height_px, ==, 151);
    g_assert_cmpuint(image.width_px * image.height_px * 4, <=, MC_CURSOR_MAX_IMAGE_BYTES);
    g_assert_cmpint(image.hot_x_px, ==, 50);
    g_assert_cmphex(image.pixels[0], ==, 0xff804020);
    g_assert_cmphex(image.pixels[50 * 101 + 99], ==, 0xff804020);
    g_assert_cmphex(image.pixels[100], ==, 0x80402010); /* the odd last column: half of nothing */
    g_free(image.pixels);
}

static void test_empty(void)
{
    McCursorImage image = new_image(16, 16), none = {0};

    mc_cursor_fit(&image, 256, MC_CURSOR_MAX_IMAGE_BYTES);
    g_assert_cmpuint(image.width_px, ==, 0);
    g_free(image.pixels);
    mc_cursor_fit(&none, 256, MC_CURSOR_MAX_IMAGE_BYTES);
    g_assert_cmpuint(none.height_px, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cursor/fits", test_fits);
    g_test_add_func("/cursor/crop", test_crop);
    g_test_add_func("/cursor/halve", test_halve);
    g_test_add_func("/cursor/empty", test_empty);
    return g_test_run();
}
