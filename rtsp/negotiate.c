/* SPDX-License-Identifier: MIT */
#include "rtsp/negotiate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtsp/error.h"

/*
 * Every mode that the sink offers and its level carries gets a score; the list is ordered by it.
 * The score is a sum, in thousandths, of what a person sees:
 *
 *    1000  x share of the desktop's detail, along one side, that survives scaling
 *   - 200  x pixels beyond the desktop's, for they cost time and carry nothing
 *   + 150  x share of the picture that is not border
 *   + 250  x pictures a second, as a share of what is wanted
 *   -  75  where the desktop's rate is no multiple of the mode's: motion stutters
 *   - 300  for each halving of the needed bit rate that the link does not give
 *   -  400  where max-hres or max-vres is stated below the mode and may or may not bind
 *   +   10  the panel's own mode (native, EDID), +5 R1's parameter rather than R2's
 *   -   30  a width that needs cropping in the SPS (1366, 854), which some sinks show as a border
 *   +    2  the profile that is wanted
 *   + 5000  the person's --mode
 *   -20000  what the sink does not offer though it must take it, unless the person wants that
 */
#define UNOFFERED_SCORE (-20000)
#define DEFAULT_FPS 60u
#define DEFAULT_MAX_WIDTH_PX 4096u
#define DEFAULT_MAX_HEIGHT_PX 2304u
#define DEFAULT_DESKTOP_WIDTH_PX 1920u
#define DEFAULT_DESKTOP_HEIGHT_PX 1080u
/* Bits a pixel below which text smears at this coding speed (encoder-study 2). */
#define NEEDED_BITS_PER_KILOPIXEL 50u

typedef struct {
    const McWfdCaps *caps;
    McWfdWish wish; /* defaults filled in */
    McWfdDecision *decision;
    unsigned interlaced, beyond_level, beyond_encoder, beyond_sink;
    bool unreadable; /* no format that could be read */
    bool refused;    /* it says "none" */
    bool unoffered;  /* what is considered now is not in the sink's list */
} Search;

/* ---- wish ---- */

static McWfdWish with_defaults(const McWfdWish *wish)
{
    McWfdWish full = *wish;

    full.max_fps = full.max_fps ? full.max_fps : DEFAULT_FPS;
    full.max_width_px = full.max_width_px ? full.max_width_px : DEFAULT_MAX_WIDTH_PX;
    full.max_height_px = full.max_height_px ? full.max_height_px : DEFAULT_MAX_HEIGHT_PX;
    if (!full.desktop_width_px || !full.desktop_height_px) {
        full.desktop_width_px = DEFAULT_DESKTOP_WIDTH_PX;
        full.desktop_height_px = DEFAULT_DESKTOP_HEIGHT_PX;
    }
    return full;
}

/* ---- score ---- */

static double fit(const McWfdWish *wish, const McVideoMode *mode)
{
    return MIN((double) mode->width_px / wish->desktop_width_px,
               (double) mode->height_px / wish->desktop_height_px);
}

static double picture_score(const McWfdWish *wish, const McVideoMode *mode)
{
    double scale = fit(wish, mode),
           desktop = (double) wish->desktop_width_px * wish->desktop_height_px;
    double mode_area = (double) mode->width_px * mode->height_px;
    double detail = MIN(scale, 1);
    double excess = MAX(0, mode_area / desktop - 1);
    double used = scale * scale * desktop / mode_area;

    return 1000 * detail - 200 * excess + 150 * used;
}

static double rate_score(const McWfdWish *wish, const McVideoMode *mode)
{
    double needed_kbps = (double) mode->width_px * mode->height_px * MIN(mode->fps, wish->max_fps) *
                         NEEDED_BITS_PER_KILOPIXEL / 1e6;
    double score = 250.0 * MIN(mode->fps, wish->max_fps) / wish->max_fps;

    if (wish->max_fps % mode->fps && mode->fps < wish->max_fps)
        score -= 75;
    if (mode->fps > wish->max_fps)
        score -= 20; /* pictures that capture does not have would be promised */
    if (wish->bitrate_kbps && wish->bitrate_kbps < needed_kbps)
        score -= 300 * log2(needed_kbps / wish->bitrate_kbps);
    return score;
}

static bool is_size(const McVideoMode *mode, uint32_t width_px, uint32_t height_px)
{
    return mode->width_px == width_px && mode->height_px == height_px;
}

/* The desktop's own width is worth it: scaling by a few pixels would smear all text. */
static double crop_score(const McWfdWish *wish, const McVideoMode *mode)
{
    return mode->width_px % 8 && mode->width_px != wish->desktop_width_px ? -30 : 0;
}

