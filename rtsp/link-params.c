/* SPDX-License-Identifier: MIT */
#include "rtsp/link-params.h"

#include <glib.h>
#include <string.h>

#include "rtsp/fields.h"

static bool problem(char **ret_problem, const char *text)
{
    if (ret_problem)
        *ret_problem = g_strdup(text);
    return false;
}

/* ---- wfd_client_rtp_ports ---- */

bool mc_rtp_ports_parse(const char *value, McRtpPorts *ret_ports, char **ret_problem)
{
    McFields fields = mc_fields(value);
    uint64_t port0 = 0, port1 = 0;

    *ret_ports = (McRtpPorts){0};
    if (!mc_fields_text(&fields, "profile", ret_ports->profile, sizeof(ret_ports->profile)))
        return problem(ret_problem, fields.problem);
    if (mc_fields_at_end(&fields))
        return problem(ret_problem, "no port is stated");
    if (g_ascii_isalpha(*fields.at))
        goto mode;
    if (!mc_fields_decimal(&fields, "port0", G_MAXUINT16, &port0))
        return problem(ret_problem, fields.problem);
    if (!mc_fields_at_end(&fields) && !g_ascii_isalpha(*fields.at) &&
        !mc_fields_decimal(&fields, "port1", G_MAXUINT16, &port1))
        return problem(ret_problem, fields.problem);
    ret_ports->ports_stated = true;
    ret_ports->port0 = (uint16_t) port0;
    ret_ports->port1 = (uint16_t) port1;
mode:
    if (!mc_fields_at_end(&fields) &&
        !mc_fields_text(&fields, "mode", ret_ports->mode, sizeof(ret_ports->mode)))
        return problem(ret_problem, fields.problem);
    return true;
}

char *mc_rtp_ports_write(const McRtpPorts *ports)
{
    GString *out = g_string_new(ports->profile);

    if (ports->ports_stated)
        g_string_append_printf(out, " %u %u", ports->port0, ports->port1);
    if (ports->mode[0])
        g_string_append_printf(out, " %s", ports->mode);
    return g_string_free(out, FALSE);
}

/* ---- wfd_presentation_URL ---- */

static bool parse_url(McFields *fields, const char *what, char *url)
{
    if (mc_fields_word(fields, "none"))
        return true;
    return mc_fields_text(fields, what, url, MC_URL_BYTES);
}

bool mc_presentation_url_parse(const char *value, McPresentationUrl *ret_url, char **ret_problem)
{
    McFields fields = mc_fields(value);

    *ret_url = (McPresentationUrl){0};
    if (!parse_url(&fields, "url0", ret_url->url0) || !parse_url(&fields, "url1", ret_url->url1))
        return problem(ret_problem, fields.problem);
    return true;
}

char *mc_presentation_url_write(const McPresentationUrl *url)
{
    return g_strdup_printf("%s %s", url->url0[0] ? url->url0 : "none",
                           url->url1[0] ? url->url1 : "none");
}

void mc_presentation_url_make(McPresentationUrl *url, const char *local_ip)
{
    bool v6 = strchr(local_ip, ':') != NULL;

    *url = (McPresentationUrl){0};
    /* The scope of a link-local address is this machine's own affair. */
    g_snprintf(url->url0, sizeof(url->url0), "rtsp://%s%.*s%s/wfd1.0/streamid=0", v6 ? "[" : "",
               (int) strcspn(local_ip, "%"), local_ip, v6 ? "]" : "");
}

/* ---- wfd_content_protection ---- */

bool mc_content_protection_parse(const char *value, McContentProtection *ret, char **ret_problem)
{
    McFields fields = mc_fields(value);
    char port[16];
    guint64 number;

    *ret = (McContentProtection){0};
    if (mc_fields_word(&fields, "none")) {
        ret->none = true;
        return true;
    }
    if (!mc_fields_text(&fields, "kind", ret->kind, sizeof(ret->kind)))
        return problem(ret_problem, fields.problem);
    if (mc_fields_at_end(&fields))
        return problem(ret_problem, "no port is stated");
    if (!mc_fields_text(&fields, "port", port, sizeof(port)) ||
        g_ascii_strncasecmp(port, "port=", 5) ||
        !g_ascii_string_to_unsigned(port + 5, 10, 0, G_MAXUINT16, &number, NULL))
        return problem(ret_problem, "its port is not \"port=\" and a number");
    ret->port_stated = true;
    ret->port = (uint16_t) number;
    return true;
}

char *mc_content_protection_write(const McContentProtection *protection)
{
    if (protection->none)
        return g_strdup("none");
    return g_strdup_printf("%s port=%u", protection->kind, protection->port);
}

/* ---- wfd_coupled_sink ---- */

bool mc_coupled_sink_parse(const char *value, McCoupledSink *ret, char **ret_problem)
{
    McFields fields = mc_fields(value);

    *ret = (McCoupledSink){.lower_case = mc_fields_lower_case(value)};
    if (mc_fields_word(&fields, "none")) {
        ret->none = true;
        return true;
    }
    if (!mc_fields_hex8(&fields, 2, "status", &ret->status))
        return problem(ret_problem, fields.problem);
    if (mc_fields_word(&fields, "none"))
        return true;
    ret->address_stated = true;
    if (!mc_fields_hex64(&fields, 12, "address", &ret->address))
        return problem(ret_problem, fields.problem);
    return true;
}

char *mc_coupled_sink_write(const McCoupledSink *coupled)
{
    if (coupled->none)
        return g_strdup("none");
    if (!coupled->address_stated)
        return g_strdup_printf("%02X none", coupled->status);
    return g_strdup_printf(coupled->lower_case ? "%02x %012" PRIx64 : "%02X %012" PRIX64,
                           coupled->status, coupled->address);
}
