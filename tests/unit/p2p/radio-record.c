/* SPDX-License-Identifier: MIT */
/* radio-record > FILE: nl80211's answers about this machine's cards, for tests/data/nl80211. */
#include <stdio.h>

#include "p2p/radio.h"

int main(void)
{
    g_autoptr(GError) error = NULL;
    GByteArray *dump = mc_radio_dump(&error);

    if (!dump) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    fwrite(dump->data, 1, dump->len, stdout);
    g_byte_array_unref(dump);
    return 0;
}
