#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One desktop to several of the lab's sinks at once.  Usage: test_several.py MIRACAST CASE"""

import json
import pathlib
import re
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import SINK, check, main  # noqa: E402

EXIT_OK, EXIT_USAGE, EXIT_LINK, EXIT_LOST = 0, 2, 3, 7


class Several:
    """A source that waits for some sinks, and the sinks that dialled in."""

    def __init__(self, bed, count, *options):
        self.bed = bed
        words = [word for _ in range(count) for word in ("--listen", "127.0.0.1:0")]
        self.source = bed.start([bed.miracast, "cast", "--quiet", "--capture", "test", "--fps", "30",
                                 "--mode", "640x480@30", "--stats", "-", *words, *options],
                                {"XDG_STATE_HOME": str(bed.folder / "state")}, "miracast")
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

    def wait_live(self, *names):
        """Until "streaming" was said of each: proof, with pictures and an answering sink."""
        left = set(names)
        while left:
            left.discard(self.source.wait_line(r"streaming +(\S+): ").group(1))

    def wait_figures(self, name):
        """The next statistics of this sink."""
        return json.loads(self.source.wait_line(rf'^(.*"sink":"{re.escape(name)}".*)$').group(1))


# A machine that is too slow for so many programs loses datagrams; that is not what is looked at.
LOSS = {"ts-continuity", "rtp-loss", "rtp-lost", "decode-errors"}


def end(several, *sinks):
    """Ctrl-C: each sink gets its TEARDOWN, and saw a stream without a fault."""
    several.source.send(signal.SIGINT)
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


def other_modes(bed):
    several = Several(bed, 2, "--mode", "1280x720@30")
    wide, narrow = several.names
    one, two = several.sink(wide, profile="720p"), several.sink(narrow, profile="vga-only")
    several.wait_live(*several.names)
    check(end(several, one, two) == EXIT_OK, several.source.text())
    check(one.report()["negotiated"]["video"]["width"] == 1280, one.report()["negotiated"])
    check(two.report()["negotiated"]["video"]["width"] == 640, two.report()["negotiated"])


def one_killed(bed):
    """Its end is said with its name and is the exit code; the others do not notice."""
    several = Several(bed, 3)
    sinks = [several.sink(name) for name in several.names]
    several.wait_live(*several.names)
    sinks[1].send(signal.SIGKILL)
    said = several.source.wait_line(r"error \[(\S+)\]: (\S+): ")
    check(said.group(2) == several.names[1], several.source.text())
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
    one.send(signal.SIGTERM)
    one.wait()
    several.source.wait_line(rf"(teardown|error \[\S+\]:) +{re.escape(first)}: ")
    end(several, two)


def last_gone(bed):
    """Nobody is left: it ends by itself."""
    several = Several(bed, 2)
    sinks = [several.sink(name, duration=1.5) for name in several.names]
    for sink in sinks:
        sink.wait()
    check(several.source.wait() == EXIT_OK, several.source.text())


def none_comes(bed):
    """One sink's time-out is no reason to end the other."""
    several = Several(bed, 2, "--wait", "1")
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


CASES = {"same-mode": same_mode, "other-modes": other_modes, "one-killed": one_killed,
         "one-late": one_late, "last-gone": last_gone, "none-comes": none_comes, "usage": usage}

if __name__ == "__main__":
    sys.exit(main(CASES))
