/* SPDX-License-Identifier: MIT */
/* Files of secrets: pairings that survive, files that others may read, damaged files, key files. */
#include "umd/hdcp/pairing.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "umd/hdcp/error.h"
#include "umd/hdcp/keys.h"

static char *directory, *path;

static McHdcpPairing make(unsigned number)
{
    McHdcpPairing pairing = {.receiver_id = {1, 2, 3, (uint8_t) (number >> 8), (uint8_t) number}};

    memset(pairing.km, (int) number + 1, 16);
    memset(pairing.ekh_km, (int) number + 2, 16);
    memset(pairing.m, (int) number + 3, 16);
    return pairing;
}

static void put(McHdcpPairings *pairings, unsigned number)
{
    const McHdcpPairing pairing = make(number);

    mc_hdcp_pairings_put(pairings, &pairing);
}

static const McHdcpPairing *find(const McHdcpPairings *pairings, unsigned number)
{
    const McHdcpPairing pairing = make(number);

    return mc_hdcp_pairings_find(pairings, pairing.receiver_id);
}

static void write_file(const char *text, size_t len, unsigned mode)
{
    g_assert_true(g_file_set_contents(path, text, (gssize) len, NULL));
    g_assert_cmpint(g_chmod(path, (int) mode), ==, 0);
}

static unsigned files_in_directory(void)
{
    GDir *dir = g_dir_open(directory, 0, NULL);
    unsigned count = 0;

    while (g_dir_read_name(dir))
        count++;
    g_dir_close(dir);
    return count;
}

static void test_round_trip(void)
{
    g_autoptr(McHdcpPairings) a = mc_hdcp_pairings_new();
    g_autoptr(McHdcpPairings) b = mc_hdcp_pairings_new();
    g_autoptr(GError) error = NULL;
    const McHdcpPairing expected = make(2);
    struct stat status;

    g_unlink(path);
    g_assert_true(mc_hdcp_pairings_load(a, path, &error)); /* no file: none */
    for (unsigned i = 0; i < 3; i++)
        put(a, i);
    const mode_t mask = umask(0); /* the mode does not depend on it */
    g_assert_true(mc_hdcp_pairings_save(a, path, &error));
    umask(mask);
    g_assert_no_error(error);
    g_assert_cmpint(stat(path, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0777, ==, 0600);
    g_assert_cmpuint(files_in_directory(), ==, 1); /* no temporary file is left */
    put(b, 9);                                     /* goes away */
    g_assert_true(mc_hdcp_pairings_load(b, path, &error));
    g_assert_cmpuint(mc_hdcp_pairings_count(b), ==, 3);
    g_assert_cmpmem(find(b, 2), sizeof(expected), &expected, sizeof(expected));
    g_assert_null(find(b, 9));
}

static void test_replace(void)
{
    g_autoptr(McHdcpPairings) pairings = mc_hdcp_pairings_new();
    McHdcpPairing changed = make(1);

    put(pairings, 1);
    changed.km[0] = 0xee;
    mc_hdcp_pairings_put(pairings, &changed);
    g_assert_cmpuint(mc_hdcp_pairings_count(pairings), ==, 1);
    g_assert_cmpuint(find(pairings, 1)->km[0], ==, 0xee);
    mc_hdcp_pairings_put(pairings, find(pairings, 1)); /* from its own table */
    g_assert_cmpuint(find(pairings, 1)->km[0], ==, 0xee);
    g_assert_true(mc_hdcp_pairings_remove(pairings, changed.receiver_id));
    g_assert_false(mc_hdcp_pairings_remove(pairings, changed.receiver_id));
    g_assert_cmpuint(mc_hdcp_pairings_count(pairings), ==, 0);
}

static void test_full(void)
{
    g_autoptr(McHdcpPairings) pairings = mc_hdcp_pairings_new();
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < MC_HDCP_PAIRINGS_MAX; i++)
        put(pairings, i);
    put(pairings, 0); /* used again: 1 is the oldest now */
    put(pairings, 1000);
    g_assert_cmpuint(mc_hdcp_pairings_count(pairings), ==, MC_HDCP_PAIRINGS_MAX);
    g_assert_nonnull(find(pairings, 0));
    g_assert_null(find(pairings, 1));
    g_assert_true(mc_hdcp_pairings_save(pairings, path, &error));
    g_assert_true(mc_hdcp_pairings_load(pairings, path, &error));
    g_assert_cmpuint(mc_hdcp_pairings_count(pairings), ==, MC_HDCP_PAIRINGS_MAX);
}

static void test_unsafe(void)
{
    static const unsigned modes[] = {0640, 0604, 0660, 0644};
    g_autoptr(McHdcpPairings) pairings = mc_hdcp_pairings_new();

    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autoptr(GError) error = NULL;

        write_file("", 0, modes[i]);
        g_assert_false(mc_hdcp_pairings_load(pairings, path, &error));
        g_assert_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_KEYS_UNSAFE);
    }
}

