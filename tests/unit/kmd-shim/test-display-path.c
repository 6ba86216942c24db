/* SPDX-License-Identifier: MIT */
#include "fake-runtime.h"

#include "kmd-shim/capture/timecode.h"
#include "kmd-shim/edid.h"

static void open_session(FakeRuntime *self, UINT queue_capacity)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(fake_open(self, "test", queue_capacity, &error));
    g_assert_no_error(error);
    g_assert_cmpint(fake_create(self), ==, STATUS_SUCCESS);
}

static void test_interface(void)
{
    FakeRuntime fake;
    DXGK_MIRACAST_CAPS caps;

    open_session(&fake, 64);
    g_assert_cmpuint(fake.kmd.Size, ==, 64);
    g_assert_cmpuint(fake.kmd.Version, ==, 1);
    g_assert_cmpuint(fake.target, ==, MC_DISPLAY_TARGET_ID);
    g_assert_cmpint(fake.kmd.DxgkDdiMiracastQueryCaps(fake.kmd.Context, 7, &caps), ==,
                    STATUS_BUFFER_TOO_SMALL);
    g_assert_cmpint(fake.kmd.DxgkDdiMiracastQueryCaps(fake.kmd.Context, 8, &caps), ==,
                    STATUS_SUCCESS);
    g_assert_cmpuint(caps.MaxChunkPrivateDriverDataSize, ==, sizeof(McFrameDesc));
    g_assert_cmpuint(caps.Flags.Value, ==, 0);
    g_assert_cmpint(fake_create(&fake), ==, STATUS_RESOURCE_IN_USE);
    fake_destroy(&fake);
    g_assert_cmpint(fake_modes(&fake, 60000), ==, STATUS_INVALID_DEVICE_STATE);
    g_assert_cmpint(fake_create(&fake), ==, STATUS_SUCCESS);
    fake_close(&fake);
    mc_display_path_free(NULL);
}

static void test_unknown_kind(void)
{
    static const char *const names[] = {"tes", "test2", "", "files:x", "camera"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        McDisplayConfig config = {.capture = names[i]};
        g_assert_null(mc_display_path_new(&config, &error));
        g_assert_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_UNKNOWN_KIND);
        g_assert_cmpstr(mc_capture_error_code(error->code), ==, "capture.unknown-kind");
    }
    g_assert_cmpstr(mc_capture_error_code(77), ==, "capture.failed");
    g_assert_cmpstr(mc_capture_error_code(-1), ==, "capture.failed");
}

/* Until 21 frames were captured within span_us: a busy machine keeps some of them back, a wrong
 * rate all of them.  They have to be given back, and not lent out already. */
static void assert_rate(FakeRuntime *fake, int64_t span_us)
{
    int64_t captured_us[21] = {0};
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;

    for (unsigned i = 0; i < 4000; i++) {
        g_assert_cmpint(fake_get(fake, FAKE_PATIENCE_MS, &info, &frame), ==, STATUS_SUCCESS);
        fake_release(fake, frame.frame_id);
        int64_t now_us = frame.capture_ns / 1000, *oldest_us = &captured_us[i % 21];
        *oldest_us = now_us;
        if (i >= 20 && now_us - captured_us[(i + 1) % 21] < span_us)
            return;
    }
    g_test_fail_printf("no 21 frames in %" G_GINT64_FORMAT " us", span_us);
}

