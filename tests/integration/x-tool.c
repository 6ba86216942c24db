/* SPDX-License-Identifier: MIT */
/* x-tool DISPLAY resize WIDTH HEIGHT: gives a virtual X screen another size, which xrandr cannot do
 * where a server offers a single mode.
 * x-tool DISPLAY pointer: prints where the pointer is. */
#include <X11/extensions/Xrandr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void resize(Display *display, int width, int height)
{
    Window root = DefaultRootWindow(display);
    XRRScreenResources *resources = XRRGetScreenResources(display, root);

    for (int i = 0; i < resources->ncrtc; i++)
        XRRSetCrtcConfig(display, resources, resources->crtcs[i], CurrentTime, 0, 0, None,
                         RR_Rotate_0, NULL, 0);
    XRRFreeScreenResources(resources);
    XRRSetScreenSize(display, root, width, height, width / 4, height / 4);
}

static void print_pointer(Display *display)
{
    Window root, child;
    int x, y, ignored;
    unsigned mask;

    XQueryPointer(display, DefaultRootWindow(display), &root, &child, &x, &y, &ignored, &ignored,
                  &mask);
    printf("%d %d\n", x, y);
}

int main(int argc, char **argv)
{
    Display *display = argc >= 3 ? XOpenDisplay(argv[1]) : NULL;

    if (display && argc == 5 && !strcmp(argv[2], "resize"))
        resize(display, atoi(argv[3]), atoi(argv[4]));
    else if (display && !strcmp(argv[2], "pointer"))
        print_pointer(display);
    else
        return 2;
    XCloseDisplay(display);
    return 0;
}
