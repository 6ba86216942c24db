/* SPDX-License-Identifier: MIT */
/* C-52..C-66: the display path: its interface, target, monitor and power. */
#include <sys/mman.h>

#include "kmd-shim/edid.h"
#include "tests/conformance/conformance.h"
#include "tests/unit/kmd-shim/fake-runtime.h"

/* ---- adapters that a system must refuse ---- */

static struct {
    NTSTATUS query_status;
    unsigned targets;
    DXGK_CHILD_DEVICE_HPD_AWARENESS awareness;
    unsigned polls; /* of child status */
    Fixture *f;
} odd;

static NTSTATUS odd_query(PVOID context, PQUERY_INTERFACE query)
{
    if (NT_SUCCESS(odd.query_status))
        *(DXGK_MIRACAST_DISPLAY_INTERFACE *) query->Interface = odd.f->interface;
    return odd.query_status;
}

static NTSTATUS odd_children(PVOID context, PDXGK_CHILD_DESCRIPTOR children, ULONG bytes)
{
    for (unsigned i = 0; i < odd.targets; i++)
        children[i] = (DXGK_CHILD_DESCRIPTOR){
            .ChildDeviceType = TypeVideoOutput,
            .ChildCapabilities = {.VideoOutput.InterfaceTechnology = D3DKMDT_VOT_MIRACAST,
                                  .HpdAwareness = odd.awareness},
            .ChildUid = i + 1};
    return STATUS_SUCCESS;
}

static NTSTATUS odd_status(PVOID context, PDXGK_CHILD_STATUS status, BOOLEAN gentle)
{
    odd.polls++;
    return STATUS_SUCCESS;
}

static bool adapter_starts(NTSTATUS query_status, unsigned targets,
                           DXGK_CHILD_DEVICE_HPD_AWARENESS awareness)
{
    MC_DISPLAY_ADAPTER adapter = {.DxgkDdiQueryInterface = odd_query,
                                  .DxgkDdiQueryChildRelations = odd_children,
                                  .DxgkDdiQueryChildStatus = odd_status};
    g_autoptr(GError) error = NULL;
    Fixture f;

    fixture_init(&f);
    odd.query_status = query_status;
    odd.targets = targets;
    odd.awareness = awareness;
    odd.polls = 0;
    odd.f = &f;
    f.config.kmd = NULL;
    f.config.adapter = &adapter;
    f.runtime = mc_runtime_new(&f.config, &error);
    bool ok = f.runtime != NULL;
    if (!ok) {
        g_assert_error(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_KMD_CREATE);
        g_assert_cmpint(f.kmd.creates, ==, 0);
    }
    fixture_close(&f);
    return ok;
}

static void c52(void)
{
    const GUID other = {1, 2, 3, {4}};
    DXGK_MIRACAST_DISPLAY_INTERFACE kmd = {0};
    QUERY_INTERFACE query = {
        .InterfaceType = &other, .Size = sizeof(kmd), .Version = 1, .Interface = &kmd};
    g_autoptr(GError) error = NULL;
    FakeRuntime fake;
    MC_DISPLAY_ADAPTER adapter;

    g_assert_false(adapter_starts(STATUS_NOT_SUPPORTED, 1, HpdAwarenessInterruptible));
    g_assert_false(adapter_starts(STATUS_SUCCESS, 0, HpdAwarenessInterruptible));
    g_assert_true(fake_open(&fake, "test", 4, &error));
    mc_display_path_adapter(fake.display, &adapter);
    g_assert_cmphex((guint32) adapter.DxgkDdiQueryInterface(adapter.Context, &query), ==,
                    (guint32) STATUS_NOT_SUPPORTED);
    g_assert_cmpuint(kmd.Size, ==, 0);
    fake_close(&fake);
}