static double panel_score(const McWfdCaps *caps, const McVideoFormats *formats,
                          const McVideoMode *mode)
{
    McVideoMode native;
    uint32_t width_px, height_px;
    double score = formats->kind == MC_FORMATS_WFD ? 5 : 0;

    if (mc_video_formats_native(formats, &native) &&
        is_size(mode, native.width_px, native.height_px))
        score += 10;
    if (mc_wfd_caps_edid_size(caps, &width_px, &height_px) && is_size(mode, width_px, height_px))
        score += 10;
    return score;
}

static double unoffered_score(const Search *search, const McVideoMode *mode)
{
    const McWfdWish *wish = &search->wish;

    return search->unoffered && !is_size(mode, wish->mode_width_px, wish->mode_height_px)
               ? UNOFFERED_SCORE
               : 0;
}

static double person_score(const McWfdWish *wish, const McVideoMode *mode)
{
    if (!wish->mode_width_px || !is_size(mode, wish->mode_width_px, wish->mode_height_px))
        return 0;
    if (!wish->mode_fps || wish->mode_fps == mode->fps)
        return 5000;
    return 4000 - abs((int) wish->mode_fps - mode->fps);
}

/* Flag 01 makes the limit binding; below that sinks disagree. */
static int beyond_stated_size(const McVideoFormats *formats, const McVideoCodec *codec,
                              const McVideoMode *mode)
{
    bool beyond = (codec->max_hres_stated && codec->max_hres && mode->width_px > codec->max_hres) ||
                  (codec->max_vres_stated && codec->max_vres && mode->height_px > codec->max_vres);

    return beyond ? (formats->preferred_display_mode & 1 ? 2 : 1) : 0;
}

static bool beyond_quirk(const McQuirks *quirks, const McVideoMode *mode)
{
    return (quirks->max_width_px && mode->width_px > quirks->max_width_px) ||
           (quirks->max_height_px && mode->height_px > quirks->max_height_px) ||
           (quirks->max_fps && mode->fps > quirks->max_fps);
}

/* ---- one choice ---- */

static unsigned highest_bit(unsigned bits)
{
    return (unsigned) (31 - __builtin_clz(bits));
}

/* CBP, unless high profile is wanted or all that there is. */
static bool choose_profile(const McWfdWish *wish, const McVideoCodec *codec, McH264Profile *ret)
{
    bool cbp = codec->profile_bits & MC_PROFILE_BIT_CBP;
    bool chp = codec->profile_bits & MC_PROFILE_BIT_CHP;

    if (!cbp && !chp)
        return false;
    *ret = chp && (wish->allow_chp || !cbp) ? MC_PROFILE_CHP : MC_PROFILE_CBP;
    return true;
}

static void write_line(McVideoChoice *choice)
{
    McVideoFormats line = {.kind = choice->kind, .n_codecs = 1};
    McVideoCodec *codec = &line.codec[0];

    codec->codec = 1;
    codec->profile_bits =
        choice->profile == MC_PROFILE_CHP ? MC_PROFILE_BIT_CHP : MC_PROFILE_BIT_CBP;
    codec->level_bits = (uint16_t) (1u << choice->level_bit);
    codec->mask[choice->mode.table] = UINT64_C(1) << choice->mode.bit;
    g_autofree char *text = mc_video_formats_write(&line);
    g_strlcpy(choice->video_line, text, sizeof(choice->video_line));
}

static uint32_t limit_kbps(const Search *search, McH264Profile profile, unsigned level_bit)
{
    const McLevel *level = mc_level(level_bit);
    uint32_t kbps = profile == MC_PROFILE_CHP ? level->max_kbps_chp : level->max_kbps_cbp;

    if (search->caps->max_bitrate_kbps)
        kbps = MIN(kbps, search->caps->max_bitrate_kbps);
    if (search->wish.bitrate_kbps)
        kbps = MIN(kbps, search->wish.bitrate_kbps);
    return kbps;
}

static bool same_mode(const McVideoMode *a, const McVideoMode *b)
{
    return a->width_px == b->width_px && a->height_px == b->height_px && a->fps == b->fps;
}

static void drop(McWfdDecision *decision, unsigned at)
{
    decision->n_video--;
    memmove(&decision->video[at], &decision->video[at + 1],
            (decision->n_video - at) * sizeof(decision->video[0]));
}