/* The time code in the picture is the moment of capture, and frames come at the mode's rate. */
static void test_frames(void)
{
    FakeRuntime fake;
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;
    int64_t code_ns, last_ns = 0, begin_us;

    open_session(&fake, 64);
    begin_us = g_get_monotonic_time();
    g_assert_cmpint(fake_modes(&fake, 100000), ==, STATUS_SUCCESS);
    for (uint64_t i = 1; i <= 21; i++) {
        g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &frame), ==, STATUS_SUCCESS);
        g_assert_cmpuint(info.ChunkType, ==, MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE);
        g_assert_cmpuint(info.ChunkId.FrameNumber, >=, i);
        g_assert_cmpuint(info.ChunkId.PartNumber, ==, 0);
        g_assert_cmpuint(info.ProcessingTime, ==, frame.capture_us);
        g_assert_cmpuint(frame.size, ==, sizeof(frame));
        g_assert_cmpuint(frame.width_px, ==, 1280);
        g_assert_cmpuint(frame.height_px, ==, 720);
        g_assert_cmpuint(frame.fourcc, ==, MC_FOURCC_BGRX);
        g_assert_cmpuint(frame.flags, ==, i == 1 ? MC_FRAME_FORCE_IDR : 0);
        g_assert_true(mc_timecode_read((void *) (uintptr_t) frame.pixels, frame.width_px,
                                       frame.height_px, frame.stride_bytes, &code_ns));
        g_assert_cmpint(code_ns, ==, frame.capture_ns / 100000 * 100000);
        g_assert_cmpint(frame.capture_ns, >, last_ns);
        last_ns = frame.capture_ns;
        g_assert_cmpint(fake_release(&fake, frame.frame_id), ==, STATUS_SUCCESS);
    }
    int64_t took_us = g_get_monotonic_time() - begin_us;
    g_assert_cmpint(took_us, >=, 180000); /* 20 periods of 10 ms, but the first on its grid */
    assert_rate(&fake, 400000);
    fake_destroy(&fake);
    g_assert_cmpuint(fake.dpcs, >=, 21);
    fake_close(&fake);
}

/* Nobody reads for a while: two frames are lent, the newest waits, and comes at the first release.
 */
static void test_latest_wins(void)
{
    FakeRuntime fake;
    MIRACAST_CHUNK_INFO info;
    McFrameDesc first, second, third;

    open_session(&fake, 64);
    fake_modes(&fake, 100000);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &first), ==, STATUS_SUCCESS);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &second), ==, STATUS_SUCCESS);
    g_assert_cmpint(fake_get(&fake, 100, &info, &third), ==, STATUS_TIMEOUT);
    fake_wait_frames(&fake, 5, true);
    g_mutex_lock(&fake.lock);
    const uint64_t newest = fake.last_started;
    g_mutex_unlock(&fake.lock);
    fake_release(&fake, first.frame_id);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &third), ==, STATUS_SUCCESS);
    g_assert_cmpuint(info.ChunkId.FrameNumber, >=, newest - 1); /* newest may be under way */
    g_assert_cmpint(third.capture_ns, >, second.capture_ns);
    g_assert_cmpuint(third.pixels, !=, second.pixels);
    fake_destroy(&fake);
    fake_close(&fake);
}

/* A lent frame's pixels never change, whatever goes on. */
static void test_lent_is_untouched(void)
{
    FakeRuntime fake;
    MIRACAST_CHUNK_INFO info;
    McFrameDesc held, frame;

    open_session(&fake, 64);
    fake_modes(&fake, 200000);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &held), ==, STATUS_SUCCESS);
    size_t bytes = (size_t) held.stride_bytes * held.height_px;
    g_autofree uint8_t *copy = g_memdup2((void *) (uintptr_t) held.pixels, bytes);
    for (unsigned i = 0; i < 20; i++) {
        g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &frame), ==, STATUS_SUCCESS);
        fake_release(&fake, frame.frame_id);
    }
    g_assert_cmpmem((void *) (uintptr_t) held.pixels, bytes, copy, bytes);
    fake_close(&fake);
}