static void c53(void)
{
    DXGK_MIRACAST_CAPS first = {0}, later = {0};
    Bed bed = {0};

    bed_open(&bed);
    const DXGK_MIRACAST_DISPLAY_INTERFACE *kmd = bed_kmd();
    kmd->DxgkDdiMiracastQueryCaps(kmd->Context, sizeof(first), &first);
    for (unsigned i = 0; i < 2; i++) {
        bed_play(&bed, NULL);
        bed_stop(&bed);
    }
    g_assert_cmpuint(bed_count(BED_KMD_CAPS), ==, 1);
    kmd->DxgkDdiMiracastQueryCaps(kmd->Context, sizeof(later), &later);
    g_assert_cmpmem(&first, sizeof(first), &later, sizeof(later));
    bed_close(&bed);
}

static void c54(void)
{
    uint8_t room[sizeof(DXGK_MIRACAST_CAPS) + 1];
    Bed bed = {0};

    bed_open(&bed);
    const DXGK_MIRACAST_DISPLAY_INTERFACE *kmd = bed_kmd();
    for (ULONG size = 0; size <= sizeof(room); size++) {
        bool fits = size >= sizeof(DXGK_MIRACAST_CAPS);
        memset(room, 0xa5, sizeof(room));
        NTSTATUS status = kmd->DxgkDdiMiracastQueryCaps(kmd->Context, size, (void *) room);
        g_assert_cmphex((guint32) status, ==,
                        (guint32) (fits ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL));
        for (ULONG i = fits ? sizeof(DXGK_MIRACAST_CAPS) : 0; i < sizeof(room); i++)
            g_assert_cmpuint(room[i], ==, 0xa5);
    }
    DXGK_MIRACAST_CAPS caps;
    kmd->DxgkDdiMiracastQueryCaps(kmd->Context, sizeof(caps), &caps);
    g_assert_cmpuint(caps.Flags.Reserved, ==, 0);
    g_assert_cmpuint(caps.MaxChunkPrivateDriverDataSize, >=, sizeof(McFrameDesc));
    bed_close(&bed);
}

static void c55(void)
{
    g_assert_true(adapter_starts(STATUS_SUCCESS, 1, HpdAwarenessInterruptible));
    g_assert_false(adapter_starts(STATUS_SUCCESS, 2, HpdAwarenessInterruptible));
}

static void c56(void)
{
    DXGK_CHILD_DESCRIPTOR children[2];
    Bed bed = {0};

    bed_open(&bed);
    const MC_DISPLAY_ADAPTER *adapter = bed_adapter();
    g_assert_cmpint(adapter->DxgkDdiQueryChildRelations(adapter->Context, children, 1), ==,
                    STATUS_BUFFER_TOO_SMALL);
    g_assert_cmpint(
        adapter->DxgkDdiQueryChildRelations(adapter->Context, children, sizeof(children)), ==,
        STATUS_SUCCESS);
    g_assert_cmpint(children[0].ChildCapabilities.VideoOutput.InterfaceTechnology, ==,
                    D3DKMDT_VOT_MIRACAST);
    g_assert_cmpint(children[0].ChildCapabilities.HpdAwareness, ==, HpdAwarenessInterruptible);
    g_assert_cmpint(children[1].ChildDeviceType, ==, TypeUninitialized);
    bed_play(&bed, NULL);
    bed_stop(&bed);
    g_assert_cmpuint(bed_count(BED_CHILD_QUERY), ==, 1); /* at its start, and never by itself */
    bed_close(&bed);
    g_assert_false(adapter_starts(STATUS_SUCCESS, 1, HpdAwarenessPolled));
}

static void c57(void)
{
    McRuntimeTarget target;
    BedCall started, indicated;
    Bed bed = {0};

    bed_open(&bed);
    g_assert_true(mc_runtime_target(bed.runtime, &target));
    g_assert_false(target.active);
    g_assert_cmpuint(bed_count(BED_CHILD_STATUS), ==, 0);
    bed_play(&bed, NULL);
    g_assert_true(bed_find(BED_STARTED, 0, &started) && bed_find(BED_CHILD_STATUS, 0, &indicated));
    g_assert_cmpint(indicated.time_us, >=, started.time_us);
    bed_close(&bed);
}

