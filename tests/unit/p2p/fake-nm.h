/* SPDX-License-Identifier: MIT */
/* A NetworkManager on the private bus (private-bus.h), with one Wi-Fi Direct device and two sinks:
 * it answers as it is told, also wrongly or not at all, and says what it was asked. Thread: setters
 * and signals from any; answers come from the service's.  Owner: the test. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#define FAKE_NM_DEVICE "/org/freedesktop/NetworkManager/Devices/4"
#define FAKE_NM_PEER "/org/freedesktop/NetworkManager/WifiP2PPeer/" /* 1 and 2 */
#define FAKE_NM_STATION "/fi/w1/wpa_supplicant1/Interfaces/0"
#define FAKE_NM_ACTIVE "/org/freedesktop/NetworkManager/ActiveConnection/9"

typedef enum {
    FAKE_NM_ANSWERS,
    FAKE_NM_REFUSES, /* with an error of NetworkManager's */
    FAKE_NM_DENIES,  /* PermissionDenied */
    FAKE_NM_SILENT,
    FAKE_NM_GARBAGE, /* an answer of another type */
} FakeNmMood;

typedef struct {
    FakeNmMood devices, properties, find, activate, deactivate, lend;
    guint32 device_type, device_state;
    const char *ip_interface; /* "": no group */
    const char *permission;   /* for network-control: "yes", "no" */
    const char *peer[2];      /* properties as text (a{sv}) */
    unsigned n_peers;         /* in the device's list */
    unsigned n_unlisted;      /* that wpa_supplicant knows beside these */
    unsigned fails_with;      /* reason with which each activation ends; 0: nothing follows */
    bool obeys;               /* DeactivateConnection ends it */
} FakeNmPlan;

extern const FakeNmPlan fake_nm_usual; /* managed, idle, "Lab Sink" in reach */

void fake_nm_start(void);                 /* after private_bus_start() */
void fake_nm_start_wpas(void);            /* and a wpa_supplicant with the card and a group */
void fake_nm_say(const char *text);       /* as if it had been asked that */
void fake_nm_set(const FakeNmPlan *plan); /* and forgets what it was asked */
void fake_nm_be_there(bool there);        /* on the bus */
char *fake_nm_asked(int timeout_s);       /* "StartFind 30", ...; NULL: nothing; g_free() */
GVariant *fake_nm_settings(void);         /* (a{sa{sv}}ooa{sv}) of the last activation */
void fake_nm_state(guint32 state, guint32 reason); /* of the device */
void fake_nm_emit(const char *path, const char *interface, const char *signal,
                  GVariant *parameters);
bool fake_nm_has_client(int timeout_s); /* false: the activation's client left the bus */