/* A queue of one chunk overflows at once: frames come back and flow on after the reset. */
static void test_lost_chunks(void)
{
    FakeRuntime fake;
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;

    for (unsigned wired = 0; wired < 2; wired++) {
        open_session(&fake, 1);
        if (!wired) /* a runtime that tells nobody of lost chunks */
            mc_chunk_queue_set_on_lost(fake.queue, NULL, NULL);
        fake_modes(&fake, 200000);
        for (unsigned round = 0; round < 10; round++) {
            fake_wait_frames(&fake, 3, false); /* while nobody reads */
            NTSTATUS status;
            do
                status = fake_get(&fake, FAKE_PATIENCE_MS, &info, &frame);
            while (status == STATUS_CONNECTION_RESET);
            g_assert_cmpint(status, ==, STATUS_SUCCESS);
            fake_release(&fake, frame.frame_id);
        }
        fake_destroy(&fake);
        g_assert_cmpuint(fake.dropped, >, 0);
        fake_close(&fake);
    }
}

static void test_rate_change(void)
{
    FakeRuntime fake;
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;

    open_session(&fake, 64);
    fake_modes(&fake, 24000);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &frame), ==, STATUS_SUCCESS);
    fake_release(&fake, frame.frame_id);
    fake_modes(&fake, 200000);
    do { /* one of the old rate may have been under way */
        g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &frame), ==, STATUS_SUCCESS);
        fake_release(&fake, frame.frame_id);
    } while (!(frame.flags & MC_FRAME_FORCE_IDR));
    assert_rate(&fake, 500000); /* 833 ms at the old rate */
    fake_close(&fake);
}

static void test_sessions(void)
{
    FakeRuntime fake;
    MIRACAST_CHUNK_INFO info;
    McFrameDesc late, frame;

    open_session(&fake, 64);
    fake_modes(&fake, 60000);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &late), ==, STATUS_SUCCESS);
    fake_destroy(&fake);
    mc_chunk_queue_reset(fake.queue);
    g_assert_cmpint(fake_get(&fake, 100, &info, &frame), ==, STATUS_CONNECTION_RESET);
    g_assert_cmpint(fake_get(&fake, 50, &info, &frame), ==, STATUS_TIMEOUT);
    g_assert_cmpint(fake_create(&fake), ==, STATUS_SUCCESS);
    g_assert_cmpint(fake_release(&fake, late.frame_id), ==, STATUS_SUCCESS);
    fake_modes(&fake, 60000);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &frame), ==, STATUS_SUCCESS);
    g_assert_cmpuint(info.ChunkId.FrameNumber, ==, 1);
    g_assert_cmpuint(frame.frame_id, >, late.frame_id);
    g_assert_cmpint(fake_release(&fake, late.frame_id), ==, STATUS_SUCCESS);
    fake_close(&fake);
}

static void test_monitor(void)
{
    FakeRuntime fake;
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;
    struct {
        McIoctlMonitorArrive head;
        uint8_t edid[256];
    } arrive = {.head = {.connector = 5, .name = "Living room"}};
    McIoctlMonitorDepart depart;
    uint8_t edid[1024];

    open_session(&fake, 64);
    g_assert_cmpuint(mc_display_path_edid(fake.display, edid, sizeof(edid)), ==, 0);
    g_assert_cmpint(
        fake_ioctl(&fake, MC_IOCTL_MONITOR_ARRIVE, &arrive, sizeof(arrive.head), NULL, 0, NULL), ==,
        STATUS_SUCCESS);
    g_assert_cmpint(fake.child.Type, ==, StatusMiracastConnection);
    g_assert_cmpuint(fake.child.ChildUid, ==, MC_DISPLAY_TARGET_ID);
    g_assert_true(fake.child.Miracast.Connected);
    g_assert_cmpint(fake.child.Miracast.MiracastMonitorType, ==, 5);
    g_assert_cmpuint(mc_display_path_edid(fake.display, edid, sizeof(edid)), ==, 128);
    g_assert_true(mc_edid_validate(edid, 128));
    g_assert_nonnull(memmem(edid, 128, "Living room", 11));

    fake_modes(&fake, 100000);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &frame), ==, STATUS_SUCCESS);
    fake_release(&fake, frame.frame_id);
    fake_ioctl(&fake, MC_IOCTL_MONITOR_DEPART, &depart, sizeof(depart), NULL, 0, NULL);
    g_assert_false(fake.child.Miracast.Connected);
    g_assert_cmpint(fake.child.Miracast.MiracastMonitorType, ==, 5);
    while (fake_get(&fake, 50, &info, &frame) == STATUS_SUCCESS)
        fake_release(&fake, frame.frame_id);

    mc_edid_make(arrive.edid, "Sink", 1920, 1080, 60000);
    arrive.edid[126] = 1;
    arrive.edid[127]--;
    arrive.head.edid_bytes = 256;
    g_assert_cmpint(
        fake_ioctl(&fake, MC_IOCTL_MONITOR_ARRIVE, &arrive, sizeof(arrive), NULL, 0, NULL), ==,
        STATUS_SUCCESS);
    g_assert_cmpuint(mc_display_path_edid(fake.display, edid, 255), ==, 0);
    g_assert_cmpuint(mc_display_path_edid(fake.display, edid, 256), ==, 256);
    g_assert_cmpmem(edid, 256, arrive.edid, 256);
    do { /* one from before may have been under way */
        g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &frame), ==, STATUS_SUCCESS);
        fake_release(&fake, frame.frame_id);
    } while (frame.flags != MC_FRAME_FORCE_IDR);
    fake_destroy(&fake); /* reports the departure at once */
    g_assert_false(fake.child.Miracast.Connected);
    g_assert_cmpuint(fake.statuses, ==, 4);
    fake_close(&fake);
}

