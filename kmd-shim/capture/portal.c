/* SPDX-License-Identifier: MIT */
/* What the desktop portal lets us see: the person picks a screen or a window in the desktop's own
 * dialogue, PipeWire brings the pictures.  Nothing else is ever shown in its place. */
#include <string.h>

#include "kmd-shim/capture/capture.h"
#include "kmd-shim/capture/pipewire.h"
#include "kmd-shim/portal-session.h"

struct McCapture {
    McPortalSession *session;
    McPipeWire *pipewire;
};

static bool explain(McPortalState state, GError **error)
{
    static const struct {
        McCaptureError code;
        const char *text;
    } reasons[] = {
        [MC_PORTAL_REFUSED] = {MC_CAPTURE_ERROR_REFUSED,
                               "nothing is shown: the desktop's question was answered with no"},
        [MC_PORTAL_NO_PORTAL] = {MC_CAPTURE_ERROR_NO_PORTAL,
                                 "no desktop portal that casts screens answers on the session bus"},
        [MC_PORTAL_NO_PIPEWIRE] = {MC_CAPTURE_ERROR_NO_PIPEWIRE,
                                   "the desktop portal cannot reach PipeWire"},
        [MC_PORTAL_NO_SOURCE] = {MC_CAPTURE_ERROR_NO_SOURCE,
                                 "the desktop offered no screen or window to show"},
        [MC_PORTAL_CLOSED] = {MC_CAPTURE_ERROR_ENDED, "the desktop ended the screen cast"},
    };

    if (state >= G_N_ELEMENTS(reasons) || !reasons[state].text)
        return true; /* asking, ready */
    g_set_error_literal(error, MC_CAPTURE_ERROR, (gint) reasons[state].code, reasons[state].text);
    return false;
}

/* ---- life ---- */

static void portal_close(McCapture *self)
{
    mc_pipewire_free(self->pipewire);
    mc_portal_session_unref(self->session);
    g_free(self);
}

/* One permission to see, another to see and to let the sink's input in. */
static McPortalSession *begin_to_ask(const McCaptureConfig *config)
{
    const char *name = config->input ? "portal-input" : "portal";
    g_autofree char *path =
        config->state_folder ? g_build_filename(config->state_folder, name, NULL) : NULL;
    const McPortalRequest request = {
        .devices = config->input ? MC_PORTAL_KEYBOARD | MC_PORTAL_POINTER | MC_PORTAL_TOUCH : 0,
        .token_path = path,
        .choose = config->argument != NULL};

    return mc_portal_session_new(&request);
}

static bool fill_in(McCapture *self, const McCaptureConfig *config, GError **error)
{
    McPortalGrant grant;

    self->session = begin_to_ask(config);
    const McPortalState state = mc_portal_session_wait(self->session, config->cancel, &grant);
    if (!explain(state, error))
        return false;
    if (state != MC_PORTAL_READY) /* still asking */
        return !g_cancellable_set_error_if_cancelled(config->cancel, error);
    self->pipewire = mc_pipewire_new(mc_portal_session_take_pipewire(self->session), grant.stream,
                                     config->cancel, error);
    return self->pipewire != NULL;
}

static McCapture *portal_open(const McCaptureConfig *config, GError **error)
{
    if (config->argument && strcmp(config->argument, "choose")) {
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_UNKNOWN_KIND,
                    "there is no screen cast \"%s\"; use portal or portal:choose",
                    config->argument);
        return NULL;
    }
    McCapture *self = g_new0(McCapture, 1);
    if (fill_in(self, config, error))
        return self;
    portal_close(self);
    return NULL;
}

static McPortalSession *portal_session(McCapture *self)
{
    return self->session;
}

/* ---- pictures ---- */

static void portal_size(const McCapture *self, uint32_t *ret_width_px, uint32_t *ret_height_px)
{
    mc_pipewire_size(self->pipewire, ret_width_px, ret_height_px);
}

static void portal_begin(McCapture *self)
{
    mc_pipewire_start(self->pipewire);
    mc_pipewire_renew_cursor(self->pipewire);
}

static void portal_end(McCapture *self)
{
    mc_pipewire_stop(self->pipewire);
}

static int portal_fd(const McCapture *self)
{
    return mc_pipewire_fd(self->pipewire);
}

static bool portal_poll(McCapture *self, McCaptureNews *news, GError **error)
{
    return explain(mc_portal_session_state(self->session, NULL), error) &&
           mc_pipewire_iterate(self->pipewire, news, error);
}

static bool portal_attach(McCapture *self, McFrame *frame, GError **error)
{
    uint32_t width_px, height_px;

    mc_pipewire_size(self->pipewire, &width_px, &height_px);
    mc_frame_alloc_memory(frame, width_px, height_px);
    return true;
}

static void portal_detach(McCapture *self, McFrame *frame)
{
    mc_frame_free_memory(frame);
}

static McGrab portal_grab(McCapture *self, McFrame *frame, int64_t now_ns, GError **error)
{
    uint32_t width_px, height_px;

    mc_pipewire_size(self->pipewire, &width_px, &height_px);
    return width_px == frame->width_px && height_px == frame->height_px &&
                   mc_pipewire_copy(self->pipewire, frame->pixels, frame->stride_bytes)
               ? MC_GRAB_OK
               : MC_GRAB_LATER; /* it is on its way */
}

const McCaptureOps mc_capture_portal = {
    .kind = "portal",
    .open = portal_open,
    .close = portal_close,
    .size = portal_size,
    .begin = portal_begin,
    .end = portal_end,
    .fd = portal_fd,
    .poll = portal_poll,
    .attach = portal_attach,
    .detach = portal_detach,
    .grab = portal_grab,
    .portal = portal_session,
};
