/* SPDX-License-Identifier: MIT */
/* Gives each file of the folders named on the command line to the fuzz target that it is linked
 * with: the corpus as a unit test, for any compiler. */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <glib.h>

#include "tests/fuzz/fuzz.h"

static bool run_file(const char *path)
{
    g_autofree char *data = NULL;
    g_autoptr(GError) error = NULL;
    gsize size;

    if (!g_file_get_contents(path, &data, &size, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return false;
    }
    /* A block of the exact size, so that reading past it is seen. */
    uint8_t *block = malloc(size ? size : 1);
    memcpy(block, data, size);
    LLVMFuzzerTestOneInput(block, size);
    free(block);
    return true;
}

static unsigned run_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    unsigned files = 0;

    while (dir && (entry = readdir(dir))) {
        g_autofree char *path = g_build_filename(folder, entry->d_name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR) && run_file(path))
            files++;
    }
    if (dir)
        closedir(dir);
    return files;
}

int main(int argc, char **argv)
{
    unsigned files = 0;

    for (int i = 1; i < argc; i++)
        files += run_folder(argv[i]);
    printf("%u inputs\n", files);
    return files ? EXIT_SUCCESS : EXIT_FAILURE;
}
