/* SPDX-License-Identifier: MIT */
#include "rtsp/edid.h"

#include <glib.h>
#include <string.h>

#include "rtsp/fields.h"

static bool problem(char **ret_problem, const char *text)
{
    if (ret_problem)
        *ret_problem = g_strdup(text);
    return false;
}

/* Truncated ones exist: what there is of whole bytes is kept. */
static bool take_digits(McFields *fields, McEdid *edid, char **ret_problem)
{
    const char *digits = fields->at;
    size_t n = strspn(digits, "0123456789abcdefABCDEF");

    if (n < 2 || (digits[n] && !g_ascii_isspace(digits[n])))
        return problem(ret_problem, "the EDID is not hexadecimal");
    edid->odd = n % 2;
    edid->n_bytes = n / 2;
    edid->bytes = g_malloc(edid->n_bytes + 1);
    for (size_t i = 0; i < edid->n_bytes; i++)
        edid->bytes[i] = (uint8_t) (g_ascii_xdigit_value(digits[2 * i]) << 4 |
                                    g_ascii_xdigit_value(digits[2 * i + 1]));
    return true;
}

bool mc_edid_parse(const char *value, McEdid *ret_edid, char **ret_problem)
{
    McFields fields = mc_fields(value);

    *ret_edid = (McEdid){.lower_case = mc_fields_lower_case(value)};
    if (mc_fields_word(&fields, "none")) {
        ret_edid->none = true;
        return true;
    }
    if (!mc_fields_hex16(&fields, 4, "count", &ret_edid->blocks))
        return problem(ret_problem, fields.problem);
    if (mc_fields_at_end(&fields))
        return true;
    ret_edid->data_stated = true;
    return mc_fields_word(&fields, "none") || take_digits(&fields, ret_edid, ret_problem);
}

char *mc_edid_write(const McEdid *edid)
{
    GString *out = g_string_new(NULL);

    if (edid->none)
        return g_string_free(g_string_append(out, "none"), FALSE);
    g_string_printf(out, edid->lower_case ? "%04x" : "%04X", edid->blocks);
    if (edid->data_stated)
        g_string_append(out, edid->bytes ? " " : " none");
    for (size_t i = 0; i < edid->n_bytes; i++)
        g_string_append_printf(out, edid->lower_case ? "%02x" : "%02X", edid->bytes[i]);
    return g_string_free(out, FALSE);
}

void mc_edid_clear(McEdid *edid)
{
    g_clear_pointer(&edid->bytes, g_free);
    edid->n_bytes = 0;
}

/* EDID 1.3/1.4: first detailed timing at byte 54; clock 0 means that it is not a timing.
 *   +2 width low   +4 upper 4 bits: width high   +5 height low   +7 upper 4 bits: height high */
bool mc_edid_size(const uint8_t *bytes, size_t n_bytes, uint32_t *ret_width_px,
                  uint32_t *ret_height_px)
{
    const uint8_t *timing = bytes && n_bytes >= MC_EDID_BLOCK_BYTES ? bytes + 54 : NULL;

    if (!timing || (timing[0] == 0 && timing[1] == 0))
        return false;
    *ret_width_px = timing[2] | (timing[4] & 0xf0u) << 4;
    *ret_height_px = timing[5] | (timing[7] & 0xf0u) << 4;
    return *ret_width_px && *ret_height_px;
}
