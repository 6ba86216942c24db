#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Wi-Fi Direct for a user who may not: test_plain_user.py MIRACAST

A real wpa_supplicant, without a card, on a system bus with the distribution's policy, and its control sockets
as they are there: each way to it is refused, and says so with what to do."""

import os
import pathlib
import re
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import check  # noqa: E402
from own_space import PLAIN_USER, enter, until  # noqa: E402

DIRECTORY, BUS = "/run/wpa_supplicant", "/run/dbus/system_bus_socket"


def refused(miracast, *words):
    """What it says, once it has ended."""
    done = subprocess.run([*PLAIN_USER, miracast, "cast", "TV", "--link", "p2p", "--wait", "5", "--capture", "test",
                           *words], capture_output=True, text=True, timeout=120, check=False)
    found = re.search(r"^miracast: error \[(\S+)\]:? *(.*)", done.stderr + done.stdout, re.M)
    check(found and done.returncode, done.stderr + done.stdout)
    print(found.group(0), flush=True)
    return found.groups()


def inside(miracast):
    os.makedirs("/run/dbus")
    programs = [subprocess.Popen(["dbus-daemon", "--system", "--nofork", "--nopidfile"])]
    try:
        until(lambda: os.path.exists(BUS), "the bus")
        programs.append(subprocess.Popen(["wpa_supplicant", "-u", "-O", DIRECTORY], stdout=subprocess.DEVNULL))
        until(lambda: "fi.w1.wpa_supplicant1" in subprocess.run(
            ["dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus",
             "org.freedesktop.DBus.ListNames"], capture_output=True, text=True, check=False).stdout, "wpa_supplicant")
        for words in ((), ("--p2p-backend", "dbus")):
            code, text = refused(miracast, *words)
            check(code == "link.no-permission" and "root" in text and "NetworkManager" in text, text)
        os.makedirs(DIRECTORY, mode=0o750, exist_ok=True)
        os.chmod(DIRECTORY, 0o750)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as control:
            control.bind(f"{DIRECTORY}/p2p-dev-wlan0")
            os.chmod(f"{DIRECTORY}/p2p-dev-wlan0", 0o770)
            for mode in (0o750, 0o755):  # it can't be looked into; it can, but not be spoken to
                os.chmod(DIRECTORY, mode)
                code, text = refused(miracast, "--p2p-backend", "wpas")
                check(code == "link.no-permission" and "root" in text and DIRECTORY in text, text)
    finally:
        for program in programs:
            program.kill()
            program.wait()


if __name__ == "__main__":
    enter(inside, ("wpa_supplicant", "dbus-daemon", "dbus-send"))