/* ---- hot-plug ---- */

static UINT connector_told_by(const char *connector)
{
    g_autofree char *caps = g_strconcat(SINK_VGA SINK_SOUND_NONE, connector, NULL);
    SinkConfig sink = {.caps = caps};
    BedCall arrival;
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, &sink);
    g_assert_true(bed_find(BED_CHILD_STATUS, 0, &arrival));
    g_assert_cmpint(arrival.status, ==, 1);
    bed_close(&bed);
    return arrival.type;
}

static void c58(void)
{
    McRuntimeTarget target;
    Bed bed = {0};

    g_assert_cmpuint(connector_told_by(SINK_HDMI), ==, D3DKMDT_VOT_HDMI);
    g_assert_cmpuint(connector_told_by(""), ==, D3DKMDT_VOT_MIRACAST); /* built in, or not told */
    bed_open(&bed);
    bed_play(&bed, NULL);
    g_clear_pointer(&bed.sink, sink_free);
    bed_stop(&bed);
    McIoctlMonitorDepart gone;
    g_assert_false(NT_SUCCESS(bed_io_control(MC_IOCTL_MONITOR_DEPART, &gone, sizeof(gone), NULL, 0,
                                             NULL))); /* the session is over */
    g_assert_true(mc_runtime_target(bed.runtime, &target));
    g_assert_cmpint(target.path, ==, D3DKMDT_VOT_HDMI); /* the last one known */
    bed_close(&bed);
}

static void c59(void)
{
    BedCall call;
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    sink_set(bed.sink, "wfd_connector_type: none\r\n");
    BED_EVENTUALLY(bed_count(BED_CHILD_STATUS) == 2);
    g_assert_true(bed_find(BED_CHILD_STATUS, 1, &call));
    g_assert_cmpint(call.status, ==, 0);
    g_assert_cmpuint(bed_count_type(BED_EVENT, MIRACAST_PROTOCOL_EVENT_MONITOR_DEPART), ==, 1);
    g_assert_cmpuint(bed_count_type(BED_KMD_IO_CONTROL, MC_IOCTL_MONITOR_DEPART), ==, 1);
    sink_set(bed.sink, "wfd_connector_type: 05\r\n");
    BED_EVENTUALLY(bed_count(BED_CHILD_STATUS) == 3);
    g_assert_true(bed_find(BED_CHILD_STATUS, 2, &call));
    g_assert_cmpint(call.status, ==, 1);
    g_assert_cmpuint(bed_count_type(BED_EVENT, MIRACAST_PROTOCOL_EVENT_MONITOR_ARRIVE), ==, 2);
    g_assert_cmpint(mc_runtime_state(bed.runtime), ==, MiracastStarted);
    g_assert_cmpuint(bed_count(BED_STATUS), ==, 0);
    bed_close(&bed);
}

/* ---- contexts ---- */

static void open_fake(FakeRuntime *fake)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(fake_open(fake, "test", 64, &error));
    g_assert_cmpint(fake_create(fake), ==, STATUS_SUCCESS);
}

static void c60(void)
{
    FakeRuntime fake;

    open_fake(&fake);
    PVOID context = fake.context;
    g_assert_cmphex((guint32) fake_create(&fake), ==, (guint32) STATUS_RESOURCE_IN_USE);
    fake.context = context;
    fake_destroy(&fake);
    g_assert_cmpint(fake_create(&fake), ==, STATUS_SUCCESS);
    fake_close(&fake);
}

