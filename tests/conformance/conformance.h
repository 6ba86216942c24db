/* SPDX-License-Identifier: MIT */
/* tests/conformance/conformance.h - what the groups of statements share.  A test is named after its
 * statement; statements.txt has the words. */
#pragma once

#include "tests/conformance/bed.h"
#include "tests/unit/host/runtime-fixture.h"

typedef struct {
    const char *name; /* "C-01-entry-point" */
    void (*run)(void);
} Statement;

/* All, or those that the command line names with -p. */
static inline int conformance_main(int argc, char **argv, const Statement *statements, unsigned n)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *path = g_strconcat("/", statements[i].name, NULL);
        g_test_add_func(path, statements[i].run);
    }
    return g_test_run();
}

#define CONFORMANCE_MAIN(statements)                                                               \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return conformance_main(argc, argv, statements, G_N_ELEMENTS(statements));                 \
    }
