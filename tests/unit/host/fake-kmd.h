/* SPDX-License-Identifier: MIT */
/* fake-kmd.h - a display miniport for the runtime's tests: counts, and notices when two of its
 * functions run at once (C-49). Threads: any. Owner: the test. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "kmd-shim/dispmprt.h"

typedef struct FakeKmd FakeKmd;
struct FakeKmd {
    DXGK_MIRACAST_DISPLAY_CALLBACKS os; /* of the runtime; valid in the context's life */
    NTSTATUS caps_status, create_status;
    ULONG max_private_bytes;
    NTSTATUS(*on_io_control)
    (FakeKmd *self, ULONG in_size, VOID *in, ULONG out_size, VOID *out, ULONG *ret_bytes);
    void (*on_create)(FakeKmd *self);
    void *test;
    gint inside, breaches, creates, destroys, io_controls;
    gint context; /* 1: there is one */
};

static inline void fake_kmd_enter(FakeKmd *self)
{
    if (g_atomic_int_add(&self->inside, 1))
        g_atomic_int_inc(&self->breaches);
}

static inline void fake_kmd_leave(FakeKmd *self)
{
    g_atomic_int_add(&self->inside, -1);
}

static inline NTSTATUS fake_kmd_caps(PVOID context, ULONG size, DXGK_MIRACAST_CAPS *caps)
{
    FakeKmd *self = context;

    caps->MaxChunkPrivateDriverDataSize = self->max_private_bytes;
    return self->caps_status;
}

static inline NTSTATUS fake_kmd_create(PVOID context, DXGK_MIRACAST_DISPLAY_CALLBACKS *callbacks,
                                       PVOID *ret_context, ULONG *target)
{
    FakeKmd *self = context;

    fake_kmd_enter(self);
    self->os = *callbacks;
    self->creates++;
    g_atomic_int_set(&self->context, NT_SUCCESS(self->create_status));
    *ret_context = &self->creates;
    *target = 1;
    if (self->on_create)
        self->on_create(self);
    fake_kmd_leave(self);
    return self->create_status;
}

static inline void fake_kmd_destroy(PVOID context, PVOID miracast)
{
    FakeKmd *self = context;

    fake_kmd_enter(self);
    if (miracast != &self->creates || !g_atomic_int_get(&self->context))
        g_atomic_int_inc(&self->breaches);
    g_atomic_int_set(&self->context, 0);
    g_atomic_int_inc(&self->destroys);
    fake_kmd_leave(self);
}

static inline NTSTATUS fake_kmd_io_control(PVOID context, PVOID miracast, ULONG in_size, VOID *in,
                                           ULONG out_size, VOID *out, ULONG *ret_bytes)
{
    FakeKmd *self = context;
    NTSTATUS status = STATUS_SUCCESS;

    fake_kmd_enter(self);
    if (miracast != &self->creates || !g_atomic_int_get(&self->context)) /* C-51 */
        g_atomic_int_inc(&self->breaches);
    g_atomic_int_inc(&self->io_controls);
    if (self->on_io_control)
        status = self->on_io_control(self, in_size, in, out_size, out, ret_bytes);
    fake_kmd_leave(self);
    return status;
}

static inline DXGK_MIRACAST_DISPLAY_INTERFACE fake_kmd_interface(FakeKmd *self)
{
    return (DXGK_MIRACAST_DISPLAY_INTERFACE){.Size = sizeof(DXGK_MIRACAST_DISPLAY_INTERFACE),
                                             .Version = DXGK_MIRACAST_DISPLAY_INTERFACE_VERSION_1,
                                             .Context = self,
                                             .DxgkDdiMiracastQueryCaps = fake_kmd_caps,
                                             .DxgkDdiMiracastCreateContext = fake_kmd_create,
                                             .DxgkDdiMiracastIoControl = fake_kmd_io_control,
                                             .DxgkDdiMiracastDestroyContext = fake_kmd_destroy};
}
