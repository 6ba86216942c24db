#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One desktop to several of the lab's sinks at once.  Usage: test_several.py MIRACAST CASE"""

import hashlib
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lab")]
import judge  # noqa: E402
import rate  # noqa: E402
import relay  # noqa: E402
from harness import SINK, check, main  # noqa: E402

EXIT_OK, EXIT_USAGE, EXIT_LINK, EXIT_LOST = 0, 2, 3, 7


class Several:
    """A source that waits for some sinks, and the sinks that dialled in."""

    def __init__(self, bed, count, *options, env=None):
        self.bed = bed
        words = [word for _ in range(count) for word in ("--listen", "127.0.0.1:0")]
        self.source = bed.start([bed.miracast, "cast", "--quiet", "--capture", "test", "--fps", "30",
                                 "--mode", "640x480@30", "--stats", "-", *words, *options],
                                {"XDG_STATE_HOME": str(bed.folder / "state"), **(env or {})},
                                "miracast")
        self.ports = {}
        while len(self.ports) < count:
            found = self.source.wait_line(r"link +(\S+): listening on \S+:(\d+)")
            self.ports[found.group(1)] = int(found.group(2))
        self.names = sorted(self.ports)

    def sink(self, name, *options, duration=60, profile="default"):
        """Stays until the source ends it, if nothing else is said."""
        number = self.names.index(name)
        report = self.bed.folder / f"report-{number}.json"
        program = self.bed.start([sys.executable, SINK, "--connect", f"127.0.0.1:{self.ports[name]}",
                                  "--profile", profile, "--duration", duration, "--report", report,
                                  *options], name=f"sink-{number}")
        program.report = lambda: json.loads(report.read_text())
        return program

    def saved(self, name):
        """The file for a sink's elementary stream."""
        return self.bed.folder / f"picture-{self.names.index(name)}.h264"

    def wait_live(self, *names):
        """Until "streaming" was said of each: proof, with pictures and an answering sink."""
        left = set(names)
        while left:
            left.discard(self.source.wait_line(r"streaming +(\S+): ").group(1))

    def wait_figures(self, name):
        """The next statistics of this sink."""
        return json.loads(self.source.wait_line(rf'^(.*"sink":"{re.escape(name)}".*)$').group(1))

    def wait_rows(self, holds, names=None):
        """The next statistics of these sinks of which this holds together."""
        names = names or self.names
        rows = {}
        while len(rows) < len(names) or not holds(*(rows[name] for name in names)):
            row = json.loads(self.source.wait_line(r'^(\{"sink":.*\})$').group(1))
            if row["sink"] in names:
                rows[row["sink"]] = row
        return [rows[name] for name in names]

    def wait_together(self, *names):
        """Until these sinks, and no other, have one encoding."""
        names = names or self.names
        return self.wait_rows(lambda *rows: all(
            (row["encoding"], row["encoding_sinks"]) == (rows[0]["encoding"], len(names))
            for row in rows), names)


# A machine that is too slow for so many programs loses datagrams; that is not what is looked at.
LOSS = {"ts-continuity", "rtp-loss", "rtp-lost", "decode-errors"}


def end(several, *sinks, behind_slow_link=None):
    """Ctrl-C: each sink gets its TEARDOWN, and saw a stream without a fault."""
    several.source.send(signal.SIGINT)
    if behind_slow_link:
        behind_slow_link.wait()
    for sink in sinks:
        sink.wait()
        report = sink.report()
        check(not set(report["serious"]) - LOSS, f"{sink.name}: {report['faults']}")
        check(report["ended_by"], f"{sink.name}: {report['dialogue'][-3:]}")
        check(report["video"]["idr_at_s"][0] == 0.0, f"{sink.name}: the first picture is no IDR")
    return several.source.wait()


def same_mode(bed):
    several = Several(bed, 2)
    one, two = (several.sink(name) for name in several.names)
    several.wait_live(*several.names)
    for name in several.names:
        row = several.wait_figures(name)
        check(row["width"] == 640 and row["frames_encoded"] > 0, row)
    check(end(several, one, two) == EXIT_OK, several.source.text())
    for sink in (one, two):
        check(sink.report()["video"]["fps"] > 5, sink.report()["video"])
        check(abs(sink.report()["audio"]["tone_hz"] - 440) < 3, sink.report()["audio"])


def units(path):
    """Hashes of the access units: each begins with an AUD."""
    return [hashlib.sha256(unit).digest() for unit in
            path.read_bytes().split(b"\0\0\0\1\x09")[1:]]


