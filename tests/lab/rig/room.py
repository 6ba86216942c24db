# SPDX-License-Identifier: MIT
"""A room: a computer with the product, a television, and the person who sits before it.

Rooms that are `apart` hear nobody else and have a name space for the computer, too, so that several
can be used at once, each from its own thread: what has to wait out a deadline waits beside others.
"""

import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import time

from air import SOURCE_TYPE, Failure, Space, log, sh, until
from record import Record

SINK_PROGRAM = pathlib.Path(__file__).resolve().parents[1] / "sink"
STARTED = r"P2P-GROUP-STARTED (\S+) (GO|client).* freq=(\d+)"
# What the product changes at its supplicant.
SETTINGS = ("GET wifi_display", "WFD_SUBELEM_GET all", "GET persistent_reconnect", "GET device_name")
_numbers = itertools.count()


class Room:
    """`source` and `sink` are the supplicants of the computer and of the television.  With a manager the
    computer's card is NetworkManager's, and there is no `source`."""

    def __init__(self, air, miracast, number=0, apart=False, source=None, sink=None, manager=None):
        suffix = str(number or "")
        self.air, self.miracast = air, miracast
        self.space = Space()
        self.sink_phys = [2 * number + 1]
        if apart:
            for radio in (2 * number, 2 * number + 1):
                air.hear(radio, number)
            self.space = air.space("pc" + suffix, 2 * number)
        self.net = f"192.168.{50 + number}"
        self.phy = air.phys[2 * number + 1]
        self.sink = air.sink("sink" + suffix, 2 * number + 1, **(sink or {}))
        self.manager = manager
        self.source = manager or air.supplicant("source" + suffix, 2 * number, space=self.space, listen_channel=1,
                                                device_name="Rig Source", device_type=SOURCE_TYPE, reconnect=0,
                                                **(source or {}))
        self.control = self.source.ctrl_dir
        # Over D-Bus there is no word for Wi-Fi Display that is on and says nothing: both are one property.
        self.over_bus = "-u" in (source or {}).get("arguments", ())
        self.record = None if manager or self.over_bus else self.start_record(number)
        # How the program is told which card: with a manager it must find out by itself who drives it.
        self.driver = ["--interface", "wlan0"] if manager else [
            "--wpa-control", str(self.record.folder) if self.record else self.control]
        self.programs = []  # of the television
        self.before = self.state()

    def start_record(self, number):
        """Of what passes between the program and the supplicant, where the runner was asked for one."""
        if "RIG_RECORD" not in os.environ:
            return None
        record = Record(number, self.source.path, f"/rig/out/{os.environ['RIG_RECORD']}-{number}.txt")
        self.air.stack.callback(record.close)
        return record

    # ---- the computer ----

    def run(self, *words, **more):
        return Program(self, words, **more)

    def cast(self, *words, **more):
        """A cast of a still picture to the television, over Wi-Fi Direct."""
        return self.run("cast", "Lab Sink", "--link", "p2p", "--quiet", "--capture", "test:still", "--mode",
                        "640x480@60", "--bitrate", "800", "--audio", "none", *words, **more)

    def state_of_driver(self):
        """What NetworkManager or wpa_supplicant must have kept."""
        if self.manager:
            return self.manager.state()
        asks = [ask for ask in SETTINGS if not self.over_bus or ask != "GET wifi_display"]
        return {"settings": {ask: self.source.send(ask, quiet=True) for ask in asks},
                "written": "persistent_reconnect=1" in self.source.config.read_text()}

    def state(self):
        """What a cast must leave as it was, item by item."""
        def listed(command, pattern):
            return sorted(re.findall(pattern, self.space.sh(command, quiet=True), re.M))
        return {**self.state_of_driver(), "links": listed("ip -o link", r"^\d+: (\S+):"),
                "addresses": listed("ip -o addr", r"inet6? (?!fe80)\S+"),
                "routes": listed("ip route show table all type unicast", r"^.+$"),
                "policies": listed("ip rule", r"^.+$"),
                "filter": self.space.sh("nft list ruleset", quiet=True),
                "groups": sorted(os.listdir(self.control)) if os.path.isdir(self.control) else [],
                "processes": [line for line in sh("ps -eo args=", quiet=True).split("\n")
                              if "miracast" in line.split(" ")[0] and self.driver[1] in line.split(" ")]}

    def same_state(self, timeout=10):
        """Within ten seconds of the end; a slow machine gets more, but it is told."""
        def differences():
            now = self.state()
            return [f"{key}: {self.before[key]} is now {now[key]}"
                    for key in self.before if self.before[key] != now[key]]
        start = time.monotonic()
        left = differences()
        while left and time.monotonic() < start + 3 * timeout:
            time.sleep(0.2)
            left = differences()
        if left:
            raise Failure("not as before: " + "; ".join(left))
        if time.monotonic() > start + timeout:
            log(f"as before only after {time.monotonic() - start:.1f} s")

    # ---- the television ----

    def listen(self):
        self.sink.drain()
        self.sink.command("P2P_LISTEN 120")

    def press_button(self, intent, by="button"):
        """Confirms each request until there is a group: its interface, our role, channel.  by="pin": was
        confirmed already; "memory": a remembered group needs nobody, so a request is a failure."""
        while True:
            found = self.sink.event(STARTED, r"P2P-(?:GO-NEG-REQUEST|PROV-DISC-PBC-REQ) (\S+)",
                                    "P2P-GO-NEG-FAILURE()", timeout=90)
            if found.re.pattern == STARTED:
                return found.groups()
            if not found.group(1):
                self.sink.command("P2P_LISTEN 120")  # it was not agreed upon: goes on listening
            elif by == "button":
                self.sink.command(f"P2P_CONNECT {found.group(1)} pbc persistent go_intent={intent}")
            elif by == "memory":
                raise Failure("the group was not remembered: the television asks its user")

    def give_or_take_address(self, interface, role):
        if role == "GO":
            self.sink.event("AP-STA-CONNECTED", timeout=60)
            self.programs.append(self.air.dhcp_server(interface, self.sink.space, self.net))
        else:
            self.air.dhcp_client(interface, self.sink.space)

    def come_together(self, cast, intent, by="button"):
        """From the request to RTSP's address at the computer; with the television's role and channel."""
        try:
            interface, role, freq = self.press_button(intent, by)
            self.give_or_take_address(interface, role)
        except Failure as failure:
            raise Failure(f"{failure}; the computer's side:\n{cast.text()}") from failure
        address = cast.said(r"listening on ([0-9.]+):", 90).group(1)
        if "group on 0 MHz" in cast.text():
            raise Failure("it does not know the group's channel")
        return address, role, int(freq)

    def watch(self, address, *words):
        """The television's own program; its report's path beside it."""
        report = pathlib.Path(f"/run/report-{next(_numbers)}.json")
        tv = self.air.start(["/usr/bin/python3", SINK_PROGRAM, "--connect", f"{address}:7236", "--wait", "30",
                             "--profile", "vga-only", "--report", report, *words], self.sink.space,
                            report.with_suffix(".log"))
        self.programs.append(tv)
        return tv, report

    def watch_to_the_end(self, address, seconds):
        """Pictures for some seconds, then the television ends the session: its report."""
        return self.report_of(*self.watch(address, "--duration", seconds), "sink")

    @staticmethod
    def report_of(tv, report, ended_by):
        """Once it has ended: there were pictures, and this side ended the session."""
        tv.wait(300)
        words = report.with_suffix(".log").read_text(errors="replace")
        if not report.exists():
            raise Failure("no report: " + words)
        done = json.loads(report.read_text())
        if not done["pictures"] or done["ended_by"] != ended_by:
            raise Failure(json.dumps(done)[:2000] + "\n" + words)
        return done

    def after_cast(self):
        """The television stands for the next one: no group, nothing asked."""
        self.end_programs()
        self.sink.send("P2P_CANCEL")
        self.sink.send("P2P_GROUP_REMOVE *")
        self.sink.command("P2P_FLUSH")

    def forget_groups(self):
        """Both forget the groups that they remember: the television asks its user again."""
        for one in (self.source, self.sink):
            one.send("REMOVE_NETWORK all")

    def end_programs(self):
        for program in self.programs:
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()
        self.programs.clear()

    def pull_plug(self):
        """The television is off, from one moment to the next."""
        log(f"{self.sink.name}: the plug is pulled")
        self.air.silence(self.phy)
        self.sink.kill()
        self.end_programs()