static NTSTATUS arrive(FakeRuntime *fake)
{
    McIoctlMonitorArrive request = {.connector = D3DKMDT_VOT_HDMI, .name = "TV"};

    return fake_ioctl(fake, MC_IOCTL_MONITOR_ARRIVE, &request, sizeof(request), NULL, 0, NULL);
}

static void c61(void)
{
    FakeRuntime fake;

    open_fake(&fake);
    unsigned tasks = bed_entries("task");
    g_assert_cmpint(arrive(&fake), ==, STATUS_SUCCESS);
    g_assert_cmpint(fake_modes(&fake, 60000), ==, STATUS_SUCCESS);
    g_assert_cmpuint(fake.statuses, ==, 1);
    fake_destroy(&fake);
    g_assert_cmpuint(fake.statuses, ==, 2); /* within the call */
    g_assert_cmpint(fake.child.Type, ==, StatusMiracastConnection);
    g_assert_false(fake.child.Miracast.Connected);
    BED_EVENTUALLY(bed_entries("task") <= tasks);
    fake_close(&fake);
}

/* Frames are being captured when the context goes. */
static void c62(void)
{
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;
    FakeRuntime fake;

    open_fake(&fake);
    fake_modes(&fake, 200000);
    g_assert_cmpint(fake_get(&fake, 2000, &info, &frame), ==, STATUS_SUCCESS);
    fake_destroy(&fake);
    while (fake_get(&fake, 0, &info, &frame) == STATUS_SUCCESS)
        continue; /* what came before */
    unsigned dpcs = fake.dpcs;
    g_assert_cmpint(fake_get(&fake, 50, &info, &frame), ==, STATUS_TIMEOUT);
    g_assert_cmpuint(fake.dpcs, ==, dpcs);
    fake_close(&fake);
}

/* ---- power ---- */

static void commit(Bed *bed, UINT width, UINT height, bool transition, bool off)
{
    MC_COMMITVIDPN path = {.TargetId = MC_DISPLAY_TARGET_ID,
                           .Width = width,
                           .Height = height,
                           .RefreshMilliHertz = width ? 30000 : 0,
                           .Flags = {.PathPowerTransition = transition, .PathPoweredOff = off}};

    g_assert_cmpint(mc_runtime_commit_vidpn(bed->runtime, &path), ==, STATUS_SUCCESS);
}

static void c63(void)
{
    SinkConfig standby = {.caps = SINK_VGA SINK_SOUND_NONE SINK_HDMI
                          "wfd_standby_resume_capability: supported\r\n"};
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, &standby);
    commit(&bed, 0, 0, true, true);
    g_assert_true(sink_await(bed.sink, "wfd_standby", 2)); /* asked for in M3, then sent */
    BED_EVENTUALLY(bed_count_type(BED_KMD_SEND, MC_MSG_MONITOR_POWER) == 1);
    bed_stop(&bed);
    bed_play(&bed, NULL); /* a sink without it is paused */
    commit(&bed, 0, 0, true, true);
    g_assert_true(sink_await(bed.sink, "wfd_trigger_method: PAUSE", 1));
    unsigned pictures = sink_key_frames(bed.sink);
    commit(&bed, 0, 0, true, false);
    g_assert_true(sink_await(bed.sink, "wfd_trigger_method: PLAY", 1));
    g_assert_true(sink_await_key_frames(bed.sink, pictures + 1));
    bed_close(&bed);
}

static void c64(void)
{
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    commit(&bed, 0, 0, true, true);
    g_assert_true(sink_await(bed.sink, "wfd_trigger_method: PAUSE", 1));
    commit(&bed, 800, 600, false, true);
    BED_EVENTUALLY(bed_count_type(BED_MESSAGE, MC_MSG_DISPLAY_MODE) == 1);
    unsigned presents = bed_count_type(BED_KMD_LOGGED, MIRACAST_CHUNK_TYPE_FRAME_START);
    BED_EVENTUALLY(bed_count_type(BED_KMD_LOGGED, MIRACAST_CHUNK_TYPE_FRAME_START) >= presents + 5);
    g_assert_cmpuint(sink_count(bed.sink, "wfd_trigger_method: PLAY"), ==, 0);
    g_assert_cmpuint(bed_count(BED_STATUS), ==, 0);
    bed_close(&bed);
}