/* Every byte spoilt, and every length: refused as a whole, and nothing is taken. */
static void test_damaged(void)
{
    g_autoptr(McHdcpPairings) pairings = mc_hdcp_pairings_new();
    g_autofree char *text = NULL;
    gsize len = 0;

    put(pairings, 1);
    put(pairings, 2);
    g_assert_true(mc_hdcp_pairings_save(pairings, path, NULL));
    g_assert_true(g_file_get_contents(path, &text, &len, NULL));
    for (gsize i = 0; i < len; i++) {
        g_autoptr(GError) error = NULL;
        const char good = text[i];

        text[i] = 'x';
        write_file(text, len, 0600);
        text[i] = good;
        g_assert_false(mc_hdcp_pairings_load(pairings, path, &error));
        g_assert_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_PAIRING);
        g_assert_cmpuint(mc_hdcp_pairings_count(pairings), ==, 0);
    }
    for (gsize cut = 1; cut < len; cut++) {
        write_file(text, cut, 0600);
        g_assert_cmpint(mc_hdcp_pairings_load(pairings, path, NULL), ==, cut == len / 2);
    }
}

static void test_cannot_write(void)
{
    g_autoptr(McHdcpPairings) pairings = mc_hdcp_pairings_new();
    g_autofree char *nowhere = g_build_filename(directory, "none", "pairings", NULL);
    g_autoptr(GError) error = NULL;

    put(pairings, 1);
    g_assert_false(mc_hdcp_pairings_save(pairings, nowhere, &error));
    g_assert_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_PAIRING);
    g_assert_cmpuint(mc_hdcp_pairings_count(pairings), ==, 1);
}

/* ---- key files ---- */

static char *key_text(const char *modulus_digits, const char *rest)
{
    return g_strdup_printf("# test\n root_modulus = %s\n%s", modulus_digits, rest);
}

static void assert_keys(const char *text, unsigned mode, int code)
{
    g_autoptr(GError) error = NULL;

    write_file(text, strlen(text), mode);
    g_autoptr(McHdcpKeys) keys = mc_hdcp_keys_load(path, &error);
    if (code < 0) {
        g_assert_no_error(error);
        g_assert_nonnull(keys);
        return;
    }
    g_assert_null(keys);
    g_assert_error(error, MC_HDCP_ERROR, code);
    g_assert_null(strstr(error->message, "93ce")); /* no key in a message */
}

static void test_keys(void)
{
    g_autofree char *digits = g_strnfill(768, 'a'), *few = g_strnfill(766, 'a');
    const char *lc = "lc128=93CE5a56a0a1f4f73c658a1bd2aef0f7 # secret\n";
    g_autofree char *exponent = g_strdup_printf("root_exponent = 010001\r\n\n%s", lc);
    g_autofree char *good = key_text(digits, exponent), *no_exponent = key_text(digits, lc);
    g_autofree char *short_modulus = key_text(few, exponent);
    g_autofree char *stray = g_strdup_printf("%s93ce\n", good);
    g_autofree char *unknown = g_strdup_printf("%slc129 = 93ce\n", good);
    g_autofree char *not_hex = key_text(digits, "root_exponent = 010001\nlc128 = "
                                                "93ceg000000000000000000000000000\n");
    g_autofree char *large = g_strnfill(20000, '#');

    assert_keys(good, 0600, -1);
    assert_keys(good, 0400, -1);
    assert_keys(good, 0644, MC_HDCP_ERROR_KEYS_UNSAFE);
    assert_keys(no_exponent, 0600, MC_HDCP_ERROR_KEYS);
    assert_keys(short_modulus, 0600, MC_HDCP_ERROR_KEYS);
    assert_keys(stray, 0600, MC_HDCP_ERROR_KEYS);
    assert_keys(unknown, 0600, MC_HDCP_ERROR_KEYS);
    assert_keys(not_hex, 0600, MC_HDCP_ERROR_KEYS);
    assert_keys(large, 0600, MC_HDCP_ERROR_KEYS);
    assert_keys("", 0600, MC_HDCP_ERROR_KEYS);
}

static void test_not_a_file(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) missing = NULL;

    g_unlink(path);
    g_assert_null(mc_hdcp_keys_load(path, &missing));
    g_assert_error(missing, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0); /* must not wait for a writer */
    g_assert_null(mc_hdcp_keys_load(path, &error));
    g_assert_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_KEYS);
    g_unlink(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    directory = g_dir_make_tmp("hdcp-XXXXXX", NULL);
    g_assert_nonnull(directory);
    path = g_build_filename(directory, "file", NULL);
    g_test_add_func("/hdcp/pairing/round-trip", test_round_trip);
    g_test_add_func("/hdcp/pairing/replace", test_replace);
    g_test_add_func("/hdcp/pairing/full", test_full);
    g_test_add_func("/hdcp/pairing/unsafe", test_unsafe);
    g_test_add_func("/hdcp/pairing/damaged", test_damaged);
    g_test_add_func("/hdcp/pairing/cannot-write", test_cannot_write);
    g_test_add_func("/hdcp/keys/file", test_keys);
    g_test_add_func("/hdcp/keys/not-a-file", test_not_a_file);
    const int result = g_test_run();
    g_unlink(path);
    g_rmdir(directory);
    return result;
}
