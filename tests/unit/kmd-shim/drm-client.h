/* SPDX-License-Identifier: MIT */
/* A program that shows something on a screen as a kiosk does: master of a graphics card, with two
 * framebuffers that it flips, a cursor, and modes.  Pictures are eight bars, of which each number
 * has its own order.  Owner: the test. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

typedef struct DrmClient DrmClient;

#define DRM_CLIENT_CURSOR_PX 24 /* a square, in the upper left corner of a larger image */

/* path: "/dev/dri/card0". Nothing is shown until drm_client_mode. Fails the test where it cannot.
 */
DrmClient *drm_client_new(const char *path);
void drm_client_free(DrmClient *self); /* what was there before comes back */

/* fourcc: of its framebuffers, with four bytes a pixel. Shows picture 0. */
void drm_client_mode(DrmClient *self, uint32_t width_px, uint32_t height_px, uint32_t fourcc);
void drm_client_off(DrmClient *self);
void drm_client_show(DrmClient *self, unsigned picture);      /* flips, and waits for that */
void drm_client_draw_over(DrmClient *self, unsigned picture); /* in what is shown */
/* What is shown, as a file that others read (PPM); of framebuffers of XRGB8888. */
void drm_client_save(const DrmClient *self, const char *path);
/* 0xRRGGBB at x_px of a picture of that width. */
uint32_t drm_client_colour(unsigned picture, uint32_t x_px, uint32_t width_px);

/* False: the card has none. */
bool drm_client_cursor(DrmClient *self, uint32_t argb);
void drm_client_draw_cursor_over(DrmClient *self, uint32_t argb); /* in the image that is shown */
void drm_client_move_cursor(DrmClient *self, int x_px, int y_px);
void drm_client_hide_cursor(DrmClient *self);
