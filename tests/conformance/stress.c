/* SPDX-License-Identifier: MIT */
/* Messages of every kind, good and bad, from 8 and from 32 threads, while sessions of the real
 * driver start and stop: each accepted one has one completion, in which its buffers die. For
 * ThreadSanitizer above all.  Usage: stress [MESSAGES] */
#include <stdlib.h>

#include "kmd-shim/abi/message.h"
#include "tests/conformance/bed.h"

#define MOST_BYTES 1100
#define SESSIONS 16 /* at least, of each storm: the messages are spread over them */

typedef struct {
    gint *completed; /* atomic; of this message */
    UINT in_size, out_size;
    uint8_t in[]; /* and out behind it */
} Parcel;

typedef struct {
    unsigned first, count; /* of the messages: which are this thread's */
    gint *completed;       /* all messages */
    gint *left;            /* atomic: threads that are not done */
} Sender;

static gint sessions_begun;                /* atomic */
static gint delivered, cancelled, refused; /* atomic; completions by their status */

static VOID on_done(PVOID context, PIO_STATUS_BLOCK block)
{
    Parcel *parcel = context;

    if (block->Status == STATUS_CANCELLED)
        g_atomic_int_inc(&cancelled);
    else if (NT_SUCCESS(block->Status))
        g_atomic_int_inc(&delivered);
    else
        g_atomic_int_inc(&refused);
    g_assert_cmpuint(block->Information, <=, parcel->out_size);
    g_atomic_int_inc(parcel->completed);
    memset(parcel->in, 0xdd, parcel->in_size + parcel->out_size);
    g_free(parcel);
}

/* ---- what is sent ---- */

static UINT fill(uint8_t *message, GRand *random)
{
    static const UINT sizes[] = {16,
                                 sizeof(McMsgDisplayMode),
                                 sizeof(McMsgMonitorPower),
                                 sizeof(McMsgCursor),
                                 sizeof(McMsgContentProtection),
                                 sizeof(McMsgEncoderControl),
                                 sizeof(McMsgAudioFormat),
                                 sizeof(McMsgLinkControl),
                                 sizeof(McMsgQueryStatus),
                                 sizeof(McMsgInputConsent),
                                 16};
    unsigned type = g_rand_int_range(random, 0, G_N_ELEMENTS(sizes));
    McMsgHeader header = {MC_MSG_MAGIC, MC_MSG_VERSION, (uint16_t) type, sizes[type], 0};
    uint32_t *body = (uint32_t *) (void *) (message + sizeof(header));

    for (unsigned i = 0; i < 16; i++) /* small numbers are often good ones */
        body[i] = (uint32_t) g_rand_int_range(random, 0, 3);
    if (type == MC_MSG_DISPLAY_MODE) {
        body[0] = 640 + body[0] * 160;
        body[1] = 480 + body[1] * 120;
        body[2] = 30000;
        body[3] = 0;
    } else if (type == MC_MSG_CURSOR && body[3]) {
        uint16_t *px = (uint16_t *) (void *) (body + 4);
        px[0] = px[1] = (uint16_t) g_rand_int_range(random, 1, 17);
        header.size += (uint32_t) px[0] * px[1] * 4;
    } else if (type == MC_MSG_ENCODER_CONTROL) {
        body[1] = 1000 + body[1];
    }
    if (g_rand_int_range(random, 0, 8) == 0) /* and then something is wrong with it */
        ((uint8_t *) &header)[g_rand_int_range(random, 0, sizeof(header))] ^= 0x41;
    memcpy(message, &header, sizeof(header));
    return g_rand_int_range(random, 0, 16) ? MIN(header.size, MOST_BYTES)
                                           : (UINT) g_rand_int_range(random, 0, 200);
}

