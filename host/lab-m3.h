/* SPDX-License-Identifier: MIT */
/* host/lab-m3.h - `miracast lab m3 FILE...`: what a sink's capability reply means to us.
 * Thread: main.  Owner: host/main.c. */
#pragma once

/* argv: options and files, without "lab" and "m3". Returns the program's exit code. */
int mc_lab_m3_run(int argc, char **argv);
