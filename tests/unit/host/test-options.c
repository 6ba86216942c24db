/* SPDX-License-Identifier: MIT */
/* The command line with values that a person or a script may give by mistake, and what is taken. */
#include <locale.h>
#include <string.h>

#include "encoder/h264-kinds.h"
#include "host/options.h"

#define X16 "xxxxxxxxxxxxxxxx"
#define X128 X16 X16 X16 X16 X16 X16 X16 X16
#define X256 X128 X128

/* wrong: words of what is told; NULL: it is taken. */
typedef struct {
    const char *line[6];
    const char *wrong;
} Row;

static const Row rows[] = {
    /* ---- taken ---- */
    {{NULL}, NULL},
    {{"TV"}, NULL},
    {{"Büro \u5ba2\u5385"}, NULL},
    {{"--mode", "1280x720"}, NULL},
    {{"--mode", "1280x720@30"}, NULL},
    {{"--mode", "16x16@1"}, NULL},
    {{"--protect", "0"}, NULL},
    {{"--protect", "0.8-1.6"}, NULL},
    {{"--allow", "192.0.2.7"}, NULL},
    {{"--allow", "2001:db8::7"}, NULL},
    {{"--pin", "12345670"}, NULL},
    {{"--pin", "1234-5670"}, NULL},
    {{"--pin", "-"}, NULL},
    {{"--listen", "[::1]:7236"}, NULL},
    {{"--listen", "127.0.0.1:0"}, NULL},
    {{"--srtp", "dtls", "--sdp", "out.sdp"}, NULL},
    {{"--encoder", "vaapi"}, NULL},
    {{"--p2p-backend", "nm"}, NULL},
    {{"--bitrate", "0"}, NULL},
    {{"--wait", "31536000"}, NULL},
    /* ---- words ---- */
    {{"--encoder", "nonsense"}, "--encoder does not know 'nonsense'; it knows x264, openh264"},
    {{"--encoder", "X264"}, "--encoder does not know"},
    {{"--encoder", ""}, "--encoder wants a value"},
    {{"--encoder", "x264\u200b"}, "--encoder does not know"},
    {{"--encoder"}, "--encoder"},
    {{"--link", "pigeon"}, "--link does not know 'pigeon'; it knows auto, lan"},
    {{"--link", ""}, "--link wants a value"},
    {{"--link", "mice"}, "wants the sink's address or name"},
    {{"--link", "lan", "TV"}, "'TV' is no option"},
    {{"--p2p-backend", "none"}, "--p2p-backend does not know"},
    {{"--p2p-backend", ""}, "--p2p-backend wants a value"},
    {{"--pairing", "pin"}, "--pairing does not know"},
    {{"--security", "wep"}, "--security does not know"},
    {{"--audio", "loud"}, "--audio does not know"},
    {{"--audio", "file"}, "wants --capture file:PATH"},
    {{"--input", "yes"}, "--input does not know"},
    {{"--ts-flavour", "sweet"}, "--ts-flavour does not know 'sweet'; it knows android"},
    {{"--nonsense"}, "nonsense"},
    {{"--window"}, "--window is the demo's"},
    /* ---- numbers ---- */
    {{"--bitrate", "-1"}, "--bitrate wants 100 to 240000"},
    {{"--bitrate", "1"}, "--bitrate wants"},
    {{"--bitrate", "240001"}, "--bitrate wants"},
    {{"--bitrate", "99999999999999999999"}, "99999999999999999999"},
    {{"--bitrate", "nan"}, "nan"},
    {{"--bitrate", "4000k"}, "4000k"},
    {{"--bitrate", ""}, "--bitrate"},
    {{"--bitrate", "٣"}, "٣"},
    {{"--channel", "5"}, "--channel wants 2412 to 7125"},
    {{"--channel", "-2412"}, "--channel wants"},
    {{"--control-port", "65536"}, "--control-port wants 1 to 65535"},
    {{"--duration", "-1"}, "--duration wants"},
    {{"--wait", "31536001"}, "--wait wants"},
    {{"--wait", "1.5"}, "1.5"},
    {{"--keepalive", "56"}, "--keepalive wants"},
    {{"--fps", "241"}, "--fps wants 1 to 240"},
    {{"--fps"}, "--fps"},
    /* ---- modes ---- */
    {{"--mode", "big"}, "--mode wants WxH"},
    {{"--mode", ""}, "--mode wants a value"},
    {{"--mode", "-1280x-720"}, "--mode wants WxH"},
    {{"--mode", "+1280x720"}, "--mode wants WxH"},
    {{"--mode", " 1280x720"}, "--mode wants WxH"},
    {{"--mode", "1280x720@"}, "--mode wants WxH"},
    {{"--mode", "1280x720@0"}, "--mode wants WxH"},
    {{"--mode", "1280x720@-30"}, "--mode wants WxH"},
    {{"--mode", "1280x720@241"}, "--mode wants WxH"},
    {{"--mode", "1280x720@30fps"}, "--mode wants WxH"},
    {{"--mode", "1280X720"}, "--mode wants WxH"},
    {{"--mode", "1280x"}, "--mode wants WxH"},
    {{"--mode", "15x16"}, "--mode wants WxH"},
    {{"--mode", "4097x16"}, "--mode wants WxH"},
    {{"--mode", "99999999999999999999x720"}, "--mode wants WxH"},
    {{"--mode", "4294968576x720"}, "--mode wants WxH"},
    /* ---- moments ---- */
    {{"--protect", "5-2"}, "--protect wants seconds"},
    {{"--protect", "2-2"}, "--protect wants seconds"},
    {{"--protect", "2-nan"}, "--protect wants seconds"},
    {{"--protect", "nan"}, "--protect wants seconds"},
    {{"--protect", "inf"}, "--protect wants seconds"},
    {{"--protect", "0-inf"}, "--protect wants seconds"},
    {{"--protect", "1e300"}, "--protect wants seconds"},
    {{"--protect", "-1"}, "--protect"},
    {{"--protect", "2--3"}, "--protect wants seconds"},
    {{"--protect", "2-"}, "--protect wants seconds"},
    {{"--protect", "2-4-6"}, "--protect wants seconds"},
    {{"--protect", ""}, "--protect wants a value"},
    /* ---- addresses ---- */
    {{"--allow", "notanaddr"}, "--allow wants an address"},
    {{"--allow", "192.0.2"}, "--allow wants an address"},
    {{"--allow", "192.0.2.256"}, "--allow wants an address"},
    {{"--allow", "192.0.2.7:7236"}, "--allow wants an address"},
    {{"--allow", "[2001:db8::7]"}, "--allow wants an address"},
    {{"--allow", ""}, "--allow wants a value"},
    {{"--allow", X128}, "--allow takes 45 bytes"},
    {{"--listen", "7236"}, "--listen wants an address and port"},
    {{"--listen", "localhost:7236"}, "--listen wants an address and port"},
    {{"--listen", "127.0.0.1:65536"}, "--listen wants an address and port"},
    {{"--listen", "127.0.0.1:-1"}, "--listen wants an address and port"},
    {{"--listen", "::1:7236"}, "--listen wants an address and port"},
    {{"--listen", ""}, "--listen wants an address and port"},
    {{"--listen", "127.0.0.1:0", "--listen", "nowhere"}, "not 'nowhere'"},
    {{"TV", "--link", "mice", "--listen", "nowhere"}, "--listen wants an address and port"},
    /* ---- secrets and files ---- */
    {{"--pin", ""}, "--pin wants the 4 to 15 digits"},
    {{"--pin", "abcd"}, "--pin wants digits"},
    {{"--pin", "123"}, "--pin wants the 4 to 15 digits"},
    {{"--pin", "1234567890123456"}, "--pin wants the 4 to 15 digits"},
    {{"--srtp", "/nowhere/key"}, "--srtp: '/nowhere/key' cannot be read: No such file"},
    {{"--srtp", "/"}, "--srtp wants a file"},
    {{"--srtp", ""}, "--srtp wants a value"},
    {{"--srtp", "/" X256}, "--srtp takes 255 bytes"},
    {{"--srtp", "dtls", "--srtp-fingerprint", "zz"}, "--srtp-fingerprint wants"},
    {{"--srtp-fingerprint", "00"}, "--srtp-fingerprint wants"},
    {{"--sdp", "out.sdp"}, "--sdp describes a protected stream"},
    {{"--srtp", "dtls", "--sdp", "/" X256}, "--sdp takes 255 bytes"},
    {{"--hdcp-keys", "/nowhere/keys"}, "--hdcp-keys: '/nowhere/keys' cannot be read"},
    {{"--hdcp-srm", "/nowhere/srm"}, "--hdcp-srm: '/nowhere/srm' cannot be read"},
    {{"--interface", X16}, "--interface takes 15 bytes"},
    {{"--interface", ""}, "--interface wants a value"},
    {{"--wpa-control", X256}, "--wpa-control takes 107 bytes"},
    {{"--capture", ""}, "--capture wants a value"},
    {{"--stats", ""}, "--stats wants a value"},
    {{"--trace", ""}, "--trace wants a value"},
    {{"--metrics", ""}, "--metrics wants a value"},
    {{"--umd", ""}, "--umd wants a value"},
    /* ---- names ---- */
    {{""}, "a sink's name or address is empty"},
    {{"TV", ""}, "a sink's name or address is empty"},
    {{X128}, "a sink's name has 127 bytes at most"},
};

