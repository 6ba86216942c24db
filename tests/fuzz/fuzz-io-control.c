/* SPDX-License-Identifier: MIT */
/* Requests of a driver to the display path, one after the other: each is a byte for the size of the
 * output, two for the size of the request, and the request, whose header is made good where the
 * highest bit of the first byte is clear. */
#include <stdlib.h>
#include <string.h>

#include "kmd-shim/abi/ioctl.h"
#include "kmd-shim/display-path.h"
#include "tests/fuzz/fuzz.h"

static DXGK_MIRACAST_DISPLAY_INTERFACE kmd;
static PVOID kmd_context;
static McDisplayPath *display;

static void take_chunk(MIRACAST_ENCODE_CHUNK_COMPLETED *chunk, void *user_data)
{
    chunk->Status = STATUS_NO_MEMORY; /* nobody reads: frames come back at once */
}

static NTSTATUS refuse_message(HANDLE handle, ULONG in_size, VOID *in, ULONG out_size, VOID *out,
                               DXGKCB_MIRACAST_SEND_MESSAGE_CALLBACK done, PVOID context)
{
    return STATUS_INVALID_DEVICE_STATE;
}

static NTSTATUS ignore_chunk(HANDLE handle, DXGK_MIRACAST_CHUNK_INFO *info, PVOID priv, UINT bytes)
{
    return STATUS_SUCCESS;
}

static void close_display(void)
{
    mc_display_path_free(display);
}

static void open_display(void)
{
    McDisplayConfig config = {.capture = "test",
                              .allow_input = true,
                              .width_px = 64,
                              .height_px = 64,
                              .notify_interrupt = take_chunk};
    DXGK_MIRACAST_DISPLAY_CALLBACKS callbacks = {&config, refuse_message, ignore_chunk};
    ULONG target;

    display = mc_display_path_new(&config, NULL);
    if (!display)
        abort();
    mc_display_path_query_interface(display, &kmd);
    kmd.DxgkDdiMiracastCreateContext(kmd.Context, &callbacks, &kmd_context, &target);
    atexit(close_display);
}

static void request(const uint8_t *data, ULONG size, uint8_t kind)
{
    ULONG out_size = kind % 64, bytes = 77;
    uint8_t *in = malloc(size ? size : 1), *out = malloc(out_size ? out_size : 1);

    memcpy(in, data, size);
    if (!(kind & 0x80) && size >= sizeof(McIoctlHeader)) {
        McIoctlHeader header;
        memcpy(&header, in, sizeof(header));
        header = (McIoctlHeader){MC_IOCTL_MAGIC, MC_IOCTL_VERSION, header.type % 9, size, 0};
        memcpy(in, &header, sizeof(header));
    }
    memset(out, 0xa5, out_size);
    NTSTATUS status = kmd.DxgkDdiMiracastIoControl(kmd.Context, kmd_context, size, in, out_size,
                                                   out_size ? out : NULL, &bytes);
    if (bytes > out_size)
        abort();
    for (ULONG i = NT_SUCCESS(status) ? bytes : 0; i < out_size; i++)
        if (out[i] != 0xa5)
            abort();
    free(out);
    free(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!display)
        open_display();
    while (size >= 3) {
        ULONG bytes = (ULONG) (data[1] | data[2] << 8) % 2048;
        bytes = bytes < size - 3 ? bytes : (ULONG) size - 3;
        request(data + 3, bytes, data[0]);
        data += 3 + bytes;
        size -= 3 + bytes;
    }
    return 0;
}