/* Of n, the best of its level has none of that level before it. */
static bool level_is_met(const McWfdDecision *decision, unsigned n, uint8_t level_bit)
{
    for (unsigned i = 0; i < n; i++)
        if (decision->video[i].level_bit == level_bit)
            return true;
    return false;
}

/* What a full list can do without: the least of those that are not the best of their level. After a
 * refusal the way goes down the levels (mc_wfd_decision_next). */
static unsigned dispensable(const McWfdDecision *decision)
{
    unsigned at = decision->n_video - 1;

    while (at > 0 && !level_is_met(decision, at, decision->video[at].level_bit))
        at--;
    return at;
}

/* False: there are better ones enough. */
static bool make_room(McWfdDecision *decision, const McVideoChoice *choice, unsigned at)
{
    if (decision->n_video < MC_MAX_ALTERNATIVES)
        return true;
    unsigned least = dispensable(decision);
    if (at > least && level_is_met(decision, at, choice->level_bit))
        return false;
    drop(decision, least);
    return true;
}

static unsigned place_of(const McWfdDecision *decision, int32_t score)
{
    unsigned at = 0;

    while (at < decision->n_video && decision->video[at].score >= score)
        at++;
    return at;
}

/* Insertion keeps the list ordered, best first; of equal pictures the better way to ask stays. */
static void insert(McWfdDecision *decision, const McVideoChoice *choice)
{
    for (unsigned i = 0; i < decision->n_video; i++)
        if (same_mode(&decision->video[i].mode, &choice->mode)) {
            if (decision->video[i].score >= choice->score)
                return;
            drop(decision, i);
        }
    if (!make_room(decision, choice, place_of(decision, choice->score)))
        return;
    unsigned at = place_of(decision, choice->score);
    memmove(&decision->video[at + 1], &decision->video[at],
            (decision->n_video - at) * sizeof(*choice));
    decision->video[at] = *choice;
    decision->n_video++;
}

static void consider(Search *search, const McVideoFormats *formats, const McVideoCodec *codec,
                     const McVideoMode *mode)
{
    const McWfdWish *wish = &search->wish;
    McVideoChoice choice = {.mode = *mode, .kind = formats->kind};
    int level = mc_level_for(mode->width_px, mode->height_px, mode->fps);
    int beyond = beyond_stated_size(formats, codec, mode);

    if (mode->interlaced) {
        search->interlaced++;
        return;
    }
    if (level < 0 || !codec->level_bits || (unsigned) level > highest_bit(codec->level_bits) ||
        beyond == 2) {
        search->beyond_level++;
        return;
    }
    if (mode->width_px > wish->max_width_px || mode->height_px > wish->max_height_px) {
        search->beyond_encoder++;
        return;
    }
    if (beyond_quirk(&wish->quirks, mode)) {
        search->beyond_sink++;
        return;
    }
    if (!choose_profile(wish, codec, &choice.profile))
        return;
    choice.level_bit = (uint8_t) level;
    choice.level_idc = mc_level((unsigned) level)->level_idc;
    choice.max_kbps = limit_kbps(search, choice.profile, (unsigned) level);
    choice.score =
        (int32_t) (picture_score(wish, mode) + rate_score(wish, mode) + crop_score(wish, mode) +
                   panel_score(search->caps, formats, mode) + person_score(wish, mode) +
                   unoffered_score(search, mode) - (beyond ? 400 : 0) +
                   ((choice.profile == MC_PROFILE_CHP) == wish->allow_chp ? 2 : 0));
    write_line(&choice);
    insert(search->decision, &choice);
}

static void consider_codec(Search *search, const McVideoFormats *formats, const McVideoCodec *codec)
{
    McVideoMode mode;

    if (codec->codec != 1)
        return; /* H.265 */
    for (McModeTable table = 0; table < MC_N_TABLES; table++)
        for (unsigned bit = 0; bit < 48; bit++)
            if (codec->mask[table] >> bit & 1 && mc_mode_get(formats->kind, table, bit, &mode))
                consider(search, formats, codec, &mode);
}

static bool has_mode(const McWfdDecision *decision, const McVideoMode *mode)
{
    for (unsigned i = 0; i < decision->n_video; i++)
        if (same_mode(&decision->video[i].mode, mode))
            return true;
    return false;
}

/* Some play more than they offer.  Only a person's own wish makes us ask for it: a sink that does
 * not know the mode refuses it, and the offered ones come after. */
