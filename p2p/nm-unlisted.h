/* SPDX-License-Identifier: MIT */
/* p2p/nm-unlisted.h - devices that wpa_supplicant knew before NetworkManager was started: that one
 * (1.42) reads them before its Wi-Fi Direct device listens, never lists them, and takes no notice
 * when they are found again, until wpa_supplicant has forgotten them.
 * Thread: the caller's, which waits.  Owner: none. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

/* Has wpa_supplicant forget all devices if it knows more than the n_listed of NetworkManager; what
 * is there is found as new after that. station: the card's interface. False: there was no need, or
 * wpa_supplicant does not let us in, as it does with most users but root. */
bool mc_nm_forget_unlisted(GDBusConnection *bus, const char *station, gsize n_listed);
