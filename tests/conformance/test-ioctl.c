/* SPDX-License-Identifier: MIT */
/* C-42..C-51: requests of the driver to the display path. */
#include <sys/mman.h>

#include "tests/conformance/conformance.h"
#include "tests/unit/host/driver-calls.h"

static NTSTATUS on_io_slow(FakeKmd *kmd, ULONG in_size, VOID *in, ULONG out_size, VOID *out,
                           ULONG *ret_bytes)
{
    g_usleep(10 * G_TIME_SPAN_MILLISECOND);
    memset(out, 0x5a, out_size);
    *ret_bytes = out_size;
    return STATUS_NOT_SUPPORTED;
}

static void c42(void)
{
    uint8_t out[7] = {0};
    UINT bytes = 0;
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.kmd.on_io_control = on_io_slow;
    NTSTATUS status =
        f.umd->os.MiracastIoControl(f.umd->device, 0, 0, NULL, sizeof(out), out, &bytes);
    g_assert_cmphex((guint32) status, ==, (guint32) STATUS_NOT_SUPPORTED);
    g_assert_cmpuint(bytes, ==, sizeof(out));
    for (unsigned i = 0; i < sizeof(out); i++)
        g_assert_cmpuint(out[i], ==, 0x5a);
    fixture_close(&f);
}

static NTSTATUS on_start_io(TestUmd *umd)
{
    return io_control(umd);
}

static void c43(void)
{
    Fixture f;

    fixture_init(&f);
    g_setenv("TEST_UMD", "create-calls", TRUE);
    fixture_open(&f);
    g_unsetenv("TEST_UMD");
    g_assert_cmpint(f.umd->create_io_control, ==, STATUS_SUCCESS);
    f.umd->on_start = on_start_io;
    fixture_must_start(&f);
    g_assert_cmpint(f.kmd.io_controls, ==, 2);
    fixture_close(&f);
}

static Foreign waiting;

static NTSTATUS on_start_foreign(TestUmd *umd)
{
    Fixture *f = umd->test;

    foreign_begin(&waiting, umd);
    g_usleep(20 * G_TIME_SPAN_MILLISECOND);
    return g_atomic_int_get(&waiting.done) || g_atomic_int_get(&f->kmd.io_controls)
               ? STATUS_UNSUCCESSFUL
               : STATUS_SUCCESS;
}

static void c44(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_start = on_start_foreign;
    fixture_must_start(&f);
    g_assert_cmpint(foreign_end(&waiting), ==, STATUS_SUCCESS);
    g_assert_cmpint(f.kmd.io_controls, ==, 1);
    fixture_close(&f);
}

static void on_stop_foreign(TestUmd *umd)
{
    foreign_begin(&waiting, umd);
    foreign_end(&waiting); /* if it waited for Stop, this would be for ever */
}

static void c45(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_stop = on_stop_foreign;
    fixture_must_start(&f);
    mc_runtime_stop(f.runtime);
    g_assert_cmphex((guint32) waiting.status, ==, (guint32) STATUS_INVALID_DEVICE_STATE);
    g_assert_cmpint(f.kmd.io_controls, ==, 0);
    fixture_close(&f);
}

static void on_end_io(TestUmd *umd)
{
    g_assert_cmpint(io_control(umd), ==, STATUS_SUCCESS);
}

static void c46(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_stop = on_end_io;
    f.umd->on_destroy = on_end_io;
    fixture_must_start(&f);
    mc_runtime_stop(f.runtime);
    g_assert_cmpint(f.kmd.io_controls, ==, 1);
    fixture_close(&f);
    g_assert_cmpint(f.kmd.io_controls, ==, 2);
}

static struct {
    ULONG in_size, out_size;
    VOID *in, *out;
} arrived;

static NTSTATUS on_io_keep(FakeKmd *kmd, ULONG in_size, VOID *in, ULONG out_size, VOID *out,
                           ULONG *ret_bytes)
{
    arrived.in_size = in_size;
    arrived.in = in;
    arrived.out_size = out_size;
    arrived.out = out;
    return STATUS_SUCCESS;
}

static void c47(void)
{
    char in[3], out[5];
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.kmd.on_io_control = on_io_keep;
    f.umd->os.MiracastIoControl(f.umd->device, 0, sizeof(in), in, sizeof(out), out, NULL);
    g_assert_true(arrived.in == in && arrived.out == out);
    g_assert_cmpuint(arrived.in_size, ==, sizeof(in));
    g_assert_cmpuint(arrived.out_size, ==, sizeof(out));
    fixture_close(&f);
}

