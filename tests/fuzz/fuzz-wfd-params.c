/* SPDX-License-Identifier: MIT */
/* A sink's answer to M3: read, chosen from, written back.  The first byte is what we wish for. */
#include <string.h>

#include "tests/fuzz/fuzz.h"

#include "rtsp/negotiate.h"

/* What the typed model says is said again by its own words. */
static void check_typed(const McTypedParam *param)
{
    if (!param->row || !param->row->type)
        return;
    g_autofree char *ours = mc_param_value_write(param->row, &param->value);
    McParam again = {param->name, ours, false};
    g_autoptr(McTypedParam) second = mc_typed_param_parse(&again, NULL);
    if (!second->row)
        g_error("%s: \"%s\" was \"%s\"", param->name, ours, param->text);
    g_autofree char *twice = mc_param_value_write(second->row, &second->value);
    g_assert_cmpstr(ours, ==, twice);
}

static void check_choice(const McWfdDecision *decision)
{
    g_assert_cmpuint(decision->n_video, >=, 1);
    g_assert_cmpuint(decision->n_video, <=, MC_MAX_ALTERNATIVES);
    for (unsigned i = 0; i < decision->n_video; i++) {
        McVideoFormats line;
        const McVideoChoice *choice = &decision->video[i];
        g_assert_true(mc_video_formats_parse(choice->kind, choice->video_line, &line, NULL, NULL));
        g_assert_cmpuint(line.n_codecs, ==, 1);
        unsigned bits = 0;
        for (unsigned table = 0; table < MC_N_TABLES; table++)
            bits += (unsigned) __builtin_popcountll(line.codec[0].mask[table]);
        g_assert_cmpuint(bits, ==, 1);
        g_assert_false(choice->mode.interlaced);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    McWfdWish wish = {.desktop_width_px = data[0] & 1 ? 1920 : 0,
                      .desktop_height_px = data[0] & 1 ? 1080 : 0,
                      .bitrate_kbps = data[0] & 2 ? 3000 : 0,
                      .allow_chp = data[0] & 4,
                      .mode_width_px = data[0] & 8 ? 1920 : 0,
                      .mode_height_px = data[0] & 8 ? 1080 : 0,
                      .audio = true,
                      .audio_codecs = 14};
    char names[MC_QUIRKS_NAMES_BYTES];
    g_autoptr(McWfdCaps) caps = mc_wfd_caps_parse((const char *) data + 1, size - 1);
    McSinkIdentity sink = {.caps = caps};
    McWfdDecision decision;

    wish.quirks = mc_quirks_find(&sink, names);
    for (guint i = 0; i < caps->typed->len; i++)
        check_typed(caps->typed->pdata[i]);
    g_free(mc_wfd_caps_write(caps));
    if (mc_wfd_negotiate(caps, &wish, &decision, NULL))
        check_choice(&decision);
    return 0;
}
