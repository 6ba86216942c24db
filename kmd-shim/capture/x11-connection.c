/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/x11-connection.h"

#include <X11/Xatom.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_PROPERTY_LONGS 4096

/* ---- the process's handlers ---- */

static GMutex registry_lock;
static GHashTable *registry; /* Display * to McXConnection *, of those that are ours */
static XErrorHandler other_error;
static XIOErrorHandler other_io_error;

static McXConnection *find_ours(Display *display)
{
    g_mutex_lock(&registry_lock);
    McXConnection *self = g_hash_table_lookup(registry, display);
    g_mutex_unlock(&registry_lock);
    return self;
}

static int on_error(Display *display, XErrorEvent *event)
{
    McXConnection *self = find_ours(display);

    if (!self)
        return other_error ? other_error(display, event) : 0;
    self->error = event->error_code;
    return 0;
}

static int on_io_error(Display *display)
{
    McXConnection *self = find_ours(display);

    if (!self)
        return other_io_error ? other_io_error(display) : 0;
    self->broken = true;
    return 0;
}

/* Called in place of exit(). */
static void on_io_error_exit(Display *display, void *user_data)
{
    ((McXConnection *) user_data)->broken = true;
}

static gpointer install_handlers(gpointer unused)
{
    registry = g_hash_table_new(NULL, NULL);
    other_error = XSetErrorHandler(on_error);
    other_io_error = XSetIOErrorHandler(on_io_error);
    return NULL;
}

/* ---- life ---- */

McXConnection *mc_x_connection_new(const char *name)
{
    static GOnce once = G_ONCE_INIT;

    g_once(&once, install_handlers, NULL);
    Display *display = XOpenDisplay(name);
    if (!display)
        return NULL;
    McXConnection *self = g_new0(McXConnection, 1);
    self->display = display;
    self->fd = ConnectionNumber(display);
    g_mutex_lock(&registry_lock);
    g_hash_table_insert(registry, display, self);
    g_mutex_unlock(&registry_lock);
    XSetIOErrorExitHandler(display, on_io_error_exit, self);
    return self;
}

static bool has_hung_up(int fd)
{
    struct pollfd hangup = {.fd = fd};

    return poll(&hangup, 1, 0) > 0;
}

void mc_x_connection_free(McXConnection *self)
{
    if (!self)
        return;
    if (has_hung_up(self->fd))
        self->broken = true;
    /* Xlib leaves a broken connection locked for the thread that met the error; what it holds is
     * lost with the server. */
    if (self->broken)
        close(self->fd);
    else
        XCloseDisplay(self->display);
    g_mutex_lock(&registry_lock);
    g_hash_table_remove(registry, self->display);
    g_mutex_unlock(&registry_lock);
    g_free(self);
}

/* ---- requests ---- */

bool mc_x_connection_settle(McXConnection *self)
{
    if (!self->broken)
        XSync(self->display, False);
    return !self->broken && !self->error;
}

void mc_x_connection_hang_up(McXConnection *self)
{
    shutdown(self->fd, SHUT_RDWR);
}

unsigned long *mc_x_connection_property(McXConnection *self, Window window, const char *name,
                                        Atom type, unsigned long *ret_count)
{
    const Atom property = XInternAtom(self->display, name, True);
    unsigned char *data = NULL;
    unsigned long left;
    Atom actual;
    int format;

    *ret_count = 0;
    if (property == None || self->broken ||
        XGetWindowProperty(self->display, window, property, 0, MAX_PROPERTY_LONGS, False, type,
                           &actual, &format, ret_count, &left, &data) != Success)
        return NULL;
    if (data && actual == type && format == 32)
        return (unsigned long *) (void *) data;
    if (data)
        XFree(data);
    *ret_count = 0;
    return NULL;
}
