/* SPDX-License-Identifier: MIT */
/* A real PipeWire of the test's own, with its session manager, and a screen that is shown through
 * it as a compositor would: a picture is sent when it is new.  It ends with the test. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *folder; /* of the sockets */
    GSubprocess *daemon, *manager;
} PipeWireBed;

/* False: it is not installed here.  Needs a session bus (fake_portal_start). */
bool pipewire_bed_start(PipeWireBed *self);
void pipewire_bed_stop(PipeWireBed *self);
void pipewire_bed_kill(PipeWireBed *self); /* the daemon dies */
int pipewire_bed_connect(void *self);      /* a connection, as the portal makes one */

typedef struct Screen Screen;

typedef struct {
    uint32_t width_px, height_px;
    bool red_first;           /* RGBx, else BGRx */
    int crop_x_px, crop_y_px; /* the picture is that part; 0 x 0: all */
    uint32_t crop_width_px, crop_height_px;
    bool cursor; /* a red square of 8 x 8 with the hot spot in (2,3), beside the picture */
} ScreenConfig;

/* What is shown first is SCREEN_BARS. */
Screen *screen_new(PipeWireBed *bed, const ScreenConfig *config);
void screen_free(Screen *self); /* the source vanishes */
uint32_t screen_node(Screen *self);
/* The next picture: a colour 0xRRGGBB all over, or the eight bars of a test picture. */
#define SCREEN_BARS 0xff000000u
void screen_show(Screen *self, uint32_t colour);
void screen_move_cursor(Screen *self, int x_px, int y_px, bool visible); /* sends no picture */
void screen_resize(Screen *self, uint32_t width_px, uint32_t height_px);
uint32_t screen_bar(uint32_t x_px, uint32_t width_px); /* colour of the bars there */
