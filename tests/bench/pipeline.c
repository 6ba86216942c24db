/* SPDX-License-Identifier: MIT */
/* bench-pipeline LATENCY_MS DESCRIPTION: plays a GStreamer pipeline, with a latency set as a
 * program would (0: what its elements ask for).  SIGUSR1 forces a key unit; ends with SIGTERM. */
#include <glib-unix.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <stdlib.h>

static gboolean end(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static gboolean force_key_unit(gpointer pipeline)
{
    g_autoptr(GstElement) encoder = gst_bin_get_by_name(pipeline, "encoder");

    if (encoder)
        gst_element_send_event(
            encoder, gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
    return G_SOURCE_CONTINUE;
}

static gboolean on_message(GstBus *bus, GstMessage *message, gpointer loop)
{
    g_autoptr(GError) error = NULL;

    if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR)
        return G_SOURCE_CONTINUE;
    gst_message_parse_error(message, &error, NULL);
    g_printerr("bench-pipeline: %s\n", error->message);
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

int main(int argc, char **argv)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GError) error = NULL;

    gst_init(&argc, &argv);
    if (argc != 3) {
        g_printerr("usage: bench-pipeline LATENCY_MS DESCRIPTION\n");
        return 2;
    }
    GstElement *pipeline = gst_parse_launch(argv[2], &error);
    if (error) {
        g_printerr("bench-pipeline: %s\n", error->message);
        return 1;
    }
    if (atoi(argv[1]))
        gst_pipeline_set_latency(GST_PIPELINE(pipeline),
                                 (GstClockTime) atoi(argv[1]) * GST_MSECOND);
    GstBus *bus = gst_element_get_bus(pipeline);
    gst_bus_add_watch(bus, on_message, loop);
    g_unix_signal_add(SIGTERM, end, loop);
    g_unix_signal_add(SIGUSR1, force_key_unit, pipeline);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_main_loop_run(loop);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_bus_remove_watch(bus);
    gst_object_unref(bus);
    gst_object_unref(pipeline);
    return 0;
}