def shared(bed):
    """One encoding for both, by the figures and by what arrives; and each stream is one that a sink
    can rely on."""
    several = Several(bed, 2)
    sinks = [several.sink(name, "--save-h264", several.saved(name)) for name in several.names]
    several.wait_live(*several.names)
    before = several.wait_together()
    after = several.wait_rows(lambda *rows: all(
        row["frames_encoded"] > old["frames_encoded"] + 60 for row, old in zip(rows, before)))
    made, made_before = (sum(row["frames_encoded"] - row["frames_shared"] for row in rows)
                         for rows in (after, before))
    done = [row["frames_encoded"] - old["frames_encoded"] for row, old in zip(after, before)]
    # The rows of two sinks are not of the same moment.
    check(made - made_before < max(done) + 40, (before, after))
    check(end(several, *sinks) == EXIT_OK, several.source.text())
    check(re.search(r"encoder +\S+: one encoding for", several.source.text()), several.source.text())
    lost = sum(sink.report()["rtp"]["lost"] for sink in sinks)
    for sink in sinks:
        wrong = judge.failures(sink.report())
        check(lost or not wrong, "\n".join(wrong))
    one, two = (units(several.saved(name)) for name in several.names)
    common = set(one) & set(two)
    check(len(common) >= (20 if lost else 60), (len(one), len(two), len(common)))
    if not lost:
        one, two = ([unit for unit in found if unit in common] for found in (one, two))
        check(one == two, "the same pictures in another order")


def unlike(bed):
    """Sinks of other levels, and one that shows only pictures of one slice and has a flavour of its own:
    the mode is the same, and so is the encoding."""
    several = Several(bed, 3)
    low = ("--set", "wfd_video_formats=40 00 01 01 0001FFFF 1FFFFFFF 00000FFF 00 0000 0000 11 none none")
    sinks = [several.sink(several.names[0]), several.sink(several.names[1], *low),
             several.sink(several.names[2], profile="samsung-2026")]
    several.wait_live(*several.names)
    several.wait_together()
    check(end(several, *sinks) == EXIT_OK, several.source.text())
    check("one slice a picture" in several.source.text(), several.source.text())
    levels = {sink.report()["negotiated"]["video"]["level_idc"] for sink in sinks}
    check(len(levels) == 1, levels)


def slow_link(bed):
    """One sink's link becomes slow: it gets an encoding of its own, with fewer pictures, and the other its
    rate back, whose pictures all come meanwhile; when the link is good again, they come together."""
    several = Several(bed, 2, "--bitrate", "4000", "--capture", "test:noise")
    good, bad = several.names
    receive = rate.free_pair()
    link = relay.Relay(("127.0.0.1", receive), relay.parse_script("0:rate=20000;queue=200"))
    link.start()
    try:
        one = several.sink(good, profile="windows-r2", duration=600)
        two = several.sink(bad, "--announce", str(link.port), "--receive", str(receive), "--recover",
                           "--report-interval", "0.1", profile="windows-r2", duration=600)
        several.wait_live(*several.names)
        several.wait_together()
        link.link.rate = 1500.0
        before, _ = several.wait_rows(lambda good_row, bad_row: (
            good_row["encoding"] != bad_row["encoding"] and
            bad_row["kbps_asked"] < good_row["kbps_asked"] * 3 / 4))
        # Apart, neither is held up by the other: the good one goes on as the desktop does.
        after, _ = several.wait_rows(lambda good_row, _: (
            good_row["kbps_asked"] == 4000 and
            good_row["frames_in"] > before["frames_in"] + 60))
        made = after["frames_encoded"] - before["frames_encoded"]
        came = after["frames_in"] - before["frames_in"]
        check(made > came * 9 / 10, (before, after))
        link.link.rate = 20000.0
        several.wait_together()
        check(end(several, one, behind_slow_link=two) == EXIT_OK, several.source.text())
    finally:
        link.stop()


def encoder_fails(bed):
    """It is lost for both, and replaced once."""
    build = pathlib.Path(bed.miracast).resolve().parent.parent
    several = Several(bed, 2, "--encoder", "vaapi", env={
        "GST_PLUGIN_PATH": str(build / "tests/lab/gst"), "GST_REGISTRY": str(bed.folder / "gst"),
        "MCLAB_FRAMES": "150", "MCLAB_HOW": "error"})
    one, two = (several.sink(name) for name in several.names)
    several.wait_live(*several.names)
    rows = several.wait_rows(lambda *rows: all(
        row["encoding_sinks"] == 2 and row["encoder"] != "vah264enc" for row in rows))
    check(max(row["encoders_replaced"] for row in rows) == 1, rows)
    before = [row["frames_encoded"] for row in rows]
    several.wait_rows(lambda *rows: all(
        row["frames_encoded"] > old + 20 for row, old in zip(rows, before)))
    check(end(several, one, two) == EXIT_OK, several.source.text())