static NTSTATUS raw_ioctl(FakeRuntime *fake, const void *request, ULONG bytes)
{
    ULONG returned = 99;
    NTSTATUS status = fake->kmd.DxgkDdiMiracastIoControl(fake->kmd.Context, fake->context, bytes,
                                                         (void *) request, 0, NULL, &returned);

    g_assert_cmpuint(returned, ==, 0);
    return status;
}

static void test_bad_requests(void)
{
    FakeRuntime fake;
    McIoctlHeader header = {MC_IOCTL_MAGIC, MC_IOCTL_VERSION, MC_IOCTL_QUERY_DISPLAY, 16, 0};
    struct {
        McIoctlTargetModes head;
        McTargetMode mode;
    } modes = {.head = {.count = 1}, .mode = {1280, 720, 60000}};
    McIoctlMonitorArrive arrive = {.edid_bytes = 128};
    McIoctlInputEvent input = {.kind = MC_INPUT_KEY};
    McIoctlFrameRelease release = {0};
    McIoctlPause pause = {.paused = 2};

    open_session(&fake, 64);
    g_assert_cmpint(raw_ioctl(&fake, NULL, 0), ==, STATUS_INVALID_BUFFER_SIZE);
    g_assert_cmpint(raw_ioctl(&fake, NULL, 16), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(raw_ioctl(&fake, &header, 15), ==, STATUS_INVALID_BUFFER_SIZE);
    g_assert_cmpint(raw_ioctl(&fake, &header, 16), ==, STATUS_BUFFER_TOO_SMALL);
    header.version = 2;
    g_assert_cmpint(raw_ioctl(&fake, &header, 16), ==, STATUS_REVISION_MISMATCH);
    header = (McIoctlHeader){MC_IOCTL_MAGIC, MC_IOCTL_VERSION, 8, 16, 0};
    g_assert_cmpint(raw_ioctl(&fake, &header, 16), ==, STATUS_NOT_SUPPORTED);
    header.type = 0;
    g_assert_cmpint(raw_ioctl(&fake, &header, 16), ==, STATUS_NOT_SUPPORTED);
    header.magic++;
    g_assert_cmpint(raw_ioctl(&fake, &header, 16), ==, STATUS_INVALID_PARAMETER);
#define IOCTL(type, request) fake_ioctl(&fake, type, &(request), sizeof(request), NULL, 0, NULL)
    modes.mode.refresh_mhz = 23899;
    g_assert_cmpint(IOCTL(MC_IOCTL_TARGET_MODES, modes), ==, STATUS_INVALID_PARAMETER);
    modes.mode.refresh_mhz = 60000;
    modes.head.current = 1;
    g_assert_cmpint(IOCTL(MC_IOCTL_TARGET_MODES, modes), ==, STATUS_INVALID_PARAMETER);
    modes.head.current = 0;
    modes.head.count = 2;
    g_assert_cmpint(IOCTL(MC_IOCTL_TARGET_MODES, modes), ==, STATUS_INVALID_BUFFER_SIZE);
    modes.head.count = 0;
    g_assert_cmpint(IOCTL(MC_IOCTL_TARGET_MODES, modes), ==, STATUS_INVALID_PARAMETER);
    modes.head.count = 0xffffffff;
    g_assert_cmpint(IOCTL(MC_IOCTL_TARGET_MODES, modes), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(IOCTL(MC_IOCTL_MONITOR_ARRIVE, arrive), ==, STATUS_INVALID_BUFFER_SIZE);
    arrive.edid_bytes = 0xffffff80;
    g_assert_cmpint(IOCTL(MC_IOCTL_MONITOR_ARRIVE, arrive), ==, STATUS_INVALID_PARAMETER);
    arrive.edid_bytes = 0;
    memset(arrive.name, 'x', sizeof(arrive.name)); /* not terminated */
    g_assert_cmpint(IOCTL(MC_IOCTL_MONITOR_ARRIVE, arrive), ==, STATUS_SUCCESS);
    g_assert_cmpint(IOCTL(MC_IOCTL_INPUT_EVENT, input), ==, STATUS_NOT_SUPPORTED);
    input.kind = 9;
    g_assert_cmpint(IOCTL(MC_IOCTL_INPUT_EVENT, input), ==, STATUS_INVALID_PARAMETER);
    input.kind = MC_INPUT_HID;
    input.hid_bytes = 1;
    g_assert_cmpint(IOCTL(MC_IOCTL_INPUT_EVENT, input), ==, STATUS_INVALID_BUFFER_SIZE);
    g_assert_cmpint(IOCTL(MC_IOCTL_FRAME_RELEASE, release), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(IOCTL(MC_IOCTL_PAUSE, pause), ==, STATUS_INVALID_PARAMETER);
    release.frame_id = 12345;
    g_assert_cmpint(IOCTL(MC_IOCTL_FRAME_RELEASE, release), ==, STATUS_SUCCESS);
#undef IOCTL
    fake_close(&fake);
}

static void test_query_display(void)
{
    FakeRuntime fake;
    McIoctlQueryDisplay request;
    McDisplayInfo info;
    ULONG bytes = 0;

    open_session(&fake, 64);
    g_assert_cmpint(fake_ioctl(&fake, MC_IOCTL_QUERY_DISPLAY, &request, sizeof(request), &info,
                               sizeof(info), &bytes),
                    ==, STATUS_SUCCESS);
    g_assert_cmpuint(bytes, ==, sizeof(info));
    g_assert_cmpuint(info.size, ==, sizeof(info));
    g_assert_cmpuint(info.width_px, ==, 1280);
    g_assert_cmpuint(info.height_px, ==, 720);
    g_assert_cmpuint(info.refresh_mhz, ==, 60000);
    g_assert_cmpstr(info.capture, ==, "test");
    fake_close(&fake);
}

typedef struct {
    unsigned calls;
    NTSTATUS status;
    UINT bytes;
} Answer;

static void on_answer(NTSTATUS status, const void *output, UINT bytes, void *user_data)
{
    Answer *answer = user_data;

    answer->calls++;
    answer->status = status;
    answer->bytes = bytes;
    if (bytes)
        g_assert_cmpint(*(const uint8_t *) output, ==, 0x5a);
}

static const McMsgHeader *message_at(const FakeRuntime *fake, unsigned i, size_t bytes)
{
    size_t size;
    const McMsgHeader *header = g_bytes_get_data(g_ptr_array_index(fake->messages, i), &size);

    g_assert_cmpuint(size, ==, bytes);
    g_assert_cmpuint(header->size, ==, bytes);
    g_assert_cmpuint(header->magic, ==, MC_MSG_MAGIC);
    g_assert_cmpuint(header->version, ==, MC_MSG_VERSION);
    g_assert_cmpuint(header->sequence, ==, i);
    return header;
}

static void test_messages(void)
{
    FakeRuntime fake;
    Answer answer = {0};

    open_session(&fake, 64);
    g_assert_cmpint(mc_display_path_send_query_status(fake.display, on_answer, &answer), ==,
                    STATUS_PENDING);
    g_assert_cmpuint(answer.calls, ==, 1);
    g_assert_cmpuint(answer.bytes, ==, sizeof(McStatusSnapshot));
    mc_display_path_send_display_mode(fake.display, 800, 600, 30000, NULL, NULL);
    mc_display_path_send_monitor_power(fake.display, true, on_answer, &answer);
    mc_display_path_send_encoder_control(fake.display, MC_ENCODER_SET_BITRATE, 5000, NULL, NULL);
    mc_display_path_send_content_protection(fake.display, true, 1, NULL, NULL);
    mc_display_path_send_audio_format(fake.display, true, 48000, 2, 16, NULL, NULL);
    mc_display_path_send_link_control(fake.display, MC_LINK_LEAVE, 0, NULL, NULL);
    g_assert_cmpuint(message_at(&fake, 0, 16)->type, ==, MC_MSG_QUERY_STATUS);
    const McMsgDisplayMode *mode = (const void *) message_at(&fake, 1, sizeof(*mode));
    g_assert_cmpuint(mode->header.type, ==, MC_MSG_DISPLAY_MODE);
    g_assert_cmpuint(mode->height_px, ==, 600);
    g_assert_cmpuint(message_at(&fake, 2, 24)->type, ==, MC_MSG_MONITOR_POWER);
    g_assert_cmpuint(message_at(&fake, 3, 24)->type, ==, MC_MSG_ENCODER_CONTROL);
    g_assert_cmpuint(message_at(&fake, 4, 24)->type, ==, MC_MSG_CONTENT_PROTECTION);
    g_assert_cmpuint(message_at(&fake, 5, 32)->type, ==, MC_MSG_AUDIO_FORMAT);
    g_assert_cmpuint(message_at(&fake, 6, 24)->type, ==, MC_MSG_LINK_CONTROL);

    fake.message_status = STATUS_CANCELLED;
    mc_display_path_send_query_status(fake.display, on_answer, &answer);
    g_assert_cmpint(answer.status, ==, STATUS_CANCELLED);
    answer.calls = 0;
    fake.send_result = STATUS_INVALID_DEVICE_STATE;
    g_assert_cmpint(mc_display_path_send_query_status(fake.display, on_answer, &answer), ==,
                    STATUS_INVALID_DEVICE_STATE);
    fake.send_result = STATUS_SUCCESS;
    fake_destroy(&fake);
    g_assert_cmpint(mc_display_path_send_query_status(fake.display, on_answer, &answer), ==,
                    STATUS_INVALID_DEVICE_STATE);
    g_assert_cmpuint(answer.calls, ==, 0);
    fake_close(&fake);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/display-path/interface", test_interface);
    g_test_add_func("/display-path/unknown-kind", test_unknown_kind);
    g_test_add_func("/display-path/frames", test_frames);
    g_test_add_func("/display-path/latest-wins", test_latest_wins);
    g_test_add_func("/display-path/lent-is-untouched", test_lent_is_untouched);
    g_test_add_func("/display-path/lost-chunks", test_lost_chunks);
    g_test_add_func("/display-path/rate-change", test_rate_change);
    g_test_add_func("/display-path/sessions", test_sessions);
    g_test_add_func("/display-path/monitor", test_monitor);
    g_test_add_func("/display-path/bad-requests", test_bad_requests);
    g_test_add_func("/display-path/query-display", test_query_display);
    g_test_add_func("/display-path/messages", test_messages);
    return g_test_run();
}
