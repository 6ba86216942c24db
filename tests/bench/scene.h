/* SPDX-License-Identifier: MIT */
/* tests/bench/scene.h - what the bench's desktop shows: a picture that is a function of a tick and
 * nothing else, so that a receiver who reads the tick in the picture can draw the original again.
 * Threads: none; one caller at a time.  Owner: the caller. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCENE_STRIP_PX 48 /* the upper rows are the time code's: black otherwise */
#define SCENE_MAX_RECTS 8

typedef struct {
    int x, y, width, height;
} SceneRect;

typedef struct Scene Scene;
/* kind: "mixed" (a moved window, text that scrolls, a small video), "desk", "scroll", "video",
 * "noise" (a third of the picture is new each time) or "still".  NULL: no such kind, or a picture
 * too small for it. */
Scene *scene_new(const char *kind, int width, int height);
void scene_free(Scene *self);

/* Draws the tick into bgrx (width * 4 bytes a row), which holds what this function drew last or is
 * new; ret_rects: what has changed since. */
unsigned scene_draw(Scene *self, uint64_t tick, uint8_t *bgrx,
                    SceneRect ret_rects[SCENE_MAX_RECTS]);
