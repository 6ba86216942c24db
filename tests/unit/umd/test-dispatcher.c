/* SPDX-License-Identifier: MIT */
/* HandleKernelModeMessage's table against every size and value, with guard pages around the output.
 * The components behind the dispatcher are counted stand-ins here; the real ones are met in the
 * integration tests. */
#include "umd/dispatcher.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kmd-shim/abi/message.h"

static struct {
    int display_mode, power, cursor, encoder, protect, audio, bitrate, link, input;
    bool session, has_link;
    McMsgDisplayMode last_mode;
    const uint8_t *shape;
} seen;

/* ---- stand-ins ---- */

McSession *mc_context_session(McContext *self)
{
    return seen.session ? (McSession *) &seen : NULL;
}

McLink *mc_context_link(McContext *self)
{
    return seen.has_link ? (McLink *) &seen : NULL;
}

NTSTATUS mc_session_set_display_mode(McSession *self, const McMsgDisplayMode *message)
{
    seen.display_mode++;
    seen.last_mode = *message;
    return STATUS_SUCCESS;
}

NTSTATUS mc_session_set_monitor_power(McSession *self, bool on)
{
    seen.power++;
    return STATUS_SUCCESS;
}

NTSTATUS mc_session_set_audio(McSession *self, bool active)
{
    seen.audio++;
    return STATUS_SUCCESS;
}

NTSTATUS mc_session_set_input(McSession *self, bool allowed)
{
    seen.input++;
    return STATUS_SUCCESS;
}

NTSTATUS mc_session_control_encoder(McSession *self, const McMsgEncoderControl *message)
{
    seen.encoder++;
    return STATUS_SUCCESS;
}

NTSTATUS mc_session_protect_content(McSession *self, const McMsgContentProtection *message)
{
    seen.protect++;
    return message->protect ? STATUS_NOT_SUPPORTED : STATUS_SUCCESS;
}

NTSTATUS mc_session_set_cursor(McSession *self, const McMsgCursor *message, const uint8_t *bgra)
{
    seen.cursor++;
    seen.shape = bgra;
    return STATUS_SUCCESS;
}

void mc_session_snapshot(McSession *self, McStatusSnapshot *ret_snapshot)
{
    memset(ret_snapshot, 0, sizeof(*ret_snapshot));
    ret_snapshot->size = sizeof(*ret_snapshot);
    ret_snapshot->version = MC_STATUS_VERSION;
    ret_snapshot->fps = 30;
}

bool mc_link_command(McLink *self, uint32_t command, uint32_t argument, GError **error)
{
    seen.link++;
    g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_NOT_SUPPORTED, "no radio");
    return false;
}

McLinkState mc_link_state(McLink *self)
{
    return MC_LINK_STATE_READY;
}

const char *mc_link_kind(McLink *self)
{
    return "loopback";
}

GQuark mc_link_error_quark(void)
{
    return g_quark_from_static_string("mc-link-error-quark");
}

/* ---- helpers ---- */

static McContext *const context = (McContext *) &seen;

static void reset(void)
{
    memset(&seen, 0, sizeof(seen));
    seen.session = seen.has_link = true;
}

#define HEADER(msg_type, bytes)                                                                    \
    {                                                                                              \
        MC_MSG_MAGIC, MC_MSG_VERSION, msg_type, bytes, 1                                           \
    }

static NTSTATUS send_message(const void *message, UINT bytes)
{
    UINT written = 77;
    NTSTATUS status = mc_dispatch(context, message, bytes, NULL, 0, &written);

    g_assert_cmpuint(written, ==, 0);
    return status;
}

/* ---- tests ---- */

