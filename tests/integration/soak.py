#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A long session, disturbed all the time.  Usage: soak.py MIRACAST [MINUTES [--json FILE]]

Two sessions run side by side. One shows a desktop with its sound through a link in user space: the sound
server restarts, the display changes its size, the sink asks for key frames in storms, pauses, and the link
loses and narrows. The other sends flashes and beeps, which stand in the stream's time where they should
at the end as at the beginning. Memory and descriptors of both are read every second. The exit status is
1 where they grow, picture and sound drift, or what no link excuses was seen.
"""

import argparse
import json
import pathlib
import re
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lab"))
import rate  # noqa: E402
import relay  # noqa: E402
import sound_servers  # noqa: E402
from harness import Bed, Failure, check, run  # noqa: E402

ROUND_S = 60  # all disturbances, once; a fifth of the time holds one at least
SLACK_S = 60  # the first session begins before both are looked at
MAX_GROWTH_KB = 6 * 1024  # from the second fifth to the last: arenas and caches of libraries
MAX_DRIFT_MS = 10
AV_MS = (-45, 125)
# A link that loses makes others of these; these it does not make.
INEXCUSABLE = {"rtp-header", "rtp-payload-type", "rtp-size", "rtp-ssrc-changed", "rtp-timestamp-back",
               "rtp-while-paused", "ts-sync", "ts-unknown-pid", "ts-scrambled", "ts-discontinuity",
               "ts-adaptation-length", "pat-crc", "pmt-crc", "pat-syntax", "pmt-syntax", "pcr-back",
               "pcr-pid", "video-pts-back", "video-pts-markers", "audio-pts-markers",
               "idr-without-parameter-sets", "rtsp-malformed"}


def memory_kb(pid):
    """What is the process's own or shared with the X server; not the libraries' files."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return sum(int(re.search(rf"{name}:\s+(\d+)", text).group(1)) for name in ("RssAnon", "RssShmem"))


