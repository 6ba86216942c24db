/* SPDX-License-Identifier: MIT */
/* host/demo-desktop.c - a small X program for the demo and the tests: moving windows and, drawn in
 * the picture, the time code by which the sink measures latency (kmd-shim/capture/timecode.h).
 * Usage: miracast-demo-desktop DISPLAY [FPS].  Ends with the server or with SIGTERM. */
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <glib.h>
#include <stdbool.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kmd-shim/capture/timecode.h"

#define WINDOWS 4
#define STRIP_HEIGHT_PX 48

typedef struct {
    Display *display;
    int width_px, height_px;
    Window root, strip, window[WINDOWS];
    GC gc;
    XImage *image;
} Desktop;

static Window make_window(Desktop *self, int x, int y, unsigned w, unsigned h, unsigned long colour)
{
    XSetWindowAttributes attributes = {.override_redirect = True, .background_pixel = colour};
    Window window =
        XCreateWindow(self->display, self->root, x, y, w, h, 2, CopyFromParent, InputOutput,
                      CopyFromParent, CWOverrideRedirect | CWBackPixel, &attributes);

    XMapWindow(self->display, window);
    return window;
}

static bool open_desktop(Desktop *self, const char *name)
{
    static const unsigned long colours[WINDOWS] = {0xc03030, 0x30a040, 0x3060c0, 0xc0a020};

    self->display = XOpenDisplay(name);
    if (!self->display)
        return false;
    int screen = DefaultScreen(self->display);
    self->root = RootWindow(self->display, screen);
    self->width_px = DisplayWidth(self->display, screen);
    self->height_px = DisplayHeight(self->display, screen);
    XSetWindowBackground(self->display, self->root, 0x203040);
    XClearWindow(self->display, self->root);
    for (int i = 0; i < WINDOWS; i++)
        self->window[i] = make_window(self, 100 * i, 120, 320, 200, colours[i]);
    self->strip = make_window(self, -2, -2, (unsigned) self->width_px, STRIP_HEIGHT_PX, 0);
    self->gc = XCreateGC(self->display, self->strip, 0, NULL);
    size_t bytes = (size_t) self->width_px * STRIP_HEIGHT_PX * 4;
    self->image = XCreateImage(self->display, DefaultVisual(self->display, screen), 24, ZPixmap, 0,
                               calloc(1, bytes), (unsigned) self->width_px, STRIP_HEIGHT_PX, 32, 0);
    return self->image != NULL;
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

static void draw(Desktop *self, unsigned tick)
{
    for (int i = 0; i < WINDOWS; i++) {
        double angle = tick * 0.03 + i * 1.6;
        int x = (int) ((self->width_px - 320) * (0.5 + 0.5 * sin(angle * (1 + 0.2 * i))));
        int y = STRIP_HEIGHT_PX + 10 + (int) ((self->height_px - 280) * (0.5 + 0.5 * cos(angle)));
        char text[64];

        XMoveWindow(self->display, self->window[i], x, y);
        int n = snprintf(text, sizeof(text), "window %d, picture %u", i + 1, tick);
        XClearArea(self->display, self->window[i], 10, 10, 300, 30, False);
        XDrawString(self->display, self->window[i], self->gc, 16, 30, text, n);
    }
    mc_timecode_draw((uint8_t *) self->image->data, (uint32_t) self->width_px, STRIP_HEIGHT_PX,
                     (uint32_t) self->image->bytes_per_line, now_ns());
    XPutImage(self->display, self->strip, self->gc, self->image, 0, 0, 0, 0,
              (unsigned) self->width_px, STRIP_HEIGHT_PX);
    XSync(self->display, False);
}

int main(int argc, char **argv)
{
    Desktop self = {0};
    int fps = argc > 2 ? atoi(argv[2]) : 60;

    if (argc < 2 || fps < 1 || fps > 240 || !open_desktop(&self, argv[1])) {
        fputs("usage: miracast-demo-desktop DISPLAY [FPS]\n", stderr);
        return 2;
    }
    int64_t next_ns = now_ns();
    for (unsigned tick = 0;; tick++) {
        draw(&self, tick);
        next_ns += 1000000000 / fps;
        struct timespec at = {next_ns / 1000000000, next_ns % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    }
}
