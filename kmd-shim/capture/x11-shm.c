/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/x11-shm.h"

#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "kmd-shim/abi/pages.h"
#include "kmd-shim/capture/error.h"

typedef struct {
    XShmSegmentInfo segment;
    XImage *image;
} Shared;

bool mc_x11_lost(GError **error)
{
    g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FAILED,
                "the X server closed the connection; the desktop cannot be captured any more");
    return false;
}

static bool attach_segment(McXConnection *x, Shared *shared)
{
    size_t bytes = (size_t) shared->image->bytes_per_line * (size_t) shared->image->height;

    shared->segment.shmid = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
    if (shared->segment.shmid < 0)
        return false;
    shared->segment.shmaddr = shmat(shared->segment.shmid, NULL, 0);
    /* It goes with its last user, who may attach to it until then: whatever ends this process. */
    bool attached = shared->segment.shmaddr != (char *) -1;
    if (attached) {
        mc_pages_map(shared->segment.shmaddr, bytes);
        shared->image->data = shared->segment.shmaddr;
        x->error = 0;
        attached = XShmAttach(x->display, &shared->segment);
        attached = mc_x_connection_settle(x) && attached;
    }
    shmctl(shared->segment.shmid, IPC_RMID, NULL);
    return attached;
}

static void free_shared(Shared *shared)
{
    if (shared->image) {
        shared->image->data = NULL; /* not XDestroyImage's to free */
        XDestroyImage(shared->image);
    }
    if (shared->segment.shmaddr && shared->segment.shmaddr != (char *) -1)
        shmdt(shared->segment.shmaddr);
    g_free(shared);
}

bool mc_x11_shm_attach(McXConnection *x, McFrame *frame, Visual *visual, int depth,
                       uint32_t width_px, uint32_t height_px, GError **error)
{
    if (x->broken)
        return mc_x11_lost(error);
    Shared *shared = g_new0(Shared, 1);
    if (XShmQueryExtension(x->display))
        shared->image = XShmCreateImage(x->display, visual, (unsigned) depth, ZPixmap, NULL,
                                        &shared->segment, width_px, height_px);
    if (!shared->image || !attach_segment(x, shared)) {
        free_shared(shared);
        if (x->broken)
            return mc_x11_lost(error);
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_SHM,
                    "the X server shares no memory with this process (MIT-SHM); it must run on "
                    "this machine, outside of a container");
        return false;
    }
    frame->pixels = (uint8_t *) shared->segment.shmaddr;
    frame->width_px = width_px;
    frame->height_px = height_px;
    frame->stride_bytes = (uint32_t) shared->image->bytes_per_line;
    frame->backing = shared;
    return true;
}

void mc_x11_shm_detach(McXConnection *x, McFrame *frame)
{
    Shared *shared = frame->backing;

    if (!shared)
        return;
    if (!x->broken)
        XShmDetach(x->display, &shared->segment);
    free_shared(shared);
    frame->backing = NULL;
    frame->pixels = NULL;
}

bool mc_x11_shm_read(McXConnection *x, McFrame *frame, Drawable from, int x_px, int y_px)
{
    Shared *shared = frame->backing;

    x->error = 0;
    return XShmGetImage(x->display, from, shared->image, x_px, y_px, AllPlanes) && !x->error;
}
