/* SPDX-License-Identifier: MIT */
/* tests/lab/gst/failing-va.c - a GStreamer plugin with an element "vah264enc" for machines without
 * such hardware: it takes NV12 as the real one does, encodes with x264enc, and after MCLAB_FRAMES
 * buffers (0: never) fails as MCLAB_HOW says: "error" (a device lost), "silent" (nothing comes out
 * any more), "keyless" (heeds no wish for key frames), "empty" (access units without slices),
 * "slices" (each slice twice). */
#include <gst/gst.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    GstBin parent;
    GstElement *x264;
    unsigned frames, fail_after;
    const char *how;
} FailingVa;
typedef GstBinClass FailingVaClass;

static GType failing_va_get_type(void);
G_DEFINE_TYPE(FailingVa, failing_va, GST_TYPE_BIN)

enum { PROP_BITRATE = 1 };

static gboolean failing(FailingVa *self, const char *how)
{
    return self->fail_after && self->frames > self->fail_after && !strcmp(self->how, how);
}

static void replace(GstPadProbeInfo *info, GstBuffer *other)
{
    gst_buffer_copy_into(other, GST_PAD_PROBE_INFO_BUFFER(info), GST_BUFFER_COPY_METADATA, 0, -1);
    gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
    GST_PAD_PROBE_INFO_DATA(info) = other;
}

static GstPadProbeReturn on_buffer(GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
    FailingVa *self = user_data;

    self->frames++;
    if (failing(self, "error")) {
        GST_ELEMENT_ERROR(self, RESOURCE, FAILED, ("the device was lost"), (NULL));
        return GST_PAD_PROBE_DROP;
    }
    if (failing(self, "silent"))
        return GST_PAD_PROBE_DROP;
    if (failing(self, "empty")) {
        static const guint8 aud[] = {0, 0, 0, 1, 9, 0xf0};
        replace(info, gst_buffer_new_memdup(aud, sizeof(aud)));
    }
    if (failing(self, "slices"))
        replace(info, gst_buffer_append(gst_buffer_copy(GST_PAD_PROBE_INFO_BUFFER(info)),
                                        gst_buffer_copy(GST_PAD_PROBE_INFO_BUFFER(info))));
    return GST_PAD_PROBE_OK;
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    g_object_set_property(G_OBJECT(((FailingVa *) object)->x264), "bitrate", value);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    g_object_get_property(G_OBJECT(((FailingVa *) object)->x264), "bitrate", value);
}

static gboolean send_event(GstElement *element, GstEvent *event)
{
    FailingVa *self = (FailingVa *) element;

    if (!failing(self, "keyless"))
        return gst_element_send_event(self->x264, event);
    gst_event_unref(event);
    return FALSE;
}

static void failing_va_class_init(FailingVaClass *klass)
{
    static GstStaticPadTemplate sink = GST_STATIC_PAD_TEMPLATE(
        "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw, format = NV12"));
    static GstStaticPadTemplate src = GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS,
                                                              GST_STATIC_CAPS("video/x-h264"));
    GObjectClass *object = G_OBJECT_CLASS(klass);
    GstElementClass *element = GST_ELEMENT_CLASS(klass);

    object->set_property = set_property;
    object->get_property = get_property;
    element->send_event = send_event;
    g_object_class_install_property(
        object, PROP_BITRATE,
        g_param_spec_uint("bitrate", "bitrate", "kbit/s", 0, G_MAXUINT, 0, G_PARAM_READWRITE));
    gst_element_class_add_static_pad_template(element, &sink);
    gst_element_class_add_static_pad_template(element, &src);
    gst_element_class_set_static_metadata(element, "Failing VA-API encoder", "Encoder/Video",
                                          "fails on wish", "the lab");
}

static void add_ghost(FailingVa *self, const char *name)
{
    GstPadTemplate *template =
        gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(self), name);
    GstPad *target = gst_element_get_static_pad(self->x264, name);
    GstPad *ghost = gst_ghost_pad_new_from_template(name, target, template);

    gst_element_add_pad(GST_ELEMENT(self), ghost);
    gst_object_unref(target);
}

static void failing_va_init(FailingVa *self)
{
    const char *frames = g_getenv("MCLAB_FRAMES"), *how = g_getenv("MCLAB_HOW");
    GstPad *src;

    self->fail_after = frames ? (unsigned) atoi(frames) : 0;
    self->how = how ? how : "error";
    self->x264 = gst_element_factory_make("x264enc", NULL);
    if (!self->x264)
        return;
    gst_util_set_object_arg(G_OBJECT(self->x264), "speed-preset", "ultrafast");
    gst_util_set_object_arg(G_OBJECT(self->x264), "tune", "zerolatency");
    g_object_set(self->x264, "threads", 1, "sliced-threads", FALSE, "key-int-max", 1 << 30,
                 "option-string", "scenecut=0:slices=1", NULL);
    gst_bin_add(GST_BIN(self), self->x264);
    add_ghost(self, "sink");
    add_ghost(self, "src");
    src = gst_element_get_static_pad(self->x264, "src");
    gst_pad_add_probe(src, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, self, NULL);
    gst_object_unref(src);
}

static gboolean init_plugin(GstPlugin *plugin)
{
    return gst_element_register(plugin, "vah264enc", GST_RANK_NONE, failing_va_get_type());
}

#define PACKAGE "miracast-lab"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, mclab, "the lab's encoder", init_plugin,
                  "1.0", "MIT/X11", PACKAGE, "the lab")