static bool parse(McOptions *options, const char *const *line, GError **error)
{
    return mc_options_parse(options, "cast", (int) g_strv_length((char **) line), (char **) line,
                            error);
}

static void test_rows(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *line = g_strjoinv(" ", (char **) rows[i].line);
        g_autoptr(GError) error = NULL;
        McOptions options = {0};

        const bool ok = parse(&options, rows[i].line, &error);
        if (ok != !rows[i].wrong)
            g_error("[%s] is %s%s", line, ok ? "taken" : "not taken: ", ok ? "" : error->message);
        if (!ok && !strstr(error->message, rows[i].wrong))
            g_error("[%s]: no \"%s\" in \"%s\"", line, rows[i].wrong, error->message);
        if (!ok)
            g_assert_cmpint(error->domain, ==, G_OPTION_ERROR);
        mc_options_clear(&options);
    }
}

/* What is wrong with a PIN is no reason to show it. */
static void test_pin_stays_secret(void)
{
    g_autoptr(GError) error = NULL;
    McOptions options = {0};

    g_assert_false(parse(&options, (const char *const[]){"--pin", "12ab5670", NULL}, &error));
    g_assert_null(strstr(error->message, "12ab"));
    mc_options_clear(&options);
}

/* As the listener writes callers' addresses. */
static void test_allow(void)
{
    static const char *const pairs[][2] = {{"2001:DB8:0:0::7", "2001:db8::7"},
                                           {"::ffff:192.0.2.7", "192.0.2.7"},
                                           {"192.0.2.7", "192.0.2.7"}};

    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        McOptions options = {0};
        g_assert_true(parse(&options, (const char *const[]){"--allow", pairs[i][0], NULL}, NULL));
        g_assert_cmpstr(options.allow, ==, pairs[i][1]);
        mc_options_clear(&options);
    }
}

