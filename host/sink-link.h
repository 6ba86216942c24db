/* SPDX-License-Identifier: MIT */
/* host/sink-link.h - how this session reaches its sink: by the driver module's link interface, or,
 * for a module that has none, by p2p of our own.
 * Threads: as umd/link-interface.h says.  Owner: host/projection. */
#pragma once

#include "host/runtime.h"
#include "umd/link-interface.h"

typedef struct {
    MC_LINK_INTERFACE calls;
    PVOID context; /* for each of calls */
    McLink *own;   /* NULL where the module has the interface */
    GMutex lock;   /* guards that pointer against Cancel */
} McSinkLink;

/* Address of self is kept; options as for Configure. */
NTSTATUS mc_sink_link_init(McSinkLink *self, McRuntime *runtime, const McUmdOptions *options);
/* The session has started: a module with the interface knew before that a sink is there. */
void mc_sink_link_started(McSinkLink *self);
void mc_sink_link_clear(McSinkLink *self); /* before the runtime is freed */
