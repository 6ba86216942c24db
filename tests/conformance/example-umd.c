/* SPDX-License-Identifier: MIT */
/* A user-mode driver in 150 lines that shares nothing with ours but the interface's headers: it
 * greets the sink with OPTIONS, takes the display path's frames, measures their rate and gives them
 * back, answers every kernel message, and ends with the sink.  Start one of your own from here:
 *
 *     miracast cast --umd build/tests/conformance/example-umd.so --listen 127.0.0.1:7236
 *
 * Build: cc -shared -fPIC -I<tree> example-umd.c -o example-umd.so -lpthread */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmd-shim/abi/frame.h"
#include "kmd-shim/abi/ioctl.h"
#include "umd/netdispumdddi.h"

typedef struct {
    HANDLE device;
    MIRACAST_CALLBACKS os; /* a copy: the table is the runtime's */
    int rtsp_fd, stop_fd;
    pthread_t thread;
    BOOL running;
    UINT64 frames;
} Context;

static NTSTATUS io_control(Context *self, UINT type, void *request, UINT size)
{
    McIoctlHeader *header = request;
    UINT written = 0;

    header->magic = MC_IOCTL_MAGIC;
    header->version = MC_IOCTL_VERSION;
    header->type = (uint16_t) type;
    header->size = size;
    return self->os.MiracastIoControl(self->device, 0, size, request, 0, NULL, &written);
}

static void take_frame(Context *self, const UCHAR *packet, UINT size)
{
    MIRACAST_STATISTIC_DATA sent = {.StatisticType = MIRACAST_STATISTIC_TYPE_CHUNK_SENT};
    McIoctlFrameRelease release = {0};
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;

    if (size < 28 + sizeof(frame)) /* packets are 28 + n bytes and may be unaligned (C-89) */
        return;
    memcpy(&info, packet, sizeof(info));
    memcpy(&frame, packet + 28, sizeof(frame));
    self->frames++; /* an encoder would read frame.pixels here */
    sent.ChunkSent.ChunkId = info.ChunkId;
    self->os.ReportStatistic(self->device, &sent);
    release.frame_id = frame.frame_id;
    io_control(self, MC_IOCTL_FRAME_RELEASE, &release, sizeof(release));
}

static BOOL sink_left(Context *self)
{
    char byte[512];
    ssize_t n = recv(self->rtsp_fd, byte, sizeof(byte), MSG_DONTWAIT);

    return n == 0;
}

static void *run(void *context)
{
    Context *self = context;
    HANDLE stop = (HANDLE) (intptr_t) (self->stop_fd + 1);
    UCHAR buffer[65536];
    struct {
        McIoctlTargetModes head;
        McTargetMode mode;
    } modes = {.head.count = 1, .mode = {1280, 720, 30000}};

    io_control(self, MC_IOCTL_TARGET_MODES, &modes, sizeof(modes));
    for (;;) {
        UINT size = sizeof(buffer), outstanding = 0;
        NTSTATUS status = self->os.GetNextChunkData(self->device, 100, 1, &stop, &size,
                                                    (MIRACAST_CHUNK_DATA *) buffer, &outstanding);
        if (status == STATUS_SUCCESS && size > 0)
            take_frame(self, buffer, size);
        else if (status != STATUS_TIMEOUT && status != STATUS_CONNECTION_RESET)
            return NULL; /* the stop event, or there is no session any more */
        if (sink_left(self)) {
            self->os.ReportSessionStatus(self->device, MIRACAST_STATUS_SINK_DISOCNNECT_REQUEST,
                                         STATUS_SUCCESS);
            return NULL;
        }
    }
}

static NTSTATUS NTAPI create(HANDLE device, MIRACAST_CALLBACKS *callbacks, PVOID *ret_context)
{
    Context *self = calloc(1, sizeof(*self));

    if (!self)
        return STATUS_NO_MEMORY;
    self->device = device;
    self->os = *callbacks;
    self->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    *ret_context = self;
    return STATUS_SUCCESS;
}

static VOID NTAPI destroy(PVOID context)
{
    close(((Context *) context)->stop_fd);
    free(context);
}

static NTSTATUS NTAPI start(PVOID context, SOCKET rtsp, MIRACAST_WFD_CONNECTION_STATS *stats,
                            MIRACAST_SESSION_INFO *info)
{
    static const char hello[] = "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nRequire: org.wfa.wfd1.0\r\n\r\n";
    Context *self = context;
    struct pollfd answer = {.fd = (int) rtsp, .events = POLLIN};

    self->rtsp_fd = (int) rtsp;
    if (send(self->rtsp_fd, hello, sizeof(hello) - 1, MSG_NOSIGNAL) < 0 ||
        poll(&answer, 1, 5000) != 1)
        return STATUS_IO_TIMEOUT;
    info->Value = 0;
    info->MonitorConnected = 1;
    self->running = pthread_create(&self->thread, NULL, run, self) == 0;
    return self->running ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID NTAPI stop(PVOID context)
{
    Context *self = context;

    if (!self->running)
        return;
    eventfd_write(self->stop_fd, 1);
    pthread_join(self->thread, NULL);
    self->running = 0;
}

static NTSTATUS NTAPI handle_message(PVOID context, UINT in_size, VOID *in, UINT out_size,
                                     VOID *out, UINT *ret_bytes)
{
    *ret_bytes = 0;
    return STATUS_NOT_SUPPORTED; /* which every sender must expect (U18) */
}

__attribute__((visibility("default"))) NTSTATUS NTAPI QueryMiracastDriverInterface(UINT version,
                                                                                   UINT size,
                                                                                   VOID *out);
NTSTATUS NTAPI QueryMiracastDriverInterface(UINT version, UINT size, VOID *out)
{
    if (version != MIRACAST_DRIVER_INTERFACE_VERSION_1 || size < sizeof(MIRACAST_DRIVER_INTERFACE))
        return STATUS_REVISION_MISMATCH;
    *(MIRACAST_DRIVER_INTERFACE *) out = (MIRACAST_DRIVER_INTERFACE){
        sizeof(MIRACAST_DRIVER_INTERFACE), create, destroy, start, stop, handle_message};
    return STATUS_SUCCESS;
}
