/* SPDX-License-Identifier: MIT */
/* Records into the glue between OpenSSL and memory BIOs: before a handshake, in the middle of one,
 * and on an association that stands.  The first byte says how far it goes; then come pieces, each
 * with its length in front: whole records of whatever kind, or masks over true records of the sink.
 */
#include "tests/fuzz/fuzz.h"

#include <glib.h>
#include <string.h>

#include "p2p/mice/dtls.h"
#include "tests/unit/p2p/dtls-sink.h"

enum { FLIGHTS_MASK = 7, MASKS = 8, WHOLE = FLIGHTS_MASK };

/* Flights back and forth, at most so many.  True: the handshake is over. */
static bool shake_hands(McDtls *source, DtlsSink *sink, unsigned flights)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    McDtlsStep step = mc_dtls_handshake(source, NULL, 0, out, NULL);

    for (unsigned i = 0; step == MC_DTLS_MORE && i < flights; i++) {
        g_autoptr(GByteArray) answer = dtls_sink_handshake(sink, out->data, out->len);
        g_byte_array_set_size(out, 0);
        step = mc_dtls_handshake(source, answer->data, answer->len, out, NULL);
    }
    return step == MC_DTLS_DONE;
}

/* A record of the sink's under a mask is not what the sink sent. */
static void open_masked(McDtls *source, DtlsSink *sink, const uint8_t *mask, size_t len)
{
    g_autoptr(GByteArray) record = dtls_sink_seal(sink, "input of the sink", 17);
    g_autoptr(GByteArray) plain = g_byte_array_new();
    bool changed = false;

    for (size_t i = 0; i < MIN(len, record->len); i++) {
        record->data[i] ^= mask[i];
        changed = changed || mask[i];
    }
    const bool opened = mc_dtls_open(source, record->data, record->len, plain);
    g_assert_true(opened != changed);
    g_assert_cmpuint(plain->len, ==, opened ? 17 : 0);
}

static void open_raw(McDtls *source, const uint8_t *data, size_t len)
{
    g_autoptr(GByteArray) plain = g_byte_array_new();

    g_assert_false(mc_dtls_open(source, data, len, plain)); /* nobody else has the keys */
    g_assert_cmpuint(plain->len, ==, 0);
    (void) mc_dtls_is_record(data, len);
}

static void shake_with(McDtls *source, const uint8_t *data, size_t len)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    const McDtlsStep step = mc_dtls_handshake(source, data, len, out, &error);
    g_assert_true(step != MC_DTLS_DONE);
    g_assert_true((step == MC_DTLS_FAILED) == (error != NULL));
}

/* What still works, or never did: sealing does not care what came in. */
static void seal(McDtls *source, bool stands)
{
    uint8_t datagram[1500];
    size_t len = 1328;

    memset(datagram, 0x47, sizeof(datagram));
    const bool sealed = mc_dtls_seal_in_place(source, datagram, sizeof(datagram), &len);
    g_assert_true(stands || !sealed);
    if (sealed)
        g_assert_true(datagram[0] == 0x17 && len > 1328 && len <= 1328 + MC_DTLS_OVERHEAD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const unsigned flights = data[0] & FLIGHTS_MASK;
    g_autoptr(McDtls) source = mc_dtls_new(NULL);
    DtlsSink *sink = dtls_sink_new(NULL);
    const bool stands = shake_hands(source, sink, flights);

    g_assert_true(stands || flights < WHOLE);
    for (size_t at = 1; at < size;) {
        const size_t len = MIN(data[at], size - at - 1);
        const uint8_t *piece = data + at + 1;
        if (!stands)
            shake_with(source, piece, len);
        else if (data[0] & MASKS)
            open_masked(source, sink, piece, len);
        else
            open_raw(source, piece, len);
        at += 1 + len;
    }
    seal(source, stands);
    dtls_sink_free(sink);
    return 0;
}