def other_modes(bed):
    several = Several(bed, 2, "--mode", "1280x720@30")
    wide, narrow = several.names
    one, two = several.sink(wide, profile="720p"), several.sink(narrow, profile="vga-only")
    several.wait_live(*several.names)
    for name in several.names:
        check(several.wait_figures(name)["encoding_sinks"] == 1, several.source.text())
    check(end(several, one, two) == EXIT_OK, several.source.text())
    check(one.report()["negotiated"]["video"]["width"] == 1280, one.report()["negotiated"])
    check(two.report()["negotiated"]["video"]["width"] == 640, two.report()["negotiated"])


def one_killed(bed):
    """Its end is said with its name and is the exit code; the others do not notice."""
    several = Several(bed, 3)
    sinks = [several.sink(name) for name in several.names]
    several.wait_live(*several.names)
    several.wait_together()
    sinks[1].send(signal.SIGKILL)
    said = several.source.wait_line(r"error \[(\S+)\]: (\S+): ")
    check(said.group(2) == several.names[1], several.source.text())
    several.wait_together(several.names[0], several.names[2])
    for name in (several.names[0], several.names[2]):
        before = several.wait_figures(name)["frames_encoded"]
        check(several.wait_figures(name)["frames_encoded"] > before, several.source.text())
    check(end(several, sinks[0], sinks[2]) == EXIT_LOST, several.source.text())


def one_late(bed):
    """Joins when another runs, and stays when that one has gone."""
    several = Several(bed, 2)
    first, late = several.names
    one = several.sink(first)
    several.wait_live(first)
    two = several.sink(late)
    several.wait_live(late)
    several.wait_together()
    one.send(signal.SIGTERM)
    one.wait()
    several.source.wait_line(rf"(teardown|error \[\S+\]:) +{re.escape(first)}: ")
    before = several.wait_together(late)[0]["frames_encoded"]
    several.wait_rows(lambda row: row["frames_encoded"] > before + 20, [late])
    end(several, two)


def stranger(bed):
    """Someone who is no sink knocks at one's door: the others do not notice, and its sink still comes in."""
    several = Several(bed, 2)
    first, second = several.names
    one = several.sink(first)
    several.wait_live(first)
    with socket.create_connection(("127.0.0.1", several.ports[second]), timeout=60) as knock:
        knock.sendall(b"GET / HTTP/1.0\r\n\r\n")
    several.source.wait_line(rf"link +{re.escape(second)}: \[link\.no-sink\] 127\.0\.0\.1 ")
    two = several.sink(second)
    several.wait_live(second)
    several.wait_together()
    check(end(several, one, two) == EXIT_OK, several.source.text())


def last_gone(bed):
    """Nobody is left: it ends by itself."""
    several = Several(bed, 2)
    sinks = [several.sink(name, duration=1.5) for name in several.names]
    for sink in sinks:
        sink.wait()
    check(several.source.wait() == EXIT_OK, several.source.text())


def none_comes(bed):
    """One sink's time-out is no reason to end the other."""
    # The sink that comes is a Python program that starts: well within the wait, also where others work.
    several = Several(bed, 2, "--wait", "12")
    one = several.sink(several.names[0])
    said = several.source.wait_line(r"error \[link.timeout\]: (\S+): ")
    check(said.group(1) == several.names[1], several.source.text())
    several.wait_figures(several.names[0])
    check(end(several, one) == EXIT_LINK, several.source.text())


def usage(bed):
    for words in (["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--sdp", "x"],
                  ["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"],
                  ["One", "Two", "Three", "--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"],
                  ["One", "Two", "--pin", "12345670"]):
        done = subprocess.run([bed.miracast, "cast", *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        check(done.returncode == EXIT_USAGE and "error [usage]" in done.stderr, (words, done.stderr))
    for words in (["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"], ["--listen", "127.0.0.1:0"],
                  ["--link", "p2p"], ["Living room"]):  # the demo has one sink, its own
        done = subprocess.run([bed.miracast, "demo", *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        lines = done.stderr.splitlines()
        check(done.returncode == EXIT_USAGE and len(lines) == 1 and "error [usage]" in lines[0] and
              "own sink" in lines[0], (words, done.stderr))


CASES = {"same-mode": same_mode, "shared": shared, "unlike": unlike, "slow-link": slow_link,
         "encoder-fails": encoder_fails, "other-modes": other_modes, "one-killed": one_killed,
         "one-late": one_late, "stranger": stranger, "last-gone": last_gone, "none-comes": none_comes, "usage": usage}

if __name__ == "__main__":
    sys.exit(main(CASES))
