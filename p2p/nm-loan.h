/* SPDX-License-Identifier: MIT */
/* p2p/nm-loan.h - a card that NetworkManager manages, lent to who drives wpa_supplicant directly.
 *
 * On each GroupStarted of an interface that it drives, NetworkManager has wpa_supplicant remove the
 * group's interface unless it is activating a connection there (1.42; so do newer ones), and
 * whether it manages the card's Wi-Fi Direct device makes no difference.  So it lets go of the
 * card:
 *
 *     Managed = false      its Wi-Fi connection ends, wpa_supplicant's interface goes with it
 *     CreateInterface      ours; NetworkManager knows nothing of it
 *     ... a session ...
 *     RemoveInterface, Managed = true      by a guard, too
 *
 * Thread: the caller's, which waits some seconds.  Owner: p2p/supplicant. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct McNmLoan McNmLoan;
/* interface: of the station, "wlan0"; "": the one whose Wi-Fi Direct device NetworkManager manages.
 * True with *ret NULL: NetworkManager has no such card, nothing need be lent.  Errors:
 * MC_LINK_ERROR_NO_PERMISSION, _FAILED, _PLAN + MC_PLAN_RADIO_BUSY (it has a connection that may
 * not end). */
bool mc_nm_loan_take(const char *interface, bool may_drop_station, McNmLoan **ret, GError **error);
const char *mc_nm_loan_interface(const McNmLoan *self);
void mc_nm_loan_give_back(McNmLoan *self); /* NULL is fine */