static void test_values(void)
{
    McOptions options = {0};

    g_assert_true(parse(&options,
                        (const char *const[]){"--mode", "1280x720@30", "--protect", "2-4.5", NULL},
                        NULL));
    g_assert_cmpuint(options.umd_options.mode_width_px, ==, 1280);
    g_assert_cmpuint(options.umd_options.mode_height_px, ==, 720);
    g_assert_cmpuint(options.umd_options.mode_fps, ==, 30);
    g_assert_cmpfloat(options.protect_from_s, ==, 2);
    g_assert_cmpfloat(options.protect_to_s, ==, 4.5);
    g_assert_cmpuint(options.n_sinks, ==, 1);
    mc_options_clear(&options);
    options = (McOptions){0};
    g_assert_true(parse(&options, (const char *const[]){"--", "-TV", NULL}, NULL));
    g_assert_cmpuint(options.n_sinks, ==, 1);
    g_assert_cmpstr(options.sink, ==, "-TV");
    mc_options_clear(&options);
}

/* The encoders that the option knows are those that the encoder room has. */
static void test_encoders(void)
{
    for (size_t i = 0; i < mc_h264_n_kinds; i++)
        g_assert_true(g_strv_contains(mc_options_encoders, mc_h264_kinds[i].name));
    for (const char *const *name = mc_options_encoders; *name; name++) {
        size_t i = 0;
        while (i < mc_h264_n_kinds && strcmp(mc_h264_kinds[i].name, *name))
            i++;
        g_assert_cmpuint(i, <, mc_h264_n_kinds);
    }
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8"); /* as a terminal has it */
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/options/rows", test_rows);
    g_test_add_func("/options/pin-stays-secret", test_pin_stays_secret);
    g_test_add_func("/options/allow", test_allow);
    g_test_add_func("/options/values", test_values);
    g_test_add_func("/options/encoders", test_encoders);
    return g_test_run();
}
