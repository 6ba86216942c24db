#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The firewall with a real firewalld, and ufw's word: test_firewalld.py MIRACAST TEST_FIREWALL

In a name space of its own, with a bus of its own: firewalld there is another one than this machine's. Its
package is not one that ./dev installs, since it would close this machine's ports; without it this is skipped.
TEST_FIREWALL --victim opens the ports of a session on the interface mcgrp and waits to be killed."""

import os
import pathlib
import re
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import check  # noqa: E402
from own_space import PLAIN_USER, enter, until  # noqa: E402

BUS = "/run/mc-bus"
# As the system's bus it lets every user in.
BUS_CONFIG = f"""<busconfig><listen>unix:path={BUS}</listen><auth>EXTERNAL</auth><policy context="default">
<allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>"""
DIAL = "import socket,sys; socket.create_connection((sys.argv[1], 7236), 5).recv(2)"


def sh(command, **more):
    return subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, **more).stdout


def at_firewalld(interface, method, *words):
    return sh(f"gdbus call --system -d org.fedoraproject.FirewallD1 -o /org/fedoraproject/FirewallD1 -m "
              f"org.fedoraproject.FirewallD1{interface}.{method} {' '.join(words)}").strip()


def state():
    """What firewalld knows, and what is in the kernel of it: its chains of a zone stay once it was used."""
    rules = [line.strip() for line in sh("nft -s list ruleset").splitlines()]
    return {"zones": at_firewalld(".zone", "getActiveZones"),
            "ports": {zone: at_firewalld(".zone", "getPorts", zone) for zone in ("block", "drop", "public")},
            "rules": [line for line in rules if re.search("mcgrp|dport (7236|67) ", line)]}


def lay_cables():
    """Two interfaces to a television's network: the group's, and another one."""
    sh("ip netns add tv && ip -n tv link set lo up", check=True)
    for name, net in (("mcgrp", "10.77.1"), ("mcother", "10.77.2")):
        sh(f"ip link add {name} type veth peer name tv{name} netns tv && ip addr add {net}.1/24 dev {name} && "
           f"ip link set {name} up && ip -n tv addr add {net}.2/24 dev tv{name} && ip -n tv link set tv{name} up",
           check=True)


def comes_in(address):
    return subprocess.run(["ip", "netns", "exec", "tv", sys.executable, "-c", DIAL, address], timeout=60,
                          capture_output=True, check=False).returncode == 0


def serve():
    """An RTSP port on each address, for as long as this lives."""
    return subprocess.Popen([sys.executable, "-c", "import socket\n"
                             "s = socket.create_server(('0.0.0.0', 7236))\n"
                             "while True: s.accept()[0].send(b'ok')"])


def session(victim, zone_before):
    """Open on the group's interface alone, and closed by whoever outlives the one that opened it."""
    if zone_before:
        at_firewalld(".zone", "changeZoneOfInterface", zone_before, "mcgrp")
    before = state()
    check(not comes_in("10.77.1.1"), "it is open before")
    child = subprocess.Popen([victim, "--victim"], stdout=subprocess.PIPE, text=True)
    check(child.stdout.readline() == "open\n", "it was not opened")
    check(comes_in("10.77.1.1"), "the television does not come in")
    check(not comes_in("10.77.2.1"), "it is open on another interface, too")
    child.send_signal(signal.SIGKILL)
    child.wait()
    until(lambda: state() == before, f"as before: {before}")
    check(not comes_in("10.77.1.1"), "it stays open")


def firewall_line(miracast, *prefix):
    done = subprocess.run([*prefix, miracast, "doctor"], capture_output=True, text=True, timeout=120, check=False)
    lines = done.stdout.splitlines()
    at = [n for n, line in enumerate(lines) if line.split()[1:2] == ["firewall"]]
    check(len(at) == 1, done.stdout + done.stderr)
    return " ".join(lines[at[0]:at[0] + 2])


def inside(miracast, victim):
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={BUS}"
    os.makedirs("/run/firewalld-config")
    pathlib.Path("/run/bus.conf").write_text(BUS_CONFIG)
    programs = [subprocess.Popen(["dbus-daemon", "--config-file=/run/bus.conf", "--nofork"])]
    try:
        until(lambda: os.path.exists(BUS), "the bus")
        programs.append(subprocess.Popen(["firewalld", "--nofork", "--nopid", "--system-config",
                                          "/run/firewalld-config"], stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL))
        until(lambda: "public" in at_firewalld("", "getDefaultZone"), "firewalld")
        lay_cables()
        programs.append(serve())
        until(lambda: "7236" in sh("ss -ltn"), "the port")
        for zone in ("", "public"):
            session(victim, zone)
        programs.pop().kill()
        until(lambda: "7236" not in sh("ss -ltn"), "the port closed")
        said = firewall_line(miracast)
        check("opened as for a session (firewalld, zone " in said, said)
        said = firewall_line(miracast, *PLAIN_USER)
        check("not proved" in said and "firewall-cmd --add-port=7236/tcp" in said, said)
    finally:
        for program in programs:
            program.kill()
            program.wait()
    os.makedirs("/etc/ufw", exist_ok=True)
    pathlib.Path("/etc/ufw/ufw.conf").write_text("ENABLED=yes\n")
    said = firewall_line(miracast, *PLAIN_USER)
    check("ufw is on" in said and "ufw allow" in said, said)


if __name__ == "__main__":
    enter(inside, ("firewalld", "nft", "dbus-daemon", "gdbus"))
