/* SPDX-License-Identifier: MIT */
/* encoder/encodings.h - conversion and H.264, done once for all streams that show the same picture
 * in the same mode.
 *
 * A stream has a seat, and a seat is in an encoding: alone, or with others. Each seat takes the
 * encoding's units at its own pace and sends them itself; the last few are kept for those that are
 * late. Streams know each other by what they are given: frames with the same pixels of the same
 * moment (a shared capture lends them). Who brings a frame first encodes it, the others wait for
 * its unit; who joins begins with a key frame (encoder/share-choice.h says who may).
 *
 *     seat --> +----------+                        +--> seat --> MPEG-TS, RTP, its sink
 *     seat --> | encoding |--> unit unit unit unit +--> seat --> ...
 *     seat --> +----------+                        +--> seat --> ...
 *
 * Nobody waits for a seat: one that sleeps misses units, and goes on with a key frame.
 * Threads: none of its own, but an encoder that opens (encoder/h264-opening.h). A seat's push
 * functions from one thread, its refresh from another, the rest from any; free when no other runs.
 * One lock for all, held for moments: never while a picture is converted, encoded or sent.
 * Owner: the streams. The encodings of a process end with their last reference.
 * Errors: MC_ENCODER_ERROR. */
#pragma once

#include "encoder/h264-opening.h"
#include "encoder/stream.h"

typedef struct McEncodings McEncodings;
typedef struct McSeat McSeat;

McEncodings *mc_encodings_new(void);
McEncodings *mc_encodings_ref(McEncodings *self);
void mc_encodings_unref(McEncodings *self); /* NULL is fine */
/* Those of all who ask in this process (in the driver, its module); a reference of the caller's. */
McEncodings *mc_encodings_shared(void);

/* Of the encoder in use. */
typedef struct {
    char encoder[32]; /* GStreamer element */
    uint8_t profile_idc, constraints, level_idc;
    unsigned slices;   /* the most that a picture of it had */
    unsigned replaced; /* encoders of this encoding that failed so far */
} McEncoderInfo;

/* A picture, encoded. Counted references, unchanged once it is taken. */
typedef struct {
    GByteArray *bytes; /* Annex B */
    bool idr;
    bool repeated;      /* made without a new frame */
    int64_t capture_ns; /* of its frame; of the moment where it is repeated */
    uint32_t capture_us, convert_us, encode_us;
    McEncoderInfo info;
    char *note; /* a person should hear of it: an encoder failed; NULL: nothing */
    /* the encodings' */
    gatomicrefcount references;
    uint64_t pixels; /* with capture, of the frame that it shows */
    int64_t shown_ns, made_us;
    bool first; /* to show it */
    const McSeat *made_by;
} McUnit;
void mc_unit_unref(McUnit *self); /* NULL is fine */

typedef struct {
    McUnit *unit;      /* a reference of the caller's */
    uint64_t frame_id; /* as this seat was given it; 0: none was */
    bool shared;       /* another seat's work */
    const char *news;  /* where the seat is now, for a person, said once; NULL: as before */
} McTaken;

/* Opens an encoder of wish (as mc_h264_new) unless h264 is one, which it takes. */
McSeat *mc_seat_new(McEncodings *encodings, const McStreamVideo *video, const char *wish,
                    McH264 *h264, GError **error);
void mc_seat_free(McSeat *self); /* NULL is fine */
/* Nobody waits any more, and no call does anything. */
void mc_seat_stop(McSeat *self);
/* Takes no units while it rests, has no say in the rate, and goes on with a key frame. */
void mc_seat_rest(McSeat *self, bool resting);

/* Converts the frame and encodes it if its time has come and nobody has; take what there is then.
 * ret_kept: it is encoded later, unless a newer one is. False: no encoder works any more, or the
 * frame cannot be read. */
bool mc_seat_push_frame(McSeat *self, const McFrameDesc *frame, bool *ret_kept, GError **error);
/* The last picture again where it is due. */
bool mc_seat_push_repeat(McSeat *self, GError **error);
/* Waits until there is something to take or encodes what cannot wait for a frame. False: stopped,
 * or with the error, which is said once. */
bool mc_seat_refresh(McSeat *self, GError **error);
/* The next unit. False: there is none now. */
bool mc_seat_take(McSeat *self, McTaken *ret_taken);

void mc_seat_force_idr(McSeat *self); /* coalesced: encoder/schedule.h */
/* The encoding has the least rate of its seats, and the most pictures: these go with the mode. */
void mc_seat_set_pace(McSeat *self, const McStreamPace *pace);
void mc_seat_set_cursor(McSeat *self, int x_px, int y_px, bool visible, const uint8_t *bgra,
                        unsigned width_px, unsigned height_px);
/* An encoding of its own in this mode, IDR first. False: it goes on as it was. */
bool mc_seat_set_video(McSeat *self, const McStreamVideo *video, GError **error);
/* Protected content is shared with nobody; withheld: a sentence stands in its place. No unit from
 * before the call is taken after it, and the first one is an IDR. */
void mc_seat_protect(McSeat *self, bool protect, bool withhold);

typedef struct {
    uint32_t kbps;     /* asked of the encoder */
    uint64_t serial;   /* of the encoding, from 1 */
    unsigned streams;  /* that have it, this one included */
    uint64_t taken;    /* units that another seat's work made */
    unsigned replaced; /* encoders that failed in its time */
    McEncoderInfo info;
} McSeatFigures;
McSeatFigures mc_seat_figures(McSeat *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McEncodings, mc_encodings_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McSeat, mc_seat_free)
