/* SPDX-License-Identifier: MIT */
/* encoder/encodings-private.h - the encodings' insides, shared by encodings.c (life, what streams
 * wish), encodings-work.c (a picture's way to its unit) and encodings-move.c (who leaves and
 * joins). All under the one lock but what an encoding has at work: who set its busy may use that
 * without. Thread and owner: as encoder/encodings.h says. */
#pragma once

#include "encoder/convert.h"
#include "encoder/encodings.h"
#include "encoder/schedule.h"
#include "encoder/share-choice.h"
#include "encoder/video-encoder.h"

#define MC_UNITS_KEPT 8u /* a quarter of a second */
#define MC_FRAMES_KNOWN 8u

/* A frame by what is the same for all who are given it. */
typedef struct {
    uint64_t pixels;
    int64_t capture_ns; /* 0: not told, and never the same as another */
    uint64_t frame_id;  /* of a seat's */
    bool kept;          /* of an encoding's: it was not encoded at once */
} McKnownFrame;

typedef struct {
    McKnownFrame frame[MC_FRAMES_KNOWN];
    unsigned next; /* place */
} McKnownFrames;

typedef struct {
    int x_px, y_px;
    bool visible;
    GBytes *bgra; /* NULL: no shape yet */
    unsigned width_px, height_px;
    guint shape; /* the same for the same shape */
} McSeatCursor;

typedef struct McEncoding {
    McEncodings *house;
    uint64_t serial;
    McStreamVideo video;
    char wish[32];
    GPtrArray *seats; /* McSeat *, longest first */
    GError *error;    /* no encoder works any more */
    McKnownFrames known;
    McKnownFrame newest; /* that was converted */
    bool newest_shown;   /* by a unit */
    McSchedule schedule;
    uint64_t n_units;            /* made; the first one is 1 */
    McUnit *unit[MC_UNITS_KEPT]; /* number n in place n % MC_UNITS_KEPT */
    bool cursor_waits;           /* for work to end: the pointer of its lead */
    guint shape;                 /* of the pointer that it has */
    bool guarded;                /* protected content: nobody joins */
    bool withheld;
    bool content_changed; /* the next unit must not refer to those before it */
    bool busy;
    McEncoderInfo info; /* as of the last unit */
    uint32_t avoid;     /* kinds that failed before */

    /* at work */
    McVideoEncoder *encoder; /* NULL: still opening */
    McH264Opening *opening;
    McConvert *convert;
    McPicture *notice; /* in place of the content; NULL: not needed yet */
    unsigned repeated; /* times that the picture was encoded again, unchanged */
    McStreamPace pace; /* as the encoder was last told */
    bool single_slice; /* likewise */
    char *note;
} McEncoding;

struct McEncodings {
    gatomicrefcount references;
    GMutex lock;
    GPtrArray *all;  /* McEncoding * */
    GPtrArray *dead; /* McEncoding *, to be freed when the lock is given up */
    uint64_t last_serial;
};

struct McSeat {
    McEncodings *house;
    McEncoding *encoding;
    McEncoding *next;   /* on its way there; NULL */
    bool next_is_own;   /* which opens for it alone; else it waits for a key frame */
    uint64_t join_from; /* number of the unit from which on that may come */
    GCond done;         /* work has ended, or it rests or stops */
    GCond news;         /* for refresh */
    bool resting, stopped, error_told;
    McStreamPace pace;
    bool single_slice; /* its sink shows no more */
    McSeatCursor cursor;
    McKnownFrames given;
    uint64_t last_id; /* of the frame that was given last */
    uint64_t at;      /* number of the next unit */
    bool needs_idr;   /* what is taken next */
    int64_t left_us, other_us;
    unsigned leaves;
    uint64_t taken;
    unsigned replaced, replaced_seen;
    const char *said; /* where it is now; for take */
};

typedef struct {
    const McFrameDesc *frame; /* NULL: the last picture once more */
    int64_t capture_ns;
    uint32_t convert_us;
} McShot;

/* ---- encodings.c; lock held ---- */
void mc_encodings_lock(McEncodings *self);
void mc_encodings_unlock(McEncodings *self); /* and frees the dead */
McEncoding *mc_encoding_new(McEncodings *house, const McStreamVideo *video, const char *wish);
void mc_encoding_free(McEncoding *self); /* lock not held */
/* Without seats it is dead, when nobody is at work in it. */
void mc_encoding_bury(McEncoding *self);
void mc_encoding_begin(McEncoding *self);
void mc_encoding_end(McEncoding *self); /* all who wait go on */
/* Its encoder; at work, or before anybody may be. */
void mc_encoding_describe(const McEncoding *self, McEncoderInfo *ret);
/* Waits until nobody is at work in the seat's encoding. False: it rests or stopped. */
bool mc_seat_await(McSeat *self, bool even_resting);
McSeat *mc_encoding_lead(const McEncoding *self);      /* the first one that does not rest */
void mc_encoding_follow_cursor(McEncoding *self);      /* when nobody is at work */
McStreamPace mc_encoding_pace(const McEncoding *self); /* fps: never 0 */
void mc_encoding_follow_pace(McEncoding *self);        /* its schedule */
/* One of those in it, or on their way to it, shows no picture of more than one slice. */
bool mc_encoding_single_slice(const McEncoding *self);
const McKnownFrame *mc_known_find(const McKnownFrames *self, uint64_t pixels, int64_t capture_ns);
void mc_known_add(McKnownFrames *self, const McKnownFrame *frame);

/* ---- encodings-move.c; lock held, nobody at work in the seat's encoding ---- */
void mc_seat_meet(McSeat *self, const McFrameDesc *frame); /* others that were given it, too */
void mc_seat_move_if_open(McSeat *self); /* to an encoding of its own that it waits for */
bool mc_seat_move_if_idr(McSeat *self);  /* to one that others have; also while at work */
void mc_seat_move_to(McSeat *self, McEncoding *own); /* with the picture that it has now */
void mc_seat_cancel_next(McSeat *self);
void mc_encoding_cancel_guests(McEncoding *self); /* those on their way */
void mc_encoding_judge(McEncoding *self);         /* who has to leave; also while at work */
void mc_encoding_set_encoder(McEncoding *self, McVideoEncoder *encoder);
McEncoding *mc_encoding_new_opening(McSeat *seat);    /* of the seat's mode */
unsigned mc_encoding_streams(const McEncoding *self); /* that do not rest */
void mc_encoding_wake(McEncoding *self); /* what is to be done, any of its seats may do */
