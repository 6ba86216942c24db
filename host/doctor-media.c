/* SPDX-License-Identifier: MIT */
/* Pictures and sound: which encoders work and how fast, what can be captured, where sound comes
 * from. */
#include <gst/gst.h>
#include <stdlib.h>
#include <string.h>

#include "host/doctor.h"
#include "host/report.h"
#include "kmd-shim/capture/capture.h"
#include "kmd-shim/portal-session.h"

enum {
    FRAMES = 30,
    PATIENCE_S = 20,
};

/* In the order in which a session tries them; the packages hold them on Debian and Ubuntu. */
static const struct {
    const char *element, *more, *package;
} encoders[] = {
    {"vah264enc", "", "gstreamer1.0-plugins-bad"},
    {"vaapih264enc", "", "gstreamer1.0-vaapi"},
    {"v4l2h264enc", "", "gstreamer1.0-plugins-good"},
    {"x264enc", "speed-preset=ultrafast tune=zerolatency", "gstreamer1.0-plugins-ugly"},
    {"openh264enc", "", "gstreamer1.0-plugins-bad"},
};

/* Real pictures, flat out. False: it does not encode; *ret_fps else. */
static bool encode(const char *element, const char *more, double *ret_fps)
{
    g_autofree char *text = g_strdup_printf(
        "videotestsrc num-buffers=%d ! video/x-raw,width=1280,height=720,"
        "framerate=30/1 ! videoconvert ! %s %s ! video/x-h264 ! fakesink sync=false",
        FRAMES, element, more);
    GstElement *pipeline = gst_parse_launch(text, NULL);
    gint64 start_us = g_get_monotonic_time();
    bool ok = false;

    if (!pipeline)
        return false;
    if (gst_element_set_state(pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE) {
        g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
        GstMessage *end = gst_bus_timed_pop_filtered(bus, PATIENCE_S * GST_SECOND,
                                                     GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
        ok = end && GST_MESSAGE_TYPE(end) == GST_MESSAGE_EOS;
        if (end)
            gst_message_unref(end);
    }
    *ret_fps = FRAMES * 1e6 / (double) MAX(1, g_get_monotonic_time() - start_us);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
    return ok;
}

static void examine_encoders(McDoctor *doctor)
{
    unsigned working = 0;
    double fps = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(encoders); i++) {
        g_autoptr(GstElementFactory) factory = gst_element_factory_find(encoders[i].element);

        if (!factory)
            continue;
        if (!encode(encoders[i].element, encoders[i].more, &fps))
            mc_doctor_say(doctor, MC_FINDING_WARN, "encoder", NULL,
                          "%s is installed and does not encode here", encoders[i].element);
        else if (fps < 30)
            mc_doctor_say(doctor, MC_FINDING_WARN, "encoder", "cast a smaller mode: --mode 640x480",
                          "%s encodes 1280x720 with %.0f pictures a second: too slow for 30",
                          encoders[i].element, fps);
        else
            mc_doctor_say(doctor, MC_FINDING_OK, "encoder", NULL,
                          "%s encodes 1280x720 with %.0f pictures a second", encoders[i].element,
                          fps);
        working += fps > 0;
    }
    if (!working)
        mc_doctor_say(doctor, MC_FINDING_FAIL, "encoder",
                      "install gstreamer1.0-plugins-ugly (x264) or gstreamer1.0-plugins-bad "
                      "(OpenH264)",
                      "no H.264 encoder works");
}

/* By opening it, as a cast would. */
static bool examine_x11(McDoctor *doctor)
{
    const char *display = g_getenv("DISPLAY");
    g_autoptr(GError) error = NULL;
    McCapture *capture =
        display && *display ? mc_capture_x11.open(&(McCaptureConfig){0}, &error) : NULL;

    if (capture) {
        uint32_t width_px, height_px;
        mc_capture_x11.size(capture, &width_px, &height_px);
        mc_capture_x11.close(capture);
        mc_doctor_say(doctor, MC_FINDING_OK, "capture", NULL,
                      "--capture x11 shows display %s, %ux%u", display, width_px, height_px);
    } else if (error) {
        mc_doctor_say(doctor, MC_FINDING_WARN, "capture", NULL, "--capture x11: %s",
                      error->message);
    }
    return capture != NULL;
}

static bool examine_portal(McDoctor *doctor)
{
    bool input = false;
    const bool screens = mc_portal_offers_screens(&input);

    if (screens)
        mc_doctor_say(doctor, MC_FINDING_OK, "capture", NULL,
                      "--capture portal asks which screen to show%s",
                      input ? ", and whether the sink may type and point" : "");
    else if (g_getenv("WAYLAND_DISPLAY"))
        mc_doctor_say(doctor, MC_FINDING_WARN, "capture",
                      "install xdg-desktop-portal and your desktop's part of it (-gnome, -kde, "
                      "-wlr), and PipeWire with WirePlumber",
                      "a Wayland session without a portal that casts screens");
    return screens;
}

/* By reading a picture. It is for consoles and kiosks: where a desktop can be shown, that it takes
 * a privilege is no flaw. */
static bool examine_kms(McDoctor *doctor, bool desktop)
{
    g_autoptr(GError) error = NULL;
    McCapture *capture = mc_capture_kms.open(&(McCaptureConfig){0}, &error);

    if (capture) {
        uint32_t width_px, height_px;
        mc_capture_kms.size(capture, &width_px, &height_px);
        mc_capture_kms.close(capture);
        mc_doctor_say(doctor, MC_FINDING_OK, "capture", NULL,
                      "--capture kms shows a screen as the graphics card does, %ux%u", width_px,
                      height_px);
    } else if (error->code != MC_CAPTURE_ERROR_NO_CARD) {
        mc_doctor_say(doctor, desktop ? MC_FINDING_OK : MC_FINDING_WARN, "capture",
                      desktop ? NULL : mc_report_next_step(mc_capture_error_code(error->code)),
                      "--capture kms, for consoles and kiosks, is not possible: %s",
                      error->message);
    }
    return capture != NULL;
}

static void examine_capture(McDoctor *doctor)
{
    const bool x11 = examine_x11(doctor), portal = examine_portal(doctor);
    const bool kms = examine_kms(doctor, x11 || portal);

    if (!x11 && !portal && !kms)
        mc_doctor_say(doctor, MC_FINDING_WARN, "capture",
                      "set DISPLAY in an X11 session, or cast a test picture: --capture test",
                      "no desktop can be shown from here");
}

static void examine_sound(McDoctor *doctor)
{
    g_autofree char *socket = g_build_filename(g_get_user_runtime_dir(), "pulse", "native", NULL);

    if (g_getenv("PULSE_SERVER") || g_file_test(socket, G_FILE_TEST_EXISTS))
        mc_doctor_say(doctor, MC_FINDING_OK, "sound", NULL, "a sound server is there");
    else
        mc_doctor_say(doctor, MC_FINDING_WARN, "sound",
                      "start PipeWire (pipewire-pulse) or PulseAudio; without, silence is sent",
                      "no sound server");
}

void mc_doctor_media(McDoctor *self)
{
    gst_init(NULL, NULL);
    examine_encoders(self);
    examine_capture(self);
    examine_sound(self);
}
