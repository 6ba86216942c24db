/* SPDX-License-Identifier: MIT */
/* rtsp/message.h - RTSP/1.0 messages: framing of a byte stream, reading headers, writing.
 * Thread: any, one at a time for each reader.  Owner: rtsp/source. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtsp/error.h"

/* A peer's message may be this large; more ends in MC_RTSP_ERROR_TOO_LARGE. */
#define MC_RTSP_MAX_LINE 4096u
#define MC_RTSP_MAX_HEADERS 64u
#define MC_RTSP_MAX_HEAD 16384u
#define MC_RTSP_MAX_BODY 65536u
#define MC_RTSP_MAX_MESSAGE (MC_RTSP_MAX_HEAD + MC_RTSP_MAX_BODY)

typedef struct {
    const char *name, *value; /* trimmed; inside McRtspMessage.text */
} McRtspHeader;

typedef struct {
    bool is_response;
    const char *method, *uri; /* request; NULL in a response */
    unsigned status;          /* response; 0 in a request */
    const char *reason;
    const char *version; /* "RTSP/1.0" */
    McRtspHeader headers[MC_RTSP_MAX_HEADERS];
    unsigned n_headers;
    const char *body; /* NUL-terminated copy; "" without a body */
    size_t body_bytes;
    char *text; /* owned: all strings above point into it */
} McRtspMessage;

void mc_rtsp_message_clear(McRtspMessage *message);
/* First header of that name, any case; NULL when there is none. */
const char *mc_rtsp_message_header(const McRtspMessage *message, const char *name);
/* False without a CSeq of decimal digits.  A sink may count in times of day: 32 bits are too few.
 */
bool mc_rtsp_message_cseq(const McRtspMessage *message, uint64_t *ret_cseq);
/* Session id without parameters, copied into id; false when the header is missing. */
bool mc_rtsp_message_session(const McRtspMessage *message, char *id, size_t size);

/* ---- framing ---- */

typedef struct McRtspReader McRtspReader;
typedef enum { MC_RTSP_MORE, MC_RTSP_MESSAGE, MC_RTSP_FAILED } McRtspRead;

McRtspReader *mc_rtsp_reader_new(void);
void mc_rtsp_reader_free(McRtspReader *self);
void mc_rtsp_reader_feed(McRtspReader *self, const uint8_t *data, size_t len);
/* MESSAGE: *ret_message is filled, mc_rtsp_message_clear() it.  FAILED: the stream cannot be
 * followed any more and *error says why; every later call fails likewise. */
McRtspRead mc_rtsp_reader_next(McRtspReader *self, McRtspMessage *ret_message, GError **error);
size_t mc_rtsp_reader_held(const McRtspReader *self); /* bytes that wait for their end */

/* ---- writing ---- */

GString *mc_rtsp_begin_request(const char *method, const char *uri, uint32_t cseq);
GString *mc_rtsp_begin_response(unsigned status, uint64_t cseq);
void mc_rtsp_add_header(GString *out, const char *name, const char *value);
/* Ends the head, adds Content-Type, Content-Length and body where body is not NULL. Takes out. */
GBytes *mc_rtsp_finish(GString *out, const char *body);
/* "OK", "Not Found", ... */
const char *mc_rtsp_reason(unsigned status);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McRtspReader, mc_rtsp_reader_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(McRtspMessage, mc_rtsp_message_clear)