static void consider_unoffered(Search *search, const McVideoFormats *formats)
{
    const McWfdWish *wish = &search->wish;
    const McQuirks *quirks = &wish->quirks;
    const McVideoCodec codec = {
        .codec = 1, .profile_bits = MC_PROFILE_BIT_CBP | MC_PROFILE_BIT_CHP, .level_bits = 1 << 4};
    McVideoMode mode;

    if (!quirks->also_width_px || wish->mode_width_px != quirks->also_width_px ||
        wish->mode_height_px != quirks->also_height_px)
        return;
    for (McModeTable table = 0; table < MC_N_TABLES; table++)
        for (unsigned bit = 0; bit < 48; bit++)
            if (mc_mode_get(formats->kind, table, bit, &mode) && !mode.interlaced &&
                is_size(&mode, quirks->also_width_px, quirks->also_height_px) &&
                mode.fps == quirks->also_fps && !has_mode(search->decision, &mode))
                consider(search, formats, &codec, &mode);
}

/* Of all its descriptors together: some name high profile first. */
static unsigned named_profiles(const McVideoFormats *formats)
{
    unsigned bits = 0;

    for (unsigned i = 0; i < formats->n_codecs; i++)
        if (formats->codec[i].codec == 1)
            bits |= formats->codec[i].profile_bits & (MC_PROFILE_BIT_CBP | MC_PROFILE_BIT_CHP);
    return bits;
}

/* CEA bit 0 in CBP 3.1 is mandatory for every sink, whatever its mask says; it is the last resort.
 * A sink that names high profile alone gets that. */
static void consider_mandatory(Search *search, const McVideoFormats *formats)
{
    McVideoCodec codec = {.codec = 1, .profile_bits = MC_PROFILE_BIT_CBP, .level_bits = 1};
    McVideoMode mode;

    mc_mode_get(formats->kind, MC_TABLE_CEA, 0, &mode);
    if (has_mode(search->decision, &mode))
        return;
    const unsigned named = named_profiles(formats);
    if (named)
        codec.profile_bits = (uint16_t) named;
    if (search->decision->n_video == MC_MAX_ALTERNATIVES)
        drop(search->decision, dispensable(search->decision));
    search->unoffered = true;
    consider(search, formats, &codec, &mode);
    search->unoffered = false;
}

static void search_video(Search *search)
{
    const McVideoFormats *video = search->caps->video;
    const McVideoFormats *basis = NULL;
    bool refused = false;
    /* With wfdx in the answer the R1 parameter must be ignored. */
    bool skip_r1 = video[MC_FORMATS_WFDX].n_codecs > 0;

    for (McFormatsKind kind = 0; kind < MC_N_FORMATS; kind++) {
        const McVideoFormats *formats = &video[kind];
        refused = refused || formats->none;
        if (!formats->present || formats->none || (kind == MC_FORMATS_WFD && skip_r1))
            continue;
        basis = basis ? basis : formats;
        for (unsigned i = 0; i < formats->n_codecs; i++)
            consider_codec(search, formats, &formats->codec[i]);
    }
    search->unreadable = !basis;
    search->refused = !basis && refused;
    if (basis)
        consider_unoffered(search, basis);
    if (!search->refused)
        consider_mandatory(search, basis ? basis : &video[MC_FORMATS_WFD]);
}

/* ---- sound ---- */

#define AUDIO_RATE_HZ 48000 /* the only one that is made */

static void add_audio(McWfdDecision *decision, const char *name, McAudioCodec codec, uint32_t mode)
{
    McAudioChoice *choice = &decision->audio[decision->n_audio++];

    *choice =
        (McAudioChoice){.codec = codec, .rate_hz = AUDIO_RATE_HZ, .channels = 2, .name = name};
    snprintf(choice->line, sizeof(choice->line), "%s %08X 00", mc_audio_codec_name(codec), mode);
}

typedef struct {
    McAudioCodec codec;
    uint32_t offered, mode; /* what is asked for where that is offered */
} AudioRow;

/* The last: 48 kHz is mandatory for every sink that takes sound, said or not. */
static const AudioRow audio_order[] = {
    {MC_AUDIO_AAC, MC_AAC_48000_2, MC_AAC_48000_2},
    {MC_AUDIO_LPCM, MC_LPCM_48000_2, MC_LPCM_48000_2},
    {MC_AUDIO_AC3, MC_AC3_48000_2, MC_AC3_48000_2},
    {MC_AUDIO_LPCM, MC_LPCM_44100_2, MC_LPCM_48000_2},
};

static bool is_chosen(const McWfdDecision *decision, const AudioRow *row)
{
    for (size_t i = 0; i < decision->n_audio; i++)
        if (decision->audio[i].codec == row->codec)
            return true;
    return false;
}

