/* SPDX-License-Identifier: MIT */
/* A desktop that casts its screen: a portal on a bus of its own, a real PipeWire, and a screen.
 * Usage: portal-desktop grant|refuse|wait WIDTH HEIGHT PICTURE.ppm
 * Prints "bus ADDRESS" when it is ready, then what the portal is asked, a line each.  Commands come
 * on standard input: "resize W H", "end" (the desktop's own button), "vanish" (the screen). */
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-portal.h"
#include "pipewire-bed.h"

typedef struct {
    FakePortal portal;
    PipeWireBed pipewire;
    Screen *screen;
    GMainLoop *loop;
} Desktop;

static void obey(Desktop *self, const char *command)
{
    unsigned width_px, height_px;

    if (sscanf(command, "resize %u %u", &width_px, &height_px) == 2)
        screen_resize(self->screen, width_px, height_px);
    else if (g_str_has_prefix(command, "end"))
        fake_portal_end_session(&self->portal);
    else if (g_str_has_prefix(command, "vanish"))
        g_clear_pointer(&self->screen, screen_free);
}

/* A command a line; each comes in one piece. */
static gboolean on_input(gint fd, GIOCondition condition, gpointer user_data)
{
    Desktop *self = user_data;
    char line[128] = "";
    const ssize_t n = read(fd, line, sizeof(line) - 1);

    if (n <= 0) {
        g_main_loop_quit(self->loop);
        return G_SOURCE_REMOVE;
    }
    obey(self, line);
    return G_SOURCE_CONTINUE;
}

static void write_picture(const char *path, unsigned width_px, unsigned height_px)
{
    FILE *file = fopen(path, "wb");

    g_assert_nonnull(file);
    fprintf(file, "P6\n%u %u\n255\n", width_px, height_px);
    for (unsigned i = 0; i < width_px * height_px; i++) {
        const uint32_t colour = screen_bar(i % width_px, width_px);
        fputc((int) (colour >> 16 & 0xff), file);
        fputc((int) (colour >> 8 & 0xff), file);
        fputc((int) (colour & 0xff), file);
    }
    fclose(file);
}

int main(int argc, char **argv)
{
    static const char *const answers[] = {
        [FAKE_GRANT] = "grant", [FAKE_REFUSE] = "refuse", [FAKE_WAIT] = "wait"};
    Desktop self = {0};

    if (argc != 5 || !fake_portal_start(&self.portal) || !pipewire_bed_start(&self.pipewire)) {
        puts("skip");
        return 77;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(answers); i++)
        if (!strcmp(argv[1], answers[i]))
            self.portal.answer = (FakeAnswer) i;
    const ScreenConfig config = {.width_px = (uint32_t) atoi(argv[2]),
                                 .height_px = (uint32_t) atoi(argv[3])};
    write_picture(argv[4], config.width_px, config.height_px);
    self.screen = screen_new(&self.pipewire, &config);
    self.portal.node = screen_node(self.screen);
    self.portal.open_pipewire = pipewire_bed_connect;
    self.portal.user_data = &self.pipewire;
    self.portal.loud = true;
    self.loop = g_main_loop_new(NULL, FALSE);
    g_unix_fd_add(0, G_IO_IN | G_IO_HUP, on_input, &self);
    printf("bus %s\n", g_getenv("DBUS_SESSION_BUS_ADDRESS"));
    fflush(stdout);
    g_main_loop_run(self.loop);
    g_main_loop_unref(self.loop);
    if (self.screen)
        screen_free(self.screen);
    pipewire_bed_stop(&self.pipewire);
    fake_portal_stop(&self.portal);
    return 0;
}
