/* SPDX-License-Identifier: MIT */
#include "p2p/peer-brand.h"

#include <string.h>

/* First match wins, so models stand above their makers. Seen on devices, not promised by makers. */
static const McPeerBrand brands[] = {
    {.name_prefix = "Roku",
     .label = "Roku",
     .open_screen = "Settings > System > Screen mirroring: Prompt or Always allow",
     .role = MC_PEER_ROLE_JOIN_RUNNING},
    {.manufacturer_prefix = "Roku",
     .label = "Roku",
     .open_screen = "Settings > System > Screen mirroring: Prompt or Always allow",
     .role = MC_PEER_ROLE_JOIN_RUNNING},
    {.name_prefix = "Fire TV",
     .label = "Fire TV",
     .open_screen = "hold Home, then Mirroring; keep that page open",
     .role = MC_PEER_ROLE_PEER_IS_GO,
     .patience_ms = 9600,
     .avoid_freq_mhz = 5745},
    {.manufacturer_prefix = "Amazon",
     .label = "Fire TV",
     .open_screen = "hold Home, then Mirroring; keep that page open",
     .role = MC_PEER_ROLE_PEER_IS_GO,
     .patience_ms = 9600,
     .avoid_freq_mhz = 5745},
    {.name_prefix = "[TV]Samsung",
     .label = "Samsung TV",
     .open_screen = "Source > Screen Mirroring (older sets: Network > Wi-Fi Direct)"},
    {.name_prefix = "[TV]",
     .label = "Samsung TV",
     .open_screen = "Source > Screen Mirroring (older sets: Network > Wi-Fi Direct)"},
    {.manufacturer_prefix = "Samsung",
     .label = "Samsung",
     .open_screen = "Source > Screen Mirroring (older sets: Network > Wi-Fi Direct)"},
    {.name_prefix = "[LG]",
     .label = "LG",
     .open_screen = "open Screen Share",
     .role = MC_PEER_ROLE_JOIN_RUNNING},
    {.manufacturer_prefix = "LG",
     .label = "LG",
     .open_screen = "open Screen Share",
     .role = MC_PEER_ROLE_JOIN_RUNNING},
    {.name_prefix = "BRAVIA", .label = "Sony", .open_screen = "Input > Screen mirroring"},
    {.manufacturer_prefix = "Sony", .label = "Sony", .open_screen = "Input > Screen mirroring"},
    {.name_prefix = "Hisense", .label = "Hisense", .open_screen = "Inputs > Screen Sharing"},
    {.manufacturer_prefix = "Hisense",
     .label = "Hisense",
     .open_screen = "Inputs > Screen Sharing"},
    {.manufacturer_prefix = "Panasonic",
     .label = "Panasonic",
     .open_screen = "Apps > Mirroring; keep that page open"},
    {.manufacturer_prefix = "Philips",
     .label = "Philips",
     .open_screen = "Sources > Screen mirroring"},
    {.manufacturer_prefix = "TCL",
     .label = "TCL",
     .open_screen = "open the T-Cast or Wi-Fi display page; it listens only there",
     .provision_first = true},
    {.manufacturer_prefix = "Xiaomi",
     .label = "Xiaomi",
     .open_screen = "open the Wireless display or Miracast app",
     .patience_ms = 8000},
    {.name_prefix = "Xbox", .label = "Xbox", .open_screen = "open the Wireless Display app"},
    {.name_prefix = "MicrosoftDisplayAdapter",
     .label = "Microsoft adapter",
     .role = MC_PEER_ROLE_PEER_IS_GO},
    {.name_prefix = "Anycast",
     .label = "Miracast dongle",
     .keep_when_lost = true,
     .open_screen = "press the button for Miracast mode"},
    {.name_prefix = "MiraScreen",
     .label = "Miracast dongle",
     .keep_when_lost = true,
     .open_screen = "press the button for Miracast mode"},
    {.name_prefix = "EZCast",
     .label = "Miracast dongle",
     .keep_when_lost = true,
     .open_screen = "press the button for Miracast mode"},
    {.name_prefix = "Measy", .label = "Miracast dongle", .keep_when_lost = true},
    {.name_prefix = "lazycast", .label = "lazycast", .role = MC_PEER_ROLE_JOIN_RUNNING},
    {.manufacturer_prefix = "Intel",
     .label = "Intel WiDi",
     .open_screen = "start its WiDi or wireless display receiver"},
    {.manufacturer_prefix = "Microsoft",
     .label = "Windows PC",
     .open_screen = "Settings > System > Projecting to this PC, or open the Wireless Display app"},
    {.label = ""},
};

static bool has_prefix(const char *text, const char *prefix)
{
    return !prefix || g_ascii_strncasecmp(text, prefix, strlen(prefix)) == 0;
}

const McPeerBrand *mc_peer_brand_for(const char *name, const char *manufacturer)
{
    const McPeerBrand *brand = brands;

    while (!has_prefix(name, brand->name_prefix) ||
           !has_prefix(manufacturer, brand->manufacturer_prefix))
        brand++; /* the last row matches everything */
    return brand;
}