/* Requests of every type and size, their end on a guard page, into outputs that are one too. */
static void try_sizes(uint8_t *in_end, uint8_t *out_end, uint16_t type)
{
    for (UINT size = 0; size <= 200; size++) {
        McIoctlHeader header = {MC_IOCTL_MAGIC, MC_IOCTL_VERSION, type, size, 0};
        UINT out_size = size % 64, bytes = 77;
        uint8_t *in = in_end - size;

        memset(in, (int) (size * 7 & 0xff), size);
        memcpy(in, &header, MIN(size, sizeof(header)));
        NTSTATUS status =
            bed_os()->MiracastIoControl(bed_device(), 0, size, size ? in : NULL, out_size,
                                        out_size ? out_end - out_size : NULL, &bytes);
        g_assert_cmpuint(bytes, <=, out_size);
        if (!NT_SUCCESS(status))
            g_assert_cmpuint(bytes, ==, 0);
    }
}

static void c48(void)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    uint8_t *area =
        mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    McIoctlQueryDisplay query;
    McDisplayInfo info;
    UINT bytes;
    Bed bed = {0};

    g_assert_true(area != MAP_FAILED && mprotect(area + page, page, PROT_NONE) == 0 &&
                  mprotect(area + 3 * page, page, PROT_NONE) == 0);
    bed_open(&bed);
    for (uint16_t type = 0; type < 10; type++)
        try_sizes(area + page, area + 3 * page, type);
    g_assert_cmpint(bed_os()->MiracastIoControl(bed_device(), 0, 0xffffffffu, NULL, 0, NULL, NULL),
                    ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(
        bed_io_control(MC_IOCTL_QUERY_DISPLAY, &query, sizeof(query), &info, sizeof(info), &bytes),
        ==, STATUS_SUCCESS); /* and it lives */
    bed_close(&bed);
    munmap(area, 4 * page);
}

static gpointer run_many(gpointer user_data)
{
    for (unsigned i = 0; i < 100; i++)
        io_control(user_data);
    return NULL;
}

static NTSTATUS on_io_linger(FakeKmd *kmd, ULONG in_size, VOID *in, ULONG out_size, VOID *out,
                             ULONG *ret_bytes)
{
    g_usleep(100);
    return STATUS_SUCCESS;
}

/* The fake miniport counts calls that meet. */
static void c49(void)
{
    GThread *threads[8];
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.kmd.on_io_control = on_io_linger;
    fixture_must_start(&f);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("io", run_many, f.umd);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(f.kmd.io_controls, ==, 800);
    fixture_close(&f); /* no breach */
}

/* Nothing is queued in a GPU here: TRUE is alone in the miniport, as FALSE is. Ours never asks. */
static void c50(void)
{
    Bed bed = {0};
    BedCall call;
    McIoctlQueryDisplay query = {
        .header = {MC_IOCTL_MAGIC, MC_IOCTL_VERSION, MC_IOCTL_QUERY_DISPLAY, sizeof(query), 0}};
    McDisplayInfo info = {0};
    UINT bytes = 0;

    bed_open(&bed);
    bed_play(&bed, NULL);
    g_assert_cmpint(bed_os()->MiracastIoControl(bed_device(), 1, sizeof(query), &query,
                                                sizeof(info), &info, &bytes),
                    ==, STATUS_SUCCESS);
    g_assert_cmpuint(info.width_px, ==, 640);
    bed_stop(&bed);
    for (unsigned i = 0; bed_find(BED_IO_CONTROL, i, &call); i++)
        g_assert_false(call.hardware_access);
    bed_close(&bed);
}

static gpointer run_until_gone(gpointer user_data)
{
    Foreign *self = user_data;
    PFN_MIRACAST_IO_CONTROL call = self->umd->os.MiracastIoControl;
    HANDLE device = self->umd->device;

    while (call(device, 0, 0, NULL, 0, NULL, NULL) != STATUS_INVALID_HANDLE)
        g_atomic_int_set(&self->done, 1);
    return NULL;
}

/* The fake miniport counts a request without a context as a breach. */
static void c51(void)
{
    for (unsigned i = 0; i < 20; i++) {
        Foreign other;
        Fixture f;
        fixture_init(&f);
        fixture_open(&f);
        fixture_must_start(&f);
        other = (Foreign){.umd = f.umd};
        GThread *thread = g_thread_new("late", run_until_gone, &other);
        EVENTUALLY(g_atomic_int_get(&other.done));
        fixture_close(&f);
        g_thread_join(thread);
        g_assert_cmpint(f.kmd.breaches, ==, 0);
    }
}

static const Statement statements[] = {
    {"C-42-synchronous", c42},
    {"C-43-on-create-and-start-thread", c43},
    {"C-44-foreign-thread-waits-for-start", c44},
    {"C-45-foreign-thread-fails-in-stop", c45},
    {"C-46-on-stop-and-destroy-thread", c46},
    {"C-47-sizes-and-pointers-unchanged", c47},
    {"C-48-kmd-checks-sizes", c48},
    {"C-49-kmd-one-at-a-time", c49},
    {"C-50-hardware-access", c50},
    {"C-51-none-after-destroy", c51},
};

CONFORMANCE_MAIN(statements)
