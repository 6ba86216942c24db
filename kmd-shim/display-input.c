/* SPDX-License-Identifier: MIT */
/* INPUT_EVENT of the display path: opened with the first event, after consent only. */
#include <string.h>

#include "kmd-shim/display-private.h"

static bool is_desktop(const char *kind)
{
    return strcmp(kind, "test") && strcmp(kind, "file");
}

/* lock held. A picture that is no desktop takes no input; where the portal shows
 * it, it takes that, too, of what the person let in. */
static bool open_input(McDisplayPath *self)
{
    const char *why = "what is shown is no desktop";
    McPortalSession *portal = mc_capture_tap_portal(self->capture);
    const char *target = mc_capture_tap_input_target(self->capture);
    uint32_t width_px, height_px;

    if (self->input || self->input_refused)
        return self->input != NULL;
    mc_capture_tap_size(self->capture, &width_px, &height_px);
    if (portal)
        self->input = mc_input_new_portal(portal, width_px, height_px, &why);
    else if (is_desktop(mc_capture_tap_kind(self->capture)))
        self->input = mc_input_new(target ? target : self->target, width_px, height_px, &why);
    self->input_refused = !self->input;
    if (self->input_refused)
        g_message("[input.unavailable] the sink's input is not used: %s", why);
    return self->input != NULL;
}

void mc_display_path_allow_input(McDisplayPath *self, bool allowed)
{
    const McMsgInputConsent message = {.allowed = allowed};

    g_mutex_lock(&self->lock);
    self->config.allow_input = allowed;
    if (!allowed)
        g_clear_pointer(&self->input, mc_input_free);
    g_mutex_unlock(&self->lock);
    mc_message_port_send(self->port, MC_MSG_INPUT_CONSENT, &message, sizeof(message), 0, NULL,
                         NULL);
}

NTSTATUS mc_display_input(McDisplayPath *self, const McIoctlInputEvent *event)
{
    NTSTATUS status = STATUS_NOT_SUPPORTED;

    g_mutex_lock(&self->lock);
    if (self->config.allow_input && self->context && open_input(self))
        status = mc_input_event(self->input, event);
    g_mutex_unlock(&self->lock);
    return status;
}
