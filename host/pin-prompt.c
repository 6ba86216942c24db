/* SPDX-License-Identifier: MIT */
#include "host/pin-prompt.h"

#include <glib.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 64

/* Digits alone; false: there is something else. */
static bool take(const char *text, char *ret_pin, size_t size)
{
    size_t len = 0;

    for (; *text && *text != '\n'; text++) {
        if (*text == ' ' || *text == '-' || *text == '\r')
            continue;
        if (!g_ascii_isdigit(*text) || len + 1 >= size)
            return false;
        ret_pin[len++] = *text;
    }
    ret_pin[len] = '\0';
    return len > 0;
}

static void say(bool terminal, unsigned seconds_left)
{
    if (terminal)
        fprintf(stderr, "\r\033[KPIN that the sink shows (%u s left): ", seconds_left);
}

/* The terminal's own line editing stays: what is typed comes when it is whole. */
static bool read_line(bool terminal, unsigned seconds, int abort_fd, char *line, size_t size)
{
    const int64_t end_us = g_get_monotonic_time() + (int64_t) seconds * G_USEC_PER_SEC;
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = abort_fd, .events = POLLIN}};

    for (int64_t left_us; (left_us = end_us - g_get_monotonic_time()) > 0;) {
        say(terminal, (unsigned) ((left_us + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC));
        poll(fds, 2, 1000);
        if (fds[1].revents)
            return false;
        if (fds[0].revents) {
            ssize_t n = read(STDIN_FILENO, line, size - 1);
            if (n <= 0)
                return false;
            line[n] = '\0';
            return true;
        }
    }
    return false;
}

bool mc_pin_prompt(const char *option, unsigned seconds, int abort_fd, char *ret_pin, size_t size)
{
    char line[LINE_MAX_BYTES] = "";
    bool terminal = isatty(STDIN_FILENO);
    bool ok;

    if (option && strcmp(option, "-"))
        return take(option, ret_pin, size);
    if (!option && !terminal)
        return false;
    ok = read_line(terminal, seconds, abort_fd, line, sizeof(line)) && take(line, ret_pin, size);
    explicit_bzero(line, sizeof(line));
    if (terminal && !ok)
        fputs("\n", stderr);
    return ok;
}