class Program:
    """The product at work, and what it says.  user: the words of a program that makes it another user's."""

    def __init__(self, room, words, typed=False, user=()):
        self.path = pathlib.Path(f"/run/{room.source.name}-{next(_numbers)}.log")
        more = {"stdin": subprocess.PIPE, "text": True} if typed else {}
        self.child = room.air.start([*user, room.miracast, *words, *room.driver], room.space, self.path,
                                    **more)

    def text(self):
        return self.path.read_text(errors="replace")

    def said(self, pattern, timeout=60):
        """The match, as soon as it says so; its end without that is a failure."""
        def look():
            over = self.child.poll() is not None
            found = re.search(pattern, self.text(), re.M)
            if over and not found:
                raise Failure(f"ended without saying {pattern}: {self.text()}")
            return found
        return until(look, f"{pattern} in: {self.path}", timeout)

    def type(self, text):
        self.child.stdin.write(text + "\n")
        self.child.stdin.flush()

    def interrupt(self):
        self.child.send_signal(signal.SIGINT)

    def kill(self):
        self.child.kill()
        self.child.wait()

    def ended(self, *codes, timeout=300):
        """Waits for the end, with one of these errors, or without one where none is named."""
        try:
            status = self.child.wait(timeout)
        except subprocess.TimeoutExpired as late:
            raise Failure(f"goes on after {timeout} s") from late
        finally:
            log(self.text())
        errors = re.findall(r"^miracast: error \[(\S+)\]", self.text(), re.M)
        if codes and (not errors or errors[0] not in codes or status in (0, None) or status < 0):
            raise Failure(f"ended with {errors} (status {status}), not with {' or '.join(codes)}")
        if not codes and (errors or status):
            raise Failure(f"ended with {errors}, status {status}")
