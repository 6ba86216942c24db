/* SPDX-License-Identifier: MIT */
/* Names of strangers: what stays of them. */
#include "p2p/plain-text.h"

#include <glib.h>
#include <string.h>

static const struct {
    const char *text, *plain; /* NULL: the same */
} cases[] = {
    {"", NULL},
    {"K\u00fcche \u2013 \u5ba2\u5385 \U0001f4fa", NULL},
    {"\U0001f468\u200d\U0001f469\u200d\U0001f467", NULL}, /* one picture of three */
    {"\x1b[2J\x07\x7f", "_[2J__"},
    {"two\r\nlines\t", "two__lines_"},
    {"\xc2\x9b"
     "2J",
     "_2J"}, /* CSI as one character */
    {"\u2028\u2029", "__"},
    {"a\u202egpj.exe", "a_gpj.exe"},
    {"\u2066\u2069\u200f\ufeff\u200b", "_____"},
    {"\xff\xc0\xaf", "\ufffd\ufffd\ufffd"},
    {"\x9b"
     "2J",
     "\ufffd"
     "2J"}, /* the same in Latin-1 */
};

static void test_cases(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *wish = cases[i].plain ? cases[i].plain : cases[i].text;
        g_autofree char *plain = mc_plain_text(cases[i].text);

        g_assert_cmpstr(plain, ==, wish);
        g_assert_true(mc_plain_text_is(plain));
        g_assert_cmpint(mc_plain_text_is(cases[i].text), ==, !cases[i].plain);
    }
}

static void test_cut(void)
{
    const char *text = "ab\u20ac\U0001f4fa";
    char room[16];

    for (size_t size = 1; size <= strlen(text) + 1; size++) {
        g_autofree char *exact = g_malloc(size); /* writing past it is seen */

        g_assert_cmpint(mc_plain_text_copy(exact, size, text), ==, size > strlen(text));
        g_assert_true(g_utf8_validate(exact, -1, NULL) && g_str_has_prefix(text, exact));
    }
    g_assert_true(mc_plain_text_copy(room, sizeof(room), "x\ny"));
    g_assert_cmpstr(room, ==, "x_y");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plain-text/cases", test_cases);
    g_test_add_func("/plain-text/cut", test_cut);
    return g_test_run();
}
