/* SPDX-License-Identifier: MIT */
/* host/demo.h - `miracast demo`: the whole stack against the lab's sink on this machine, with
 * figures.
 * Thread: main, which blocks.  Owner: host/main.c. */
#pragma once

#include "host/options.h"
#include "host/report.h"

int mc_demo_run(const McOptions *options, McReport *report); /* exit code */
