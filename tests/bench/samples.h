/* SPDX-License-Identifier: MIT */
/* tests/bench/samples.h - times of many short calls, and the line that bench.py reads.
 * Threads: none; one owner at a time. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int samples_compare(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return x < y ? -1 : x > y;
}

/* "name THREADS p50 p99 N": ns, of values that are sorted in place. */
static inline void samples_print(const char *name, unsigned threads, double *values, size_t n)
{
    qsort(values, n, sizeof(*values), samples_compare);
    printf("%s %u %.1f %.1f %zu\n", name, threads, values[(n - 1) / 2], values[(n - 1) * 99 / 100],
           n);
    fflush(stdout);
}