static void send_one(gint *completed, GRand *random)
{
    static const UINT outs[] = {0, 1, 16, sizeof(McStatusSnapshot), sizeof(McStatusSnapshot) + 9};
    UINT out_size = outs[g_rand_int_range(random, 0, G_N_ELEMENTS(outs))];
    NTSTATUS status;
    uint8_t message[MOST_BYTES + 128] = {0};
    UINT size = fill(message, random);

    do {
        Parcel *parcel = g_malloc(sizeof(*parcel) + size + out_size);
        parcel->completed = completed;
        parcel->in_size = size;
        parcel->out_size = out_size;
        memcpy(parcel->in, message, size);
        status = bed_send(size ? parcel->in : NULL, size, out_size ? parcel->in + size : NULL,
                          out_size, on_done, parcel);
        if (status != STATUS_PENDING) {
            g_free(parcel); /* not accepted: it is still ours, and has no completion */
            g_thread_yield();
        }
    } while (status == STATUS_INSUFFICIENT_RESOURCES);
    g_assert_cmpint(status, ==, STATUS_PENDING);
}

static gpointer run_sender(gpointer user_data)
{
    Sender *self = user_data;
    g_autoptr(GRand) random = g_rand_new_with_seed(self->first);

    for (unsigned i = 0; i < self->count; i++) {
        while (i * SESSIONS >= self->count * (unsigned) g_atomic_int_get(&sessions_begun))
            g_usleep(200);
        send_one(&self->completed[self->first + i], random);
    }
    g_atomic_int_add(self->left, -1);
    return NULL;
}

/* ---- sessions ---- */

static gint completions(void)
{
    return g_atomic_int_get(&delivered) + g_atomic_int_get(&cancelled) + g_atomic_int_get(&refused);
}

/* Each session ends when half of its messages are through: the others meet its Stop. */
static unsigned run_sessions(Bed *bed, gint *left, gint each_session)
{
    /* Some play, some are stopped in the middle of the negotiation. */
    const SinkConfig kinds[] = {{0}, {.refuse_modes = 2}, {0}, {.silent_at = SINK_STEP_SETUP}};
    unsigned sessions = 0;

    while (g_atomic_int_get(left)) {
        gint before = completions();
        bool started = bed_start(bed, &kinds[sessions % G_N_ELEMENTS(kinds)]);
        if (started && sessions == 0) /* this one streams, before it is told anything */
            g_assert_true(sink_await_datagrams(bed->sink, 20));
        g_atomic_int_inc(&sessions_begun);
        while (started && g_atomic_int_get(left) && completions() < before + each_session / 2)
            g_usleep(500);
        bed_stop(bed);
        sessions++;
    }
    return sessions;
}

static void storm(unsigned n_threads, unsigned n_messages)
{
    g_autofree gint *completed = g_new0(gint, n_messages);
    g_autofree GThread **threads = g_new0(GThread *, n_threads);
    g_autofree Sender *senders = g_new0(Sender, n_threads);
    unsigned each = n_messages / n_threads;
    gint left = (gint) n_threads;
    Bed bed = {.options.response_ms = 1000};

    delivered = cancelled = refused = sessions_begun = 0;
    bed_open(&bed);
    for (unsigned i = 0; i < n_threads; i++) {
        senders[i] = (Sender){i * each, each, completed, &left};
        threads[i] = g_thread_new("sender", run_sender, &senders[i]);
    }
    unsigned sessions = run_sessions(&bed, &left, (gint) (n_messages / SESSIONS));
    for (unsigned i = 0; i < n_threads; i++)
        g_thread_join(threads[i]);
    bed_close(&bed); /* what was held is completed; no rule was broken */
    for (unsigned i = 0; i < each * n_threads; i++)
        g_assert_cmpint(completed[i], ==, 1);
    g_assert_cmpint(delivered + cancelled + refused, ==, (gint) (each * n_threads));
    g_print("%u threads, %u sessions: %d messages handled, %d refused, %d cancelled\n", n_threads,
            sessions, delivered, refused, cancelled);
}

int main(int argc, char **argv)
{
    unsigned messages = argc > 1 ? (unsigned) atoi(argv[1]) : 100000;

    storm(8, messages / 2);
    storm(32, messages / 2);
    return 0;
}
