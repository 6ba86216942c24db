/* SPDX-License-Identifier: MIT */
/* Answers of wpa_supplicant, also such as no wpa_supplicant gives. */
#include "p2p/wpa-reply.h"

#include <glib.h>

static const char reply[] = "42:00:00:00:01:00\nlisten_freq=2437\nlevel=-30\n"
                            "wfd_subelems=00000600111c440032\nname=a\tb\xff\nempty=\nodd=7x\n"
                            "dev_capab=0x25\nlarge=99999999999\n"
                            "long=0123456789abcdef0123456789abcdef0123\n";

static void test_value(void)
{
    char text[32];

    g_assert_true(mc_wpa_reply_value(reply, "level", text, sizeof(text)));
    g_assert_cmpstr(text, ==, "-30");
    g_assert_true(mc_wpa_reply_value(reply, "wfd_subelems", text, 5));
    g_assert_cmpstr(text, ==, "0000");
    g_assert_true(mc_wpa_reply_value(reply, "empty", text, sizeof(text)));
    g_assert_cmpstr(text, ==, "");
    g_assert_false(mc_wpa_reply_value(reply, "freq", text, sizeof(text)));
    g_assert_false(mc_wpa_reply_value("", "freq", text, sizeof(text)));
}

static void test_text(void)
{
    char text[100] = "before";

    mc_wpa_reply_text(reply, "none", text, sizeof(text));
    g_assert_cmpstr(text, ==, "before");
    mc_wpa_reply_text(reply, "name", text, sizeof(text));
    g_assert_cmpstr(text, ==, "a_b\xef\xbf\xbd");
    mc_wpa_reply_text(reply, "long", text, sizeof(text));
    g_assert_cmpstr(text, ==, "0123456789abcdef0123456789abcdef");
}

static void test_number(void)
{
    static const char *const no_numbers[] = {"none", "empty", "odd", "large"};
    int number = 5;
    unsigned positive = 6;

    for (size_t i = 0; i < G_N_ELEMENTS(no_numbers); i++)
        g_assert_false(mc_wpa_reply_number(reply, no_numbers[i], &number));
    g_assert_cmpint(number, ==, 5);
    g_assert_true(mc_wpa_reply_number(reply, "level", &number));
    g_assert_cmpint(number, ==, -30);
    mc_wpa_reply_unsigned(reply, "level", &positive);
    g_assert_cmpuint(positive, ==, 6);
    mc_wpa_reply_unsigned(reply, "dev_capab", &positive);
    g_assert_cmpuint(positive, ==, 0x25);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wpa-reply/value", test_value);
    g_test_add_func("/wpa-reply/text", test_text);
    g_test_add_func("/wpa-reply/number", test_number);
    return g_test_run();
}
