# SPDX-License-Identifier: MIT
"""./dev bench dispatch, negotiate and crypto: costs of single calls, beside what bounds them."""

import pathlib
import re
import shutil
import subprocess
import sys
import time

import figures
import stage as bed
from figures import median, percentile, ratio, rounded

LINE = re.compile(r"^(\S+) (\d+) ([\d.]+) ([\d.]+) (\d+)$")
CALL_LINES = ("query-status", "cursor", "unknown-type")


class Samples:
    """Lines of a bench program: {(name, threads or bytes): (p50, p99)} in ns."""

    def __init__(self):
        self.of = {}

    def take(self, lines):
        for line in lines:
            found = LINE.match(line)
            if found:
                key = found.group(1), int(found.group(2))
                self.of.setdefault(key, []).append((float(found.group(3)), float(found.group(4))))

    def get(self, name, number):
        values = self.of.get((name, number), [])
        return tuple(median([value[i] for value in values]) for i in (0, 1))


def tool(arguments, name):
    path = pathlib.Path(arguments.build).resolve() / "tests" / "bench" / name
    if not path.exists():
        raise bed.harness.Skipped(f"{name} was not built")
    return path


# ---- dispatch ----

def dispatch(arguments):
    samples, build = Samples(), pathlib.Path(arguments.build).resolve()
    for number in range(arguments.rounds):
        arguments.say(f"round {number + 1}")
        with bed.harness.Bed(build / "host" / "miracast") as bedding:
            program = bedding.start(
                [tool(arguments, "bench-dispatch"), build / "umd" / "miracast-umd.so"],
                {"TEST_UMD_PATH": str(build / "tests" / "unit" / "host" / "test-umd.so")})
            port = int(program.wait_line(r"^port (\d+)").group(1))
            bed.RtspSink(port, 9)  # the discard port: nothing is captured, nothing comes
            code = program.wait()
            bed.harness.check(code == 0, program.text())
            samples.take(program.lines)
    rows, results = [], []
    for threads in (1, 8):
        empty = samples.get("empty", threads)
        for name in ("empty",) + CALL_LINES:
            p50, p99 = samples.get(name, threads)
            rows.append([f"{name}, {threads} thread{'s' * (threads > 1)}", p50, p99,
                         ratio(p50, empty[0])])
            results.append({"call": name, "threads": threads, "p50_ns": p50, "p99_ns": p99,
                            "ratio_to_empty_p50": rounded(ratio(p50, empty[0]))})
    figures.table("HandleKernelModeMessage in a session (ns a call)",
                  ["message", "p50", "p99", "x empty"], rows)
    chunk, pair = samples.get("chunk-queue", 2), samples.get("chunk-push-get", 1)
    sent = samples.get("send-to-completion", 1)
    figures.table("other ways (us)", ["", "p50", "p99"],
                  [["chunk pushed and got, one thread", pair[0] / 1e3, pair[1] / 1e3],
                   ["chunk from thread to thread, queue full of work", chunk[0] / 1e3, None],
                   ["DxgkCbMiracastSendMessage to completion", sent[0] / 1e3, sent[1] / 1e3]])
    print(f"  {1e9 / chunk[0]:,.0f} chunks a second between two threads")
    return results + [{"call": "chunk-push-get", "threads": 1, "p50_ns": pair[0], "p99_ns": pair[1]},
                      {"call": "chunk-queue", "threads": 2, "p50_ns": chunk[0]},
                      {"call": "send-to-completion", "threads": 1, "p50_ns": sent[0],
                       "p99_ns": sent[1]}]


# ---- negotiate ----

class TimedSink(bed.RtspSink):
    """Counts the time in which the sink itself works on what it was sent."""

    def _run(self):
        self.own_s = 0.0
        for name in ("_request", "_response"):
            self._wrap(name)
        super()._run()

    def _wrap(self, name):
        inner = getattr(self.session, name)

        def timed(message):
            start = time.perf_counter()
            try:
                inner(message)
            finally:
                if self.session.t_play is None or name == "_response":
                    self.own_s += time.perf_counter() - start
        setattr(self.session, name, timed)


def handshake(build):
    """(TCP connect to PLAY answered, the sink's own part) in ms."""
    with bed.harness.Bed(build / "host" / "miracast") as bedding:
        program, port = bedding.cast("--capture", "test", "--audio", "none")
        sink = TimedSink(port, 9)
        bed.wait_until(lambda: sink.session.t_play, program)
        total, own = sink.session.t_play - sink.session.t_connect, sink.own_s
        program.send(bed.signal.SIGINT)
        program.wait()
        sink.thread.join(10)
    return total * 1e3, own * 1e3


