/* SPDX-License-Identifier: MIT */
/* rtsp/uibc-capability.h - wfd_uibc_capability: which input a sink sends back and how.
 * Thread: any.  Owner: caller; plain values. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum { MC_UIBC_GENERIC, MC_UIBC_HIDC } McUibcCategory;
typedef enum {
    MC_UIBC_KEYBOARD,
    MC_UIBC_MOUSE,
    MC_UIBC_SINGLE_TOUCH,
    MC_UIBC_MULTI_TOUCH,
    MC_UIBC_JOYSTICK,
    MC_UIBC_CAMERA,
    MC_UIBC_GESTURE,
    MC_UIBC_REMOTE_CONTROL,
    MC_UIBC_N_INPUTS
} McUibcInput;
typedef enum {
    MC_UIBC_INFRARED,
    MC_UIBC_USB,
    MC_UIBC_BT,
    MC_UIBC_ZIGBEE,
    MC_UIBC_WIFI,
    MC_UIBC_NO_SP,
    MC_UIBC_N_PATHS
} McUibcPath;

typedef struct {
    McUibcInput input;
    McUibcPath path;
} McUibcHid;

#define MC_UIBC_MAX_CATEGORIES 2
#define MC_UIBC_MAX_HIDC 48
typedef struct {
    bool none; /* "none" alone */
    /* Lists that the sink left out are not stated; empty ones are "none". */
    bool has_categories, has_generic, has_hidc, has_port;
    McUibcCategory categories[MC_UIBC_MAX_CATEGORIES];
    unsigned n_categories;
    McUibcInput generic[MC_UIBC_N_INPUTS];
    unsigned n_generic;
    McUibcHid hidc[MC_UIBC_MAX_HIDC];
    unsigned n_hidc;
    uint16_t port;                /* 0: none */
    bool tight, spaced, trailing; /* "a,b"; "; "; ";" at the end */
} McUibcCapability;

/* Names that are not known become notes (char *; may be NULL) and are left out. */
bool mc_uibc_capability_parse(const char *value, McUibcCapability *ret, GPtrArray *notes,
                              char **ret_problem);
char *mc_uibc_capability_write(const McUibcCapability *capability);
bool mc_uibc_capability_has(const McUibcCapability *capability, McUibcCategory category);
/* What M4 answers: the sink's offer without what we do not take, and our port.  False: nothing. */
bool mc_uibc_capability_answer(const McUibcCapability *sink, uint16_t port,
                               McUibcCapability *ret_answer);
