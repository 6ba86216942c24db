/* SPDX-License-Identifier: MIT */
/* encoder/ts-flavour.h - the shapes of MPEG-TS that sinks are known to want, as data: a sink's
 * quirk or a person names one.
 * Threads: any; constant.  Owner: none. */
#pragma once

#include "encoder/ts-mux.h"

typedef struct {
    const char *name, *summary;
    McTsLayout layout;
} McTsFlavour;

/* By name; "" and NULL are the first one.  NULL: no such flavour. */
const McTsFlavour *mc_ts_flavour(const char *name);
/* The i-th, in the order in which a sink without a picture is offered them; NULL behind the last.
 */
const McTsFlavour *mc_ts_flavour_at(unsigned i);
