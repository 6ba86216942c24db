/* SPDX-License-Identifier: MIT */
/* A driver module that is our own driver with a listener on both sides of the interface: the test's
 * program (tests/conformance/bed.c) lays it in between. */
#include "umd/netdispumdddi.h"

#define EXPORT __attribute__((visibility("default")))

NTSTATUS bed_query_interface(UINT version, UINT size, VOID *out); /* of the program */
EXPORT NTSTATUS NTAPI QueryMiracastDriverInterface(UINT version, UINT size, VOID *out);

NTSTATUS NTAPI QueryMiracastDriverInterface(UINT version, UINT size, VOID *out)
{
    return bed_query_interface(version, size, out);
}