/* Never "none" where the sink takes sound: some leave, some wait for it. */
static void choose_audio(Search *search)
{
    const char *name;
    const McAudioCodecs *codecs = mc_wfd_caps_audio(search->caps, &name);

    for (unsigned pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < G_N_ELEMENTS(audio_order); i++) {
            const AudioRow *row = &audio_order[i];
            bool first = row->codec == search->wish.quirks.audio_first;
            if (first == (pass == 0) && search->wish.audio_codecs >> row->codec & 1 &&
                mc_audio_codecs_modes(codecs, row->codec) & row->offered &&
                !is_chosen(search->decision, row))
                add_audio(search->decision, name, row->codec, row->mode);
        }
}

/* ---- words ---- */

static const char *why(const Search *search, const McVideoChoice *best)
{
    const McWfdWish *wish = &search->wish;
    McVideoMode native;

    if (search->unreadable)
        return "the sink's formats cannot be read, and this one is mandatory for every sink";
    if (wish->mode_width_px)
        return is_size(&best->mode, wish->mode_width_px, wish->mode_height_px)
                   ? "as asked for"
                   : "the sink does not offer the mode that was asked for; nearest to the desktop";
    if (is_size(&best->mode, wish->desktop_width_px, wish->desktop_height_px))
        return "the desktop's own size";
    if (fit(wish, &best->mode) >= 1)
        return "smallest offered mode that shows the whole desktop";
    if (mc_video_formats_native(&search->caps->video[best->kind], &native) &&
        is_size(&best->mode, native.width_px, native.height_px))
        return "the panel's own size";
    return "most of the desktop's detail among the offered modes";
}

static void explain(Search *search)
{
    McWfdDecision *decision = search->decision;
    const McVideoChoice *best = &decision->video[0];

    snprintf(decision->reason, sizeof(decision->reason),
             "%ux%u at %u (%s bit %u, %s level %u.%u): %s; %u alternative%s; sound: %s",
             best->mode.width_px, best->mode.height_px, best->mode.fps,
             mc_mode_table_name(best->mode.table), best->mode.bit,
             best->profile == MC_PROFILE_CHP ? "CHP" : "CBP", best->level_idc / 10,
             best->level_idc % 10, why(search, best), decision->n_video - 1,
             decision->n_video == 2 ? "" : "s",
             decision->n_audio ? mc_audio_codec_name(decision->audio[0].codec) : "none in common");
}

static void no_format(const Search *search, GError **error)
{
    if (search->refused)
        g_set_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_NO_COMMON_FORMAT,
                    "the sink says that it takes no video");
    else
        g_set_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_NO_COMMON_FORMAT,
                    "the sink names no H.264 mode that can be sent (%u interlaced, %u beyond its "
                    "level, %u beyond the encoder, %u beyond what such sinks play)",
                    search->interlaced, search->beyond_level, search->beyond_encoder,
                    search->beyond_sink);
}

bool mc_wfd_choice_is_mandatory(const McVideoChoice *choice)
{
    return choice->mode.table == MC_TABLE_CEA && choice->mode.bit == 0;
}

/* What is next asks less of the decoder than what was refused: a lower level; then what every sink
 * must play; then whatever is left. */
static int rank(const McVideoChoice *choice, unsigned least_refused)
{
    return choice->level_bit < least_refused ? 0 : mc_wfd_choice_is_mandatory(choice) ? 1 : 2;
}

bool mc_wfd_decision_next(McWfdDecision *self)
{
    unsigned least = MC_N_LEVELS, next = self->n_video;

    self->refused |= 1u << self->current_video;
    for (unsigned i = 0; i < self->n_video; i++)
        if (self->refused >> i & 1)
            least = MIN(least, self->video[i].level_bit);
    for (unsigned i = 0; i < self->n_video; i++)
        if (!(self->refused >> i & 1) &&
            (next == self->n_video ||
             rank(&self->video[i], least) < rank(&self->video[next], least)))
            next = i;
    if (next == self->n_video)
        return false;
    self->current_video = next;
    return true;
}

bool mc_wfd_negotiate(const McWfdCaps *caps, const McWfdWish *wish, McWfdDecision *ret_decision,
                      GError **error)
{
    McWfdDecision decision = {0};
    Search search = {.caps = caps, .wish = with_defaults(wish), .decision = &decision};

    search_video(&search);
    if (decision.n_video == 0) {
        no_format(&search, error);
        return false;
    }
    choose_audio(&search);
    decision.quirks = search.wish.quirks;
    explain(&search);
    *ret_decision = decision;
    return true;
}