static void test_routes(void)
{
    McMsgDisplayMode mode = {HEADER(MC_MSG_DISPLAY_MODE, sizeof(mode)), 1280, 720, 60000, 0};
    McMsgMonitorPower power = {HEADER(MC_MSG_MONITOR_POWER, sizeof(power)), 1, 0};
    McMsgEncoderControl control = {HEADER(MC_MSG_ENCODER_CONTROL, sizeof(control)),
                                   MC_ENCODER_FORCE_IDR, 0};
    McMsgAudioFormat audio = {HEADER(MC_MSG_AUDIO_FORMAT, sizeof(audio)), 1, 48000, 2, 16};
    McMsgContentProtection protect = {HEADER(MC_MSG_CONTENT_PROTECTION, sizeof(protect)), 1, 0};
    McMsgLinkControl link = {HEADER(MC_MSG_LINK_CONTROL, sizeof(link)), MC_LINK_LEAVE, 0};
    McMsgInputConsent consent = {HEADER(MC_MSG_INPUT_CONSENT, sizeof(consent)), 1, 0};

    reset();
    g_assert_cmpint(send_message(&mode, sizeof(mode)), ==, STATUS_SUCCESS);
    g_assert_cmpuint(seen.last_mode.width_px, ==, 1280);
    g_assert_cmpint(send_message(&power, sizeof(power)), ==, STATUS_SUCCESS);
    g_assert_cmpint(send_message(&control, sizeof(control)), ==, STATUS_SUCCESS);
    g_assert_cmpint(send_message(&audio, sizeof(audio)), ==, STATUS_SUCCESS);
    g_assert_cmpint(send_message(&protect, sizeof(protect)), ==, STATUS_NOT_SUPPORTED);
    g_assert_cmpint(send_message(&link, sizeof(link)), ==, STATUS_NOT_SUPPORTED);
    g_assert_cmpint(send_message(&consent, sizeof(consent)), ==, STATUS_SUCCESS);
    g_assert_cmpint(seen.input, ==, 1);
    consent.allowed = 2;
    g_assert_cmpint(send_message(&consent, sizeof(consent)), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(seen.input, ==, 1);
    g_assert_cmpint(seen.display_mode, ==, 1);
    g_assert_cmpint(seen.power, ==, 1);
    g_assert_cmpint(seen.encoder, ==, 1);
    g_assert_cmpint(seen.audio, ==, 1);
    g_assert_cmpint(seen.protect, ==, 1);
    protect.hdcp_type = 2;
    g_assert_cmpint(send_message(&protect, sizeof(protect)), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(seen.link, ==, 2); /* power saving, then LEAVE */
    seen.has_link = false;
    g_assert_cmpint(send_message(&link, sizeof(link)), ==, STATUS_INVALID_DEVICE_STATE);
}

static void test_bad_headers(void)
{
    McMsgQueryStatus good = {HEADER(MC_MSG_QUERY_STATUS, sizeof(good))}, bad;
    static uint8_t huge[MC_MSG_MAX_BYTES + 1];
    UINT written;

    reset();
    for (UINT bytes = 0; bytes < sizeof(good); bytes++)
        g_assert_cmpint(send_message(&good, bytes), ==, STATUS_BUFFER_TOO_SMALL);
    bad = good, bad.header.magic++;
    g_assert_cmpint(send_message(&bad, sizeof(bad)), ==, STATUS_INVALID_PARAMETER);
    bad = good, bad.header.version++;
    g_assert_cmpint(send_message(&bad, sizeof(bad)), ==, STATUS_REVISION_MISMATCH);
    bad = good, bad.header.size++;
    g_assert_cmpint(send_message(&bad, sizeof(bad)), ==, STATUS_INVALID_BUFFER_SIZE);
    bad = good, bad.header.type = 99;
    g_assert_cmpint(send_message(&bad, sizeof(bad)), ==, STATUS_NOT_SUPPORTED);
    g_assert_cmpint(send_message(huge, sizeof(huge)), ==, STATUS_INVALID_BUFFER_SIZE);
    g_assert_cmpint(mc_dispatch(context, NULL, 16, NULL, 0, &written), ==,
                    STATUS_INVALID_PARAMETER);
    g_assert_cmpint(mc_dispatch(context, &good, sizeof(good), NULL, 16, &written), ==,
                    STATUS_INVALID_PARAMETER);
    g_assert_cmpint(mc_dispatch(NULL, &good, sizeof(good), NULL, 0, &written), ==,
                    STATUS_INVALID_PARAMETER);
    seen.session = false;
    g_assert_cmpint(send_message(&good, sizeof(good)), ==, STATUS_INVALID_DEVICE_STATE);
}

static void test_values_are_checked(void)
{
    McMsgDisplayMode mode = {HEADER(MC_MSG_DISPLAY_MODE, sizeof(mode)), 1280, 720, 60000, 0}, bad;
    McMsgEncoderControl control = {HEADER(MC_MSG_ENCODER_CONTROL, sizeof(control)), 0, 0};

    reset();
    bad = mode, bad.refresh_mhz = 23899; /* C-69 */
    g_assert_cmpint(send_message(&bad, sizeof(bad)), ==, STATUS_INVALID_PARAMETER);
    bad = mode, bad.width_px = 0;
    g_assert_cmpint(send_message(&bad, sizeof(bad)), ==, STATUS_INVALID_PARAMETER);
    bad = mode, bad.flags = 1;
    g_assert_cmpint(send_message(&bad, sizeof(bad)), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(send_message(&control, sizeof(control)), ==, STATUS_INVALID_PARAMETER);
    control.flags = MC_ENCODER_SET_BITRATE;
    control.bitrate_kbps = 99;
    g_assert_cmpint(send_message(&control, sizeof(control)), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(seen.display_mode + seen.encoder, ==, 0);
}

static void test_cursor_shape_must_fit(void)
{
    struct {
        McMsgCursor head;
        uint8_t pixels[4 * 4 * 4];
    } message = {{HEADER(MC_MSG_CURSOR, sizeof(message)), 1, 2, 1, 7, 4, 4, 0, 0}, {9}};

    reset();
    g_assert_cmpint(send_message(&message, sizeof(message)), ==, STATUS_SUCCESS);
    g_assert_nonnull(seen.shape);
    message.head.width_px = 5;
    g_assert_cmpint(send_message(&message, sizeof(message)), ==, STATUS_BUFFER_TOO_SMALL);
    message.head.width_px = 257;
    g_assert_cmpint(send_message(&message, sizeof(message)), ==, STATUS_INVALID_PARAMETER);
    message.head.width_px = 0xffff, message.head.height_px = 0xffff;
    g_assert_cmpint(send_message(&message, sizeof(message)), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(seen.cursor, ==, 1);
}

/* Every output size from nothing to beyond the answer, its end on a guard page (C-33). */
static void test_output_never_overruns(void)
{
    McMsgQueryStatus query = {HEADER(MC_MSG_QUERY_STATUS, sizeof(query))};
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    uint8_t *area =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    g_assert_true(area != MAP_FAILED && mprotect(area + page, page, PROT_NONE) == 0);
    reset();
    for (UINT size = 0; size < sizeof(McStatusSnapshot) + 64; size++) {
        uint8_t *out = area + page - size;
        UINT written = 77;

        memset(area, 0xa5, page);
        NTSTATUS status =
            mc_dispatch(context, &query, sizeof(query), size ? out : NULL, size, &written);
        bool fits = size >= sizeof(McStatusSnapshot);
        g_assert_cmpint(status, ==, fits ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL);
        g_assert_cmpuint(written, ==, fits ? sizeof(McStatusSnapshot) : 0);
        for (uint8_t *p = area; p < out + (fits ? 0 : size); p++)
            g_assert_cmpuint(*p, ==, 0xa5);
        for (uint8_t *p = out + written; p < area + page; p++)
            g_assert_cmpuint(*p, ==, 0xa5);
    }
    munmap(area, 2 * page);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/umd/dispatcher/routes", test_routes);
    g_test_add_func("/umd/dispatcher/bad-headers", test_bad_headers);
    g_test_add_func("/umd/dispatcher/values", test_values_are_checked);
    g_test_add_func("/umd/dispatcher/cursor-shape", test_cursor_shape_must_fit);
    g_test_add_func("/umd/dispatcher/output-never-overruns", test_output_never_overruns);
    return g_test_run();
}
