/* SPDX-License-Identifier: MIT */
#include "host/live-line.h"

#include <glib.h>

#include "p2p/plain-text.h"

/* Median and what 19 of 20 stay below, in ms. */
static void add_stage(GString *out, const char *name, uint32_t p50_us, uint32_t p95_us)
{
    g_string_append_printf(out, " %s %.1f/%.1f", name, p50_us / 1e3, p95_us / 1e3);
}

static void add_stages(GString *out, const McFigures *figures)
{
    const McMeterStage *capture = &figures->meter.stage[MC_STAGE_CAPTURE],
                       *total = &figures->meter.stage[MC_STAGE_TOTAL];
    const McStatusSnapshot *now = &figures->now;

    g_string_append(out, " | ms");
    add_stage(out, "total", total->p50_us, total->p95_us);
    add_stage(out, "capture", capture->p50_us, capture->p95_us);
    add_stage(out, "convert", now->convert.p50_us, now->convert.p95_us);
    add_stage(out, "encode", now->encode.p50_us, now->encode.p95_us);
    add_stage(out, "mux", now->mux.p50_us, now->mux.p95_us);
    add_stage(out, "send", now->send.p50_us, now->send.p95_us);
}

static void add_mode(GString *out, const McFigures *figures)
{
    const McStatusSnapshot *now = &figures->now;

    g_string_append_printf(out, "%ux%u@%u %.1f fps %.0f/%u kbit/s", now->width_px, now->height_px,
                           now->fps, figures->fps, figures->kbps, now->bitrate_kbps);
}

char *mc_live_text(const McFigures *figures)
{
    const McStatusSnapshot *now = &figures->now;
    const McDrops *drops = &figures->drops;
    GString *out = g_string_new(NULL);

    add_mode(out, figures);
    g_string_append_printf(out,
                           " | loss %.1f%% drops %" G_GUINT64_FORMAT " capture %" G_GUINT64_FORMAT
                           " pace %" G_GUINT64_FORMAT " queue %" G_GUINT64_FORMAT " refused",
                           now->rtcp_loss_permille / 10.0, drops->capture, drops->pace,
                           drops->queue, drops->refused);
    g_string_append_printf(out, " | idr %" G_GUINT64_FORMAT " (%u asked) a/v %+d ms",
                           now->idr_frames, now->idr_requests, now->av_offset_us / 1000);
    add_stages(out, figures);
    g_string_append_printf(out, " | %s", now->encoder);
    return g_string_free(out, FALSE);
}

char *mc_live_part(const char *sink, const McFigures *figures)
{
    const McStatusSnapshot *now = &figures->now;
    const McDrops *drops = &figures->drops;
    GString *out = g_string_new(sink);

    g_string_append_c(out, ' ');
    add_mode(out, figures);
    g_string_append_printf(out, " %.1f ms loss %.1f%% drops %" G_GUINT64_FORMAT "%s",
                           figures->meter.stage[MC_STAGE_TOTAL].p50_us / 1e3,
                           now->rtcp_loss_permille / 10.0,
                           drops->capture + drops->pace + drops->queue + drops->refused,
                           now->encoding_sinks > 1 ? " shared" : "");
    return g_string_free(out, FALSE);
}

static unsigned columns_of(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

char *mc_live_cut(const char *line, unsigned columns)
{
    g_autofree char *plain = mc_plain_text(line);
    const char *end = plain;

    /* What takes no column belongs to the character before it. */
    for (; *end && columns_of(g_utf8_get_char(end)) <= columns; end = g_utf8_next_char(end))
        columns -= columns_of(g_utf8_get_char(end));
    return g_strndup(plain, (gsize) (end - plain));
}
