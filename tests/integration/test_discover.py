#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sinks on the network: a real Avahi daemon, and a responder of the lab's, in a network namespace of
their own.  usage: test_discover.py MIRACAST"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import ROOT, Bed, Skipped, check, need_programs, run  # noqa: E402
from test_cast import EXIT_LINK, EXIT_OK, main  # noqa: E402
from test_mice import start_sink  # noqa: E402

INSIDE = "MIRACAST_TEST_NAMESPACE"
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={0}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>
"""
AVAHI = """[server]
host-name=here
use-ipv6=no
allow-interfaces=lo
[publish]
publish-workstation=no
"""


def enter_namespace():
    """Runs this program again, alone on its own loopback."""
    words = ["unshare", "--net", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    setup = "ip link set lo up multicast on && ip route add 224.0.0.0/4 dev lo && " \
            "mkdir -p /run/avahi-daemon && mount -t tmpfs none /run/avahi-daemon"
    if not shutil.which("unshare") or not shutil.which("ip") or subprocess.run(
            [*words, "sh", "-c", setup], capture_output=True, check=False).returncode:
        return None
    return subprocess.call([*words, "sh", "-c", setup + ' && exec "$@"', "sh", sys.executable,
                            *sys.argv], env={**os.environ, INSIDE: "1"})


def network(bed, *sinks):
    """Bus, Avahi and responder run; the environment that leads to them."""
    need_programs("dbus-daemon", "avahi-daemon", "openssl")
    if INSIDE not in os.environ:
        raise Skipped("no network namespace can be made here")
    path, bus, avahi = bed.folder / "bus", bed.folder / "bus.conf", bed.folder / "avahi.conf"
    bus.write_text(BUS.format(path))
    avahi.write_text(AVAHI)
    env = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={path}"}
    bed.start(["dbus-daemon", f"--config-file={bus}", "--nofork", "--print-address"],
              name="bus").wait_line("unix:")
    bed.start(["avahi-daemon", "-f", avahi, "--no-drop-root", "--no-chroot", "--no-rlimits"], env,
              "avahi").wait_line("startup complete")
    bed.start([sys.executable, ROOT / "tests/lab/mdns.py", *sinks], name="mdns").wait_line("ready")
    return env


def listed(bed):
    env = network(bed, "Living room=192.0.2.7:7250", "Odd\x1b[2J name=192.0.2.8:4711",
                  "Six=[2001:db8::7]:4712", "Near=[fe80::7]:7251")
    source = bed.start([bed.miracast, "discover", "--link", "mice", "--json", "--timeout", "4"], env)
    check(source.wait() == EXIT_OK, source.text())
    found = {line["name"]: line for line in (json.loads(text) for text in source.lines
                                             if text.startswith("{")) if line["event"] == "found"}
    check(found["Living room"]["address"] == "192.0.2.7", source.text())
    check("\x1b" not in source.text() and len(found) == 4, source.text())
    check(found["Six"]["address"] == "[2001:db8::7]:4712", source.text())
    check(found["Near"]["address"] == "[fe80::7%lo]:7251", source.text())


def beacons(bed):
    """Sinks that wpa_supplicant has heard, where nothing else knows of any; the bytes of MS-MICE 4.1."""
    example = b"\x10\x49\0\x1b\0\1\x37\x20\1\0\1\5\x20\2\0\x0fDummy1-Kabylake"
    ies = b"\xdd" + bytes((4 + len(example),)) + b"\0\x50\xf2\4" + example
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wpa:
        wpa.bind(str(bed.folder / "wlan0"))

        def answer():
            while True:
                asked, peer = wpa.recvfrom(4096)
                wpa.sendto(f"id=1\nie={ies.hex()}\n====\n".encode() if b"RANGE=ALL" in asked else b"",
                           peer)
        threading.Thread(target=answer, daemon=True).start()
        source = bed.start([bed.miracast, "discover", "--link", "mice", "--json", "--timeout", "2",
                            "--wpa-control", bed.folder],
                           {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"})
        check(source.wait() == EXIT_OK, source.text())
    check('"name":"Dummy1-Kabylake"' in source.text(), source.text())


def cast_by_name(bed, name, announced, *options):
    """Announced as what is a format of its port."""
    sink, port, report = start_sink(bed, *options)
    env = network(bed, announced.format(port))
    source = bed.start([bed.miracast, "cast", "--listen", "127.0.0.1:0", "--capture", "test",
                        "--quiet", name], env)
    check(source.wait() == EXIT_OK, source.text() + sink.text())
    sink.wait()
    check(json.loads(report.read_text())["pictures"] > 20, sink.text())


def by_name_ipv6(bed):
    """Its one address is of IPv6, and without its interface it would mean nothing."""
    run(["ip", "address", "replace", "fe80::5/64", "dev", "lo", "nodad"])
    cast_by_name(bed, "bedroom", "Bedroom=[fe80::5]:{}", "--host", "fe80::5%lo")


def by_name(bed):
    cast_by_name(bed, "living ROOM", "Living room=127.0.0.1:{}")


def fallback(bed):
    """A sink that is on the network and does not answer: Wi-Fi Direct, and why; or nothing else."""
    env = network(bed, "Living room=127.0.0.1:1")
    options = ["--listen", "127.0.0.1:0", "--capture", "test", "--quiet", "Living room"]
    source = bed.start([bed.miracast, "cast", "--wpa-control", bed.folder, "--p2p-backend", "wpas",
                        *options], env)
    check(source.wait() == EXIT_LINK, source.text())
    check("Wi-Fi Direct, because over the network: Living room does not answer" in source.text(),
          source.text())
    source = bed.start([bed.miracast, "cast", "--link", "mice", *options], env)
    check(source.wait() == EXIT_LINK and "error [link.unreachable]" in source.text(), source.text())
    check("Wi-Fi Direct" not in source.text(), source.text())


def no_bus(bed):
    source = bed.start([bed.miracast, "discover", "--link", "mice", "--timeout", "2"],
                       {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"})
    check(source.wait() == EXIT_LINK and "no system bus" in source.text(), source.text())


CASES = {"listed": listed, "beacons": beacons, "by-name": by_name, "by-name-ipv6": by_name_ipv6,
         "fallback": fallback, "no-bus": no_bus}


if __name__ == "__main__":
    code = None if INSIDE in os.environ else enter_namespace()
    sys.exit(main(CASES, alone=CASES) if code is None else code)  # one Avahi in the namespace