def negotiate(arguments):
    build, samples = pathlib.Path(arguments.build).resolve(), Samples()
    totals, owns = [], []
    for number in range(arguments.rounds):
        arguments.say(f"round {number + 1}")
        total, own = handshake(build)
        totals.append(total)
        owns.append(own)
    with bed.harness.Bed(build / "host" / "miracast") as bedding:
        body = bedding.folder / "m3"
        profile = bed.profiles.PROFILES["samsung-2014"]
        body.write_text("".join(line.format(rtp=1028, rtcp=1029) + "\r\n" for line in profile.m3))
        for _ in range(arguments.rounds):
            samples.take(bed.harness.run([tool(arguments, "bench-parse"),
                                          body]).stdout.splitlines())
    figures.table(f"TCP connect to PLAY answered, over loopback, {arguments.rounds} sessions (ms)",
                  ["", "p50", "worst"],
                  [["whole", median(totals), max(totals)],
                   ["the lab sink's own part", median(owns), max(owns)],
                   ["ours and the way", median([t - o for t, o in zip(totals, owns)]),
                    max(t - o for t, o in zip(totals, owns))]])
    rows, results = [], [{"call": "negotiate", "connect_to_play_ms": rounded(median(totals)),
                          "sink_ms": rounded(median(owns)), "worst_ms": rounded(max(totals))}]
    for (name, size) in samples.of:
        p50, p99 = samples.get(name, size)
        rows.append([name, size, p50 / 1e3, p99 / 1e3, size / p50 * 1e3])
        results.append({"call": name, "bytes": size, "p50_ns": p50, "p99_ns": p99})
    figures.table("reading a television's answer to M3", ["", "bytes", "us p50", "p99", "MB/s"], rows)
    return results


# ---- crypto ----

# What `openssl speed` runs for each bare cipher; several: one after the other over the same bytes.
SPEED = {"cipher-ctr": ("-evp aes-128-ctr",), "cipher-ctr-sha1": ("-evp aes-128-ctr", "-hmac sha1"),
         "cipher-gcm": ("-evp aes-128-gcm",), "cipher-gcm-256": ("-evp aes-256-gcm",)}
PROTECTIONS = (("clear", None), ("srtp-cm-sha1", "cipher-ctr-sha1"), ("srtp-gcm", "cipher-gcm"),
               ("dtls", "cipher-gcm-256"), ("hdcp", "cipher-ctr"))


def openssl_speed_ns(what):
    """ns for 1328 bytes by `openssl speed`; None without the program."""
    if not shutil.which("openssl"):
        return None
    text = subprocess.run(["openssl", "speed", *what.split(), "-bytes", "1328", "-seconds", "1"],
                          capture_output=True, text=True, check=False).stdout
    found = re.search(r"([\d.]+)k\s*$", text, re.M)
    return 1328 / (float(found.group(1)) * 1000) * 1e9 if found else None


def crypto(arguments):
    samples = Samples()
    program = tool(arguments, "bench-crypto")
    for number in range(arguments.rounds):
        arguments.say(f"round {number + 1}")
        done = bed.harness.run([program])
        samples.take(done.stdout.splitlines())
        if number == 0:
            print(done.stderr.strip(), file=sys.stderr)
    single = {what: openssl_speed_ns(what) for whats in SPEED.values() for what in whats}
    speed = {cipher: sum(single[what] for what in whats) if all(single[what] for what in whats) else None
             for cipher, whats in SPEED.items()}
    clear, rows, results = samples.get("clear", 1328)[0], [], []
    for name, cipher in PROTECTIONS:
        p50, p99 = samples.get(name, 1328)
        bare = samples.get(cipher, 1328)[0] if cipher else None
        added = p50 - clear if p50 and cipher else None
        stock = speed.get(cipher)
        core = p50 * 20e6 / 8 / 1316 / 1e7 if p50 else None
        rows.append([name, p50, p99, ratio(p50, clear), added, bare, ratio(added, bare), stock,
                     ratio(added, stock), core])
        results.append({"protection": name, "p50_ns": p50, "p99_ns": p99,
                        "ratio_to_clear": rounded(ratio(p50, clear)),
                        "ratio_of_added_to_cipher": rounded(ratio(added, bare)),
                        "openssl_speed_ns": stock,
                        "ratio_of_added_to_openssl_speed": rounded(ratio(added, stock)),
                        "percent_of_a_core_at_20_mbit": rounded(core)})
    figures.table("a datagram of seven TS packets, copied, protected and sent (ns); 20 Mbit/s",
                  ["", "p50", "p99", "x clear", "added", "bare cipher", "added / cipher",
                   "openssl speed", "added / that", "% of a core"], rows)
    return results
