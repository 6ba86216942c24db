# SPDX-License-Identifier: MIT
"""A computer whose Wi-Fi card belongs to NetworkManager, as on a desktop: udev, wpa_supplicant on the
bus, NetworkManager.  All real; in the guest's main name space only, since udev knows no other.
"""

import pathlib
import shutil
import subprocess

from air import Lacking, sh, until

UDEVD = "/lib/systemd/systemd-udevd"
POLKITDS = ("/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd")
NAMES_STAY = pathlib.Path("/etc/udev/rules.d/80-net-setup-link.rules")  # wlan0 stays wlan0
CONFIG = """[main]
plugins=keyfile
dns=none
rc-manager=unmanaged
no-auto-default=*
[keyfile]
unmanaged-devices=except:interface-name:wlan0,except:type:wifi-p2p
[device]
wifi.scan-rand-mac-address=no
"""
PATIENCE_S = 60


class Manager:
    """NetworkManager and what it needs; the bus runs already."""

    def __init__(self, air):
        self.air = air
        self.name, self.ctrl_dir = "source", "/run/wpa-source"
        if not shutil.which("NetworkManager"):
            raise Lacking("NetworkManager is not installed (the package network-manager)")
        self.start_udev()
        self.supplicant = air.start(["wpa_supplicant", "-u", "-t", "-O", self.ctrl_dir], out="/run/wpa-source.log")
        pathlib.Path("/run/nm.conf").write_text(CONFIG)
        self.start()

    def start_udev(self):
        NAMES_STAY.parent.mkdir(parents=True, exist_ok=True)
        if not NAMES_STAY.is_symlink():
            NAMES_STAY.symlink_to("/dev/null")
        self.air.start([UDEVD], out="/run/udevd.log")
        until(lambda: pathlib.Path("/run/udev/control").exists(), "udev")
        sh("udevadm trigger --subsystem-match=net && udevadm settle --timeout=60")

    def start(self):
        self.child = self.air.start(["NetworkManager", "--debug", "--config", "/run/nm.conf", "--config-dir",
                                     "/run/nm.d", "--pid-file", "/run/nm.pid", "--state-file", "/run/nm.state"],
                                    out="/run/nm.log")
        until(lambda: "p2p-dev-wlan0:disconnected" in self.tell("device"), "the Wi-Fi Direct device", PATIENCE_S)

    def ask_polkit(self):
        """As on a desktop: polkit decides what users may; one without a session of his own here may little."""
        found = [path for path in POLKITDS if pathlib.Path(path).exists()]
        if not found:
            raise Lacking("polkit is not installed (the package polkitd)")
        self.air.start([found[0], "--no-debug"], out="/run/polkit.log")
        until(lambda: "org.freedesktop.PolicyKit1" in sh("dbus-send --system --print-reply --dest=org.freedesktop.DBus "
                                                         "/ org.freedesktop.DBus.ListNames", quiet=True), "polkit")

    @staticmethod
    def tell(what):
        fields = {"device": "DEVICE,STATE", "connection": "NAME,TYPE"}[what]
        return sh(f"nmcli -t -f {fields} {what}", check=False, quiet=True)

    def state(self):
        """What a cast must leave as it was here."""
        return {"devices": sorted(self.tell("device").split()),
                "connections": sorted(self.tell("connection").split("\n"))}

    def deactivate(self):
        """As a person does in a desktop's menu."""
        subprocess.run(["nmcli", "device", "disconnect", "p2p-dev-wlan0"], check=True, timeout=60)