def descriptors(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def threads(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/task").iterdir()))


class Watch:
    """One process's figures, a row a second."""

    def __init__(self, pid):
        self.pid, self.rows = pid, []

    def look(self):
        self.rows.append((memory_kb(self.pid), descriptors(self.pid), threads(self.pid)))

    def growth(self, column):
        """Medians of the second fifth and of the last: what is built up at the start is no growth."""
        values = [row[column] for row in self.rows]
        fifth = len(values) // 5
        return (statistics.median(values[fifth:2 * fifth]), statistics.median(values[-fifth:]))


def sink_script(seconds):
    """In each round a storm of key frames and a pause."""
    words = []
    for begin in range(0, int(seconds) - ROUND_S + 1, ROUND_S):
        words += [f"{begin + 8 + 0.1 * i:.1f}:idr" for i in range(10)]
        words += [f"{begin + 20}:pause", f"{begin + 23}:play", f"{begin + 50}:idr"]
    return ",".join(words)


def link_script(seconds):
    words = ["0:loss=0"]
    for begin in range(0, int(seconds), ROUND_S):
        words += [f"{begin + 30}:loss=1", f"{begin + 35}:loss=0;rate=2500;queue=100",
                  f"{begin + 42}:rate=0"]
    return ",".join(words)


class Desktop:
    """The session that is disturbed."""

    def __init__(self, bed, seconds):
        self.bed, self.seconds = bed, seconds
        self.server = sound_servers.start(bed, "pulse")
        self.display = bed.x_server("1920x1080")
        build = pathlib.Path(bed.miracast).resolve().parent
        bed.start([build / "miracast-demo-desktop", self.display, "30"])
        self.x_tool = build.parent / "tests/integration/x-tool"
        self.source, port = bed.cast("--capture", f"x11:{self.display}", "--audio", "auto", "--fps",
                                     "30", "--stats", bed.folder / "stats", env=self.server.env)
        receive = rate.free_pair()
        self.link = relay.Relay(("127.0.0.1", receive), relay.parse_script(link_script(seconds)))
        self.link.start()
        bed.stack.callback(self.link.stop)
        self.sink = bed.sink(port, "--announce", self.link.port, "--receive", receive, "--recover",
                             "--no-decode", "--script", sink_script(seconds), duration=seconds + SLACK_S)
        self.source.wait_line("comes back at the end")
        self.watch = Watch(self.source.child.pid)
        self.restarts = self.resizes = 0

    def disturb(self, second):
        """What the script of sink and link does not do."""
        at = second % ROUND_S
        if at == 12:
            self.restarts += 1
            self.server.restart()
        elif at == 15:
            self.server.play_tone(f"tone-{self.restarts}", 800)
        elif at in (26, 46):
            self.resizes += 1
            size = ("1280", "720") if at == 26 else ("1920", "1080")
            run([self.x_tool, self.display, "resize", *size])


class Clock:
    """The session whose picture and sound are held against each other."""

    def __init__(self, bed, seconds):
        self.bed = bed
        self.source, port = bed.cast("--capture", "test:sync", "--audio", "beep", "--fps", "30",
                                     "--mode", "640x480@60", "--stats", bed.folder / "stats")
        self.sink = bed.sink(port, "--av-sync", "--no-decode", duration=seconds + SLACK_S)
        self.source.wait_line("play ")
        self.watch = Watch(self.source.child.pid)


def drift(offsets):
    """From the first fifth to the last, by their medians: a picture that a busy machine made late is
    shown late, and is no drift."""
    fifth = max(1, len(offsets) // 5)
    return statistics.median(offsets[-fifth:]) - statistics.median(offsets[:fifth])


def last_stats(bed):
    lines = (bed.folder / "stats").read_text().splitlines()
    return json.loads(lines[-1])


class Verdict:
    def __init__(self):
        self.wrong, self.figures = [], {}

    def rule(self, name, holds, figure):
        self.figures[name] = figure
        print(f"{'fine ' if holds else 'WRONG'} {name}: {figure}", flush=True)
        if not holds:
            self.wrong.append(name)

    def growth(self, name, watch):
        for column, what, unit, limit in ((0, "memory", "kB", MAX_GROWTH_KB),
                                          (1, "descriptors", "", 1), (2, "threads", "", 1)):
            before, after = watch.growth(column)
            self.rule(f"{name}: {what}", after - before <= limit,
                      f"{before:.0f} to {after:.0f} {unit}".rstrip())


def judge(desktop, clock, seconds):
    verdict = Verdict()
    verdict.growth("desktop", desktop.watch)
    verdict.growth("clock", clock.watch)
    for name, session in (("desktop", desktop), ("clock", clock)):
        report, stats = session.bed.report(), last_stats(session.bed)
        bad = {fault: report["faults"][fault] for fault in INEXCUSABLE & set(report["faults"])}
        verdict.rule(f"{name}: the stream", not bad, bad or "nothing that the link does not excuse")
        verdict.rule(f"{name}: pictures", report["video"]["frames"] > seconds * 5,
                     f"{report['video']['frames']}; left out before the encoder "
                     f"{stats['frames_dropped']}, datagrams dropped {stats['datagrams_dropped']}, "
                     f"lost on the way {report['rtp']['lost']} of {report['rtp']['datagrams']}")
        verdict.rule(f"{name}: sound", report["audio"]["pes"] > seconds * 30,
                     f"{report['audio']['pes']} frames, skipped "
                     f"{stats['sound_skipped_us'] / 1e3:.0f} ms")
    offsets = clock.bed.report()["av_sync"]["offsets_ms"]
    verdict.rule("clock: flashes with their beeps", len(offsets) >= seconds / 4,
                 f"{len(offsets)} in {seconds:.0f} s")
    if offsets:
        ordered = sorted(offsets)
        low, high = ordered[len(ordered) // 20], ordered[-1 - len(ordered) // 20]
        verdict.rule("clock: sound behind picture", AV_MS[0] <= low and high <= AV_MS[1],
                     f"nine in ten {low} to {high} ms, all {ordered[0]} to {ordered[-1]} ms")
        verdict.rule("clock: drift", abs(drift(offsets)) <= MAX_DRIFT_MS,
                     f"{drift(offsets):+.1f} ms from the beginning to the end")
    return verdict


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("miracast")
    parser.add_argument("minutes", type=float, nargs="?", default=30)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    if options.minutes * 60 < 5 * ROUND_S:
        parser.error(f"growth shows after {5 * ROUND_S // 60} minutes and more")
    seconds = options.minutes * 60
    with Bed(options.miracast) as first, Bed(options.miracast) as second:
        desktop, clock = Desktop(first, seconds), Clock(second, seconds)
        begin = time.monotonic()
        for number in range(1, int(seconds)):
            time.sleep(max(0, begin + number - time.monotonic()))
            for session in (desktop, clock):
                check(session.source.child.poll() is None,
                      f"the source ended:\n{session.source.text()}")
                session.watch.look()
            if number < seconds - 10:
                desktop.disturb(number)
            if number % ROUND_S == 0:
                rows = [session.watch.rows[-1] for session in (desktop, clock)]
                print(f"{number // 60} min: " + ", ".join(
                    f"{kb} kB, {fds} descriptors, {tasks} threads" for kb, fds, tasks in rows),
                    flush=True)
        for session in (desktop, clock):
            session.sink.wait(timeout=600)
            check(session.source.wait() == 0, session.source.text())
        print(f"{options.minutes:g} minutes, {desktop.restarts} restarts of the sound server, "
              f"{desktop.resizes} changes of size")
        verdict = judge(desktop, clock, seconds)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(
            {"minutes": options.minutes, "wrong": verdict.wrong, "figures": verdict.figures},
            indent=1), encoding="utf-8")
    return 1 if verdict.wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"soak: {failure}", file=sys.stderr)
        sys.exit(1)
