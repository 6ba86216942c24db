/* SPDX-License-Identifier: MIT */
/* tests/unit/umd/hdcp-test-keys.h - the published test keys, loaded as a licensee's would be.
 * Threads: any.  Owner: the test. */
#pragma once

#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "umd/hdcp/keys.h"

/* Out of data_dir. The tree's copy has whatever mode the checkout gave it; the product wants 0600.
 */
static inline McHdcpKeys *load_test_keys(const char *data_dir)
{
    g_autofree char *from = g_build_filename(data_dir, "test-keys.txt", NULL);
    g_autofree char *text = NULL, *path = NULL;
    g_autoptr(GError) error = NULL;
    gsize len = 0;

    g_assert_true(g_file_get_contents(from, &text, &len, &error));
    const int fd = g_file_open_tmp("hdcp-XXXXXX", &path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(write(fd, text, len), ==, len);
    close(fd);
    McHdcpKeys *keys = mc_hdcp_keys_load(path, &error);
    g_assert_no_error(error);
    g_unlink(path);
    return keys;
}