/* ---- descriptor ---- */

static void c65(void)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    uint8_t *area =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t whole[MC_EDID_BLOCK_BYTES], got[MC_EDID_BLOCK_BYTES];
    MC_DISPLAY_ADAPTER adapter;
    FakeRuntime fake;
    DXGK_DEVICE_DESCRIPTOR part = {.DescriptorLength = 5, .DescriptorBuffer = got};

    g_assert_true(area != MAP_FAILED && mprotect(area + page, page, PROT_NONE) == 0);
    open_fake(&fake);
    mc_display_path_adapter(fake.display, &adapter);
    DXGKDDI_QUERY_DEVICE_DESCRIPTOR query = adapter.DxgkDdiQueryDeviceDescriptor;
    g_assert_cmphex((guint32) query(adapter.Context, MC_DISPLAY_TARGET_ID, &part), ==,
                    (guint32) STATUS_MONITOR_NO_DESCRIPTOR);
    g_assert_cmphex((guint32) query(adapter.Context, 77, &part), ==,
                    (guint32) STATUS_GRAPHICS_CHILD_DESCRIPTOR_NOT_SUPPORTED);
    arrive(&fake);
    g_assert_cmpuint(mc_display_path_edid(fake.display, whole, sizeof(whole)), ==, sizeof(whole));
    for (ULONG length = 1; length <= sizeof(whole); length += 9) {
        for (ULONG offset = 0; offset < sizeof(whole); offset += length) {
            ULONG n = MIN(length, (ULONG) sizeof(whole) - offset);
            part = (DXGK_DEVICE_DESCRIPTOR){offset, length, area + page - length};
            g_assert_cmpint(query(adapter.Context, MC_DISPLAY_TARGET_ID, &part), ==,
                            STATUS_SUCCESS);
            memcpy(got + offset, area + page - length, n);
        }
        g_assert_cmpmem(got, sizeof(got), whole, sizeof(whole));
    }
    part = (DXGK_DEVICE_DESCRIPTOR){sizeof(whole), 1, got};
    g_assert_cmphex((guint32) query(adapter.Context, MC_DISPLAY_TARGET_ID, &part), ==,
                    (guint32) STATUS_MONITOR_NO_MORE_DESCRIPTOR_DATA);
    fake_close(&fake);
    munmap(area, 2 * page);
}

/* Without a licensee's keys the answer is no; the table says so. */
static void c66(void)
{
    DXGK_MIRACAST_CAPS caps;
    Bed bed = {0};

    bed_open(&bed);
    bed_kmd()->DxgkDdiMiracastQueryCaps(bed_kmd()->Context, sizeof(caps), &caps);
    g_assert_cmpuint(caps.Flags.HdcpSupport, ==, 0);
    bed_close(&bed);
}

static const Statement statements[] = {
    {"C-52-no-miracast-adapter", c52},
    {"C-53-caps-once-and-constant", c53},
    {"C-54-caps-size", c54},
    {"C-55-one-target", c55},
    {"C-56-target-never-polled", c56},
    {"C-57-no-monitor-before-start", c57},
    {"C-58-arrival-with-connector", c58},
    {"C-59-hot-plug-in-session", c59},
    {"C-60-resource-in-use", c60},
    {"C-61-destroy-departs-at-once", c61},
    {"C-62-no-data-after-destroy", c62},
    {"C-63-power-off-reaches-the-sink", c63},
    {"C-64-presents-while-off", c64},
    {"C-65-descriptor-in-portions", c65},
    {"C-66-hdcp-support", c66},
};

CONFORMANCE_MAIN(statements)
