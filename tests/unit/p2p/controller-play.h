/* SPDX-License-Identifier: MIT */
/* controller-play.h - plays scripts to the Wi-Fi Direct machine, with the lines that a real
 * wpa_supplicant 2.10 wrote over simulated radios, and no waiting: time is told.
 *
 *   > command        the machine gives this command next (answered OK, or with what follows)
 *   < reply          its answer, "|" for a new line
 *   ! event          wpa_supplicant says this
 *   @ action         the machine asks for this about addresses or power save
 *   a own|lease|failed OWN PEER   what became of the addresses
 *   * kind code      people are told this (steps, devices and plans are not compared)
 *   + milliseconds   time passes, the machine is woken when it asked to be
 *   x                no answer comes
 *   = state          the state is this, and no command, action or telling is left over
 *
 * Threads: the test's own.  Owner: the tests of p2p/controller. */
#pragma once

#include "p2p/controller.h"

#define SINK "42:00:00:00:01:00"
#define FOUND                                                                                      \
    "! P2P-DEVICE-FOUND " SINK " p2p_dev_addr=" SINK " pri_dev_type=7-0050F204-1 name='Lab Sink' " \
    "config_methods=0x188 dev_capab=0x25 group_capab=0x0 wfd_dev_info=0x00111c440032 new=1\n"
#define PEER_REPLY                                                                                 \
    "< " SINK "|pri_dev_type=7-0050F204-1|device_name=Lab Sink|config_methods=0x188|"              \
    "dev_capab=0x25|group_capab=0x0|level=-30|listen_freq=2437|wfd_subelems=00000600111c440032\n"
#define ANNOUNCE                                                                                   \
    "> SET wifi_display 1\n"                                                                       \
    "> WFD_SUBELEM_SET all 00000600101c4400c8\n"
#define SWEEP "> P2P_FIND 4 type=social\n"
#define SEARCH ANNOUNCE SWEEP "= searching\n"
/* Whole name: no settling; the reply to the first P2P_PEER comes while the second is on its way. */
#define CHECKED FOUND "> P2P_PEER " SINK "\n" PEER_REPLY "> P2P_PEER " SINK "\n" PEER_REPLY
#define TO_CONNECT SEARCH CHECKED
#define CONNECT14 "> P2P_CONNECT " SINK " pbc persistent go_intent=14\n"
#define CONNECT0 "> P2P_CONNECT " SINK " pbc persistent go_intent=0\n"
#define NEG_CLIENT                                                                                 \
    "! P2P-GO-NEG-SUCCESS role=client freq=2412 ht40=0 peer_dev=" SINK                             \
    " peer_iface=46:00:00:00:01:00 wps_method=PBC\n"
#define NEG_GO                                                                                     \
    "! P2P-GO-NEG-SUCCESS role=GO freq=2412 ht40=0 peer_dev=" SINK                                 \
    " peer_iface=46:00:00:00:01:00 wps_method=PBC\n"
#define STARTED_CLIENT                                                                             \
    "! P2P-GROUP-STARTED p2p-wlan0-0 client ssid=\"DIRECT-ZA\" freq=2412 psk=3348b3 "              \
    "go_dev_addr=" SINK "\n"                                                                       \
    "@ power-save-off p2p-wlan0-0\n@ dhcp-client p2p-wlan0-0\n= addressing\n"
#define STARTED_GO                                                                                 \
    "! P2P-GROUP-STARTED p2p-wlan0-0 GO ssid=\"DIRECT-ZA\" freq=2412 passphrase=\"15wHl8kT\" "     \
    "go_dev_addr=42:00:00:00:00:00 [PERSISTENT]\n"                                                 \
    "@ power-save-off p2p-wlan0-0\n@ dhcp-server p2p-wlan0-0 192.168.49.1\n= associating\n"
#define STATION "! AP-STA-CONNECTED 46:00:00:00:01:00 p2p_dev_addr=" SINK "\n"
#define STATION_GONE "! AP-STA-DISCONNECTED 46:00:00:00:01:00 p2p_dev_addr=" SINK "\n"
#define OWN_GO "a own 192.168.49.1 0.0.0.0\n"
#define LEASE "a lease 192.168.49.1 192.168.49.20\n"
#define OWN_CLIENT "a own 192.168.49.20 192.168.49.1\n"
#define AS_CLIENT TO_CONNECT CONNECT14 NEG_CLIENT "= forming\n" STARTED_CLIENT
#define CLIENT_READY AS_CLIENT OWN_CLIENT "* ready \n= ready\n"
#define AS_GO TO_CONNECT CONNECT14 NEG_GO "= forming\n" STARTED_GO
#define GO_READY                                                                                   \
    AS_GO OWN_GO STATION "= addressing\n" LEASE                                                    \
                         "* ready \n> LIST_NETWORKS\n< network id / ssid\n= "                      \
                         "ready\n"
/* After silence: is it there at all? */
#define LOOK "+ 1000\n> P2P_FIND 4 type=social\n= looking\n"
#define LOOKED LOOK FOUND
#define ROKU                                                                                       \
    "! P2P-DEVICE-FOUND " SINK " p2p_dev_addr=" SINK " pri_dev_type=7-0050F204-1 name='Roku 3' "   \
    "config_methods=0x80 dev_capab=0x25 group_capab=0x2b wfd_dev_info=0x00111c440096 new=1\n"
#define STOP "@ address-stop p2p-wlan0-0\n> P2P_GROUP_REMOVE p2p-wlan0-0\n"

#define REMEMBERED                                                                                 \
    SEARCH FOUND "> P2P_PEER " SINK "\n" PEER_REPLY "> P2P_PEER " SINK "\n< " SINK                 \
                 "|device_name=Lab Sink|config_methods=0x188|group_capab=0x0|persistent=3|"        \
                 "wfd_subelems=00000600111c440032\n> P2P_INVITE persistent=3 peer=" SINK           \
                 "\n= inviting\n"

#define ASKED "! P2P-PROV-DISC-ENTER-PIN " SINK " p2p_dev_addr=" SINK "\n"

typedef struct {
    McController *controller;
    GQueue commands, actions, told; /* McAction; text */
    GString *states;                /* the way that it went, a blank after each */
    unsigned last_id;
    bool last_answered;
    gint64 now_us;
} Play;

/* Tests that are one script with one target. */
typedef struct {
    const char *name, *target, *script;
} Script;

McControllerConfig play_config(void);
void play_begin_with(Play *self, const McControllerConfig *config);
/* target: who is connected to at once, or NULL. */
void play_begin(Play *self, const char *target);
void play(Play *self, const char *script);
void play_step(Play *self, const char *line);    /* one line of a script */
void play_answer(Play *self, const char *reply); /* to the last command, if it has none yet */
void play_leave(Play *self);
void play_end(Play *self);
/* Registers each as a test of its name. */
void play_add(const Script *scripts, size_t n);
