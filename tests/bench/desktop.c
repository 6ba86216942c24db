/* SPDX-License-Identifier: MIT */
/* bench-desktop DISPLAY SCENE FPS CODES: shows a scene (scene.h) with FPS pictures a second and
 * over it, CODES times a second, the time code of the moment (kmd-shim/capture/timecode.h).  The
 * scene's tick is the code's time over the picture's period, so the code names the whole picture.
 * Picture and code change under a grab of the server: no capture sees the one without the other. */
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "kmd-shim/capture/timecode.h"
#include "tests/bench/samples.h"
#include "tests/bench/scene.h"

typedef struct {
    Display *display;
    Window window;
    GC gc;
    int width, height;
    XImage *image;
    XShmSegmentInfo segment;
    Scene *scene;
    int64_t period_ns;
    uint64_t tick; /* of what is drawn in the image */
    SceneRect rects[SCENE_MAX_RECTS];
    unsigned n_rects; /* drawn and not shown yet */
} Desktop;

static void hide_pointer(Desktop *self)
{
    static const char empty[8] = {0};
    XColor black = {0};
    Pixmap shape = XCreateBitmapFromData(self->display, self->window, empty, 8, 8);
    Cursor cursor = XCreatePixmapCursor(self->display, shape, shape, &black, &black, 0, 0);

    XDefineCursor(self->display, self->window, cursor);
}

static bool open_window(Desktop *self, const char *name)
{
    XSetWindowAttributes attributes = {.override_redirect = True};

    self->display = XOpenDisplay(name);
    if (!self->display || !XShmQueryExtension(self->display))
        return false;
    int screen = DefaultScreen(self->display);
    self->width = DisplayWidth(self->display, screen);
    self->height = DisplayHeight(self->display, screen);
    self->window = XCreateWindow(self->display, RootWindow(self->display, screen), 0, 0,
                                 (unsigned) self->width, (unsigned) self->height, 0, CopyFromParent,
                                 InputOutput, CopyFromParent, CWOverrideRedirect, &attributes);
    self->gc = XCreateGC(self->display, self->window, 0, NULL);
    hide_pointer(self);
    XMapWindow(self->display, self->window);
    return true;
}

static bool share_image(Desktop *self)
{
    int screen = DefaultScreen(self->display);

    self->image =
        XShmCreateImage(self->display, DefaultVisual(self->display, screen), 24, ZPixmap, NULL,
                        &self->segment, (unsigned) self->width, (unsigned) self->height);
    if (!self->image || self->image->bytes_per_line != self->width * 4)
        return false;
    size_t bytes = (size_t) self->image->bytes_per_line * (size_t) self->height;
    self->segment.shmid = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
    self->segment.shmaddr = self->image->data = shmat(self->segment.shmid, NULL, 0);
    bool ok = self->segment.shmaddr != (char *) -1 && XShmAttach(self->display, &self->segment);
    XSync(self->display, False);
    shmctl(self->segment.shmid, IPC_RMID, NULL);
    return ok;
}

static void prepare(Desktop *self, uint64_t tick)
{
    SceneRect rects[SCENE_MAX_RECTS];
    unsigned n = scene_draw(self->scene, tick, (uint8_t *) self->image->data, rects);

    if (self->n_rects) /* the picture before was never shown: both differ from the screen */
        rects[0] = (SceneRect){0, 0, self->width, self->height}, n = 1;
    memcpy(self->rects, rects, sizeof(rects));
    self->n_rects = n;
    self->tick = tick;
}

static void put(Desktop *self, SceneRect r)
{
    XShmPutImage(self->display, self->window, self->gc, self->image, r.x, r.y, r.x, r.y,
                 (unsigned) r.width, (unsigned) r.height, False);
}

/* The next picture was drawn ahead of its time; here it is only shown. */
static void step(Desktop *self)
{
    int64_t time_ns = now_ns() / MC_TIMECODE_TICK_NS * MC_TIMECODE_TICK_NS;
    uint64_t tick = (uint64_t) (time_ns / self->period_ns);
    bool due = tick >= self->tick;
    SceneRect strip = {0, 0, (int) mc_timecode_width_px((uint32_t) self->width),
                       (int) mc_timecode_height_px((uint32_t) self->width)};

    if (tick > self->tick)
        prepare(self, tick);
    mc_timecode_draw((uint8_t *) self->image->data, (uint32_t) self->width, (uint32_t) self->height,
                     (uint32_t) self->image->bytes_per_line, time_ns);
    XGrabServer(self->display);
    for (unsigned i = 0; due && i < self->n_rects; i++)
        put(self, self->rects[i]);
    put(self, strip);
    XUngrabServer(self->display);
    XSync(self->display, False);
    if (due) {
        self->n_rects = 0;
        prepare(self, tick + 1);
    }
}

static bool parse(Desktop *self, int argc, char **argv, int *ret_codes)
{
    int fps = argc == 5 ? atoi(argv[3]) : 0;

    *ret_codes = argc == 5 ? atoi(argv[4]) : 0;
    if (fps < 1 || *ret_codes < 0 || *ret_codes > 1000 || !open_window(self, argv[1]) ||
        !share_image(self))
        return false;
    self->period_ns = 1000000000 / fps;
    self->scene = scene_new(argv[2], self->width, self->height);
    return self->scene != NULL;
}

int main(int argc, char **argv)
{
    Desktop self = {0};
    int codes;

    if (!parse(&self, argc, argv, &codes)) {
        fputs("usage: bench-desktop DISPLAY SCENE FPS CODES (0: the first alone)\n", stderr);
        return 2;
    }
    prepare(&self, (uint64_t) (now_ns() / self.period_ns));
    step(&self);
    puts("ready");
    fflush(stdout);
    for (int64_t next_ns = now_ns();;) {
        next_ns += codes ? 1000000000 / codes : 3600000000000;
        struct timespec until = {next_ns / 1000000000, next_ns % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        step(&self);
    }
}
