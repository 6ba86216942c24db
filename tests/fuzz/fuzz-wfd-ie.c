/* SPDX-License-Identifier: MIT */
/* Wi-Fi Display information elements: what is parsed, is described, and built again, stays. */
#include <glib.h>
#include <string.h>

#include "p2p/wfd-ie.h"
#include "tests/fuzz/fuzz.h"

static void check(const McWfdIe *ie)
{
    g_autofree McWfdIe *again = g_new0(McWfdIe, 1);
    g_autoptr(GByteArray) bytes = mc_wfd_ie_build_subelements(ie);
    g_autoptr(GByteArray) elements = mc_wfd_ie_build_elements(ie);
    g_autofree char *text = mc_wfd_ie_describe(ie);
    g_autofree char *command = mc_wfd_ie_set_command(ie);

    g_assert(text && command && elements);
    if (bytes->len == 0 || bytes->len > MC_WFD_MAX_IE_BYTES)
        return;
    g_assert(mc_wfd_ie_parse_subelements(bytes->data, bytes->len, again));
    g_autoptr(GByteArray) same = mc_wfd_ie_build_subelements(again);
    /* One that came twice, first with a wrong length, is built in the other order. */
    if (again->n_dropped == 0)
        g_assert(same->len == bytes->len && memcmp(same->data, bytes->data, bytes->len) == 0);
}

/* First byte: which parser. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree McWfdIe *ie = g_new0(McWfdIe, 1);
    McWfdDeviceInfo info;

    if (size < 1)
        return 0;
    g_autofree char *text = g_strndup((const char *) data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        mc_wfd_ie_parse_subelements(data + 1, size - 1, ie);
        break;
    case 1:
        mc_wfd_ie_parse_elements(data + 1, size - 1, ie);
        break;
    case 2:
        mc_wfd_ie_parse_hex(text, ie);
        break;
    default:
        mc_wfd_device_info_parse(text, &info);
    }
    check(ie);
    return 0;
}
