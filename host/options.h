/* SPDX-License-Identifier: MIT */
/* host/options.h - the command line of `miracast cast` and `miracast demo`.
 * Thread: main.  Owner: host/main.c.
 * Errors: G_OPTION_ERROR. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "umd/link-interface.h"

#define MC_OPTIONS_MAX_SINKS 16u

/* One of several sinks. */
typedef struct {
    char *name;   /* as McOptions.sink */
    char *listen; /* as McOptions.listen */
    char *label;  /* what it is called in lines and files: its name, else its address */
} McOptionsSink;

typedef struct {
    char *link; /* "lan", "loopback", "mice", "p2p" */
    char *sink; /* "mice": address or host name; "p2p": name, part of it, or address */
    char *driver, *interface, *control, *pairing; /* "p2p" */
    char *security, *pin;
    char *listen;  /* ADDR:PORT */
    char *allow;   /* "" or an address */
    char *capture; /* "test", "x11", ... */
    char *audio, *mode, *encoder, *input, *srtp, *srtp_fingerprint, *sdp, *ts_flavour, *metrics;
    char *hdcp_keys, *hdcp_srm, *hdcp_pairings;
    char *protect; /* FROM or FROM-TO, seconds of the session */
    char *stats, *trace, *umd;
    int channel_mhz;
    int control_port, bitrate_kbps, duration_s, wait_s, keepalive_s, fps;
    double protect_from_s, protect_to_s; /* --protect; negative: never */
    gboolean high_profile, quiet, window, drop_wifi;
    McUmdOptions umd_options; /* made of the above */
    /* With more than one, sink and listen are those of the first. */
    McOptionsSink *sinks;
    unsigned n_sinks; /* 1 at least */
    char **listens;   /* as given; NULL: none */
} McOptions;

/* argv without the program's and the command's name. False with the reason in *ret_error. */
bool mc_options_parse(McOptions *self, const char *command, int argc, char **argv, GError **error);
void mc_options_clear(McOptions *self);

/* ---- options-sinks.c ---- */
/* names: of the sinks on the command line, n_names of them. Sets sink and listen, too. */
bool mc_options_take_sinks(McOptions *self, char **names, unsigned n_names, GError **error);
/* Of a command that brings its own sink. */
bool mc_options_refuse_sinks(const McOptions *self, unsigned n_names, GError **error);
/* Whether what was asked for can be done for so many; after the defaults are set. */
bool mc_options_set_sinks(McOptions *self, char **names, unsigned n_names, GError **error);
void mc_options_clear_sinks(McOptions *self);

/* ---- options-check.c; each false with what is wrong ---- */
/* As given, before the defaults are set: nothing empty, nothing longer than what takes it. */
bool mc_options_check_given(const McOptions *self, bool is_demo, char **names, GError **error);
/* Words, numbers and files; reads mode, protect and allow. */
bool mc_options_check_values(McOptions *self, GError **error);
bool mc_options_check_listens(const McOptions *self, GError **error); /* each sink's, and --sdp */
/* Of a command that only looks for sinks; NULL: not given. */
bool mc_options_check_radio(const char *driver, const char *interface, const char *control,
                            GError **error);
extern const char *const mc_options_encoders[]; /* that --encoder knows; NULL ends them */

/* A desktop, and no test picture or file: it has sound of its own and takes input. */
bool mc_options_show_desktop(const McOptions *self);

/* The driver module: --umd, MIRACAST_UMD, beside the program, or where it is installed. */
char *mc_options_umd_path(const McOptions *self);
