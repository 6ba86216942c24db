#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""steps.py MIRACAST ROUNDS FILE: in the rig, how long each step to a television takes, by the commands that a
person would type and by the product, in turns; seconds of the guest's clock, as JSON."""

import ctypes
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from air import Air, log  # noqa: E402
from room import STARTED, Room  # noqa: E402

PORT = 7236
NET = "192.168.49"
CLONE_NEWNET = 0x40000000


class Laps:
    """Time from one step's end to the next one's."""

    def __init__(self):
        self.last, self.took = time.monotonic(), {}

    def begin(self):
        self.last = time.monotonic()

    def end(self, step, at=None):
        at = at or time.monotonic()
        self.took[step], self.last = at - self.last, at


def dial(space, address):
    """From the television: the time until the computer's first byte."""
    took = []

    def work():
        handle = os.open(f"/run/netns/{space.name}", os.O_RDONLY)
        if ctypes.CDLL(None, use_errno=True).setns(handle, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        start = time.monotonic()
        with socket.create_connection((address, PORT), timeout=60) as dialled:
            if dialled.recv(1):
                took.append(time.monotonic() - start)
        os.close(handle)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return took[0]


def by_hand(room):
    """The source owns the group, as the product does where it can."""
    source, sink, laps = room.source, room.sink, Laps()
    source.command("P2P_FIND 30 type=social")
    source.event(f"P2P-DEVICE-FOUND {sink.address}")
    laps.end("find")
    source.command(f"P2P_CONNECT {sink.address} pbc go_intent=15 freq=2412")
    sink.event(f"P2P-GO-NEG-REQUEST {source.address}")
    laps.end("ask")
    sink.command(f"P2P_CONNECT {source.address} pbc go_intent=0")
    source.event("P2P-GO-NEG-SUCCESS")
    laps.end("agree")
    interface = source.event(STARTED).group(1)
    laps.end("form")
    theirs = sink.event(STARTED).group(1)
    server = room.air.dhcp_server(interface, room.space, NET)
    room.air.dhcp_client(theirs, sink.space)
    laps.end("address")
    with socket.create_server((f"{NET}.1", PORT)) as listener:
        threading.Thread(target=lambda: listener.accept()[0].send(b"O")).start()
        laps.took["rtsp"] = dial(sink.space, f"{NET}.1")
    server.kill()
    server.wait()
    source.command(f"P2P_GROUP_REMOVE {interface}")
    source.event("P2P-GROUP-REMOVED")
    source.drain()
    return laps.took


class Lines:
    """What a program says, each line with its time."""

    def __init__(self, argv):
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.lines, self.changed = [], threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.child.stdout:
            with self.changed:
                self.lines.append((time.monotonic(), line.rstrip()))
                self.changed.notify()

    def wait(self, pattern):
        with self.changed:
            found = []

            def look():
                found[:] = [(at, re.search(pattern, line)) for at, line in self.lines if re.search(pattern, line)]
                return found
            if not self.changed.wait_for(look, 120):
                raise RuntimeError(f"never said {pattern}: {self.lines}")
            return found[0]


def by_product(room, miracast):
    sink, laps = room.sink, Laps()
    cast = Lines([miracast, "cast", "Lab Sink", "--link", "p2p", "--quiet", "--capture", "test:still", "--mode",
                  "640x480@60", "--audio", "none", "--channel", "2412", "--wpa-control", room.control])
    at, _ = cast.wait(r"^miracast: searching ")
    laps.end("start", at)
    at, _ = cast.wait(r"^miracast: checking ")
    laps.end("find", at)
    peer = sink.event(r"P2P-GO-NEG-REQUEST (\S+)", timeout=60).group(1)
    laps.end("ask")
    sink.command(f"P2P_CONNECT {peer} pbc go_intent=0")
    at, _ = cast.wait(r"^miracast: forming ")
    laps.end("agree", at)
    at, _ = cast.wait(r"^miracast: (?:associating|addressing) ")
    laps.end("form", at)
    theirs = sink.event(STARTED).group(1)
    room.air.dhcp_client(theirs, sink.space)
    _, found = cast.wait(r"listening on ([0-9.]+):")
    laps.end("address")
    laps.took["rtsp"] = dial(sink.space, found.group(1))
    cast.child.send_signal(signal.SIGINT)
    cast.child.wait(60)
    room.source.drain()
    return laps.took


def main(miracast, rounds, path):
    taken = {"hand": [], "product": []}
    with Air() as air:
        room = Room(air, miracast)
        room.source.command("SET wifi_display 1")
        for _ in range(int(rounds)):
            for who, act in (("hand", by_hand), ("product", lambda it: by_product(it, miracast))):
                room.source.send("REMOVE_NETWORK all")
                room.sink.send("REMOVE_NETWORK all")
                room.after_cast()
                room.source.command("P2P_FLUSH")
                room.listen()
                taken[who].append(act(room))
                log(f"{who}: {taken[who][-1]}")
    pathlib.Path(path).write_text(json.dumps(taken))


if __name__ == "__main__":
    main(*sys.argv[1:])
