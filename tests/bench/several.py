# SPDX-License-Identifier: MIT
"""./dev bench several: what one desktop costs that is shown on 1, 2 and 4 sinks, as ratio to one."""

import json
import signal
import socket
import time

import figures
import stage as bed
from compare import modes_of
from figures import median, ratio, rounded


class Sinks:
    """The product with so many sinks.  Their media go to sockets that nobody reads: what a receiver
    costs is not looked at."""

    def __init__(self, stage, count):
        words = [word for _ in range(count) for word in ("--listen", "127.0.0.1:0")]
        self.path = stage.bed.folder / f"stats-{stage.next_number()}"
        self.program = stage.bed.start(
            [stage.bed.miracast, "cast", "--quiet", "--capture", f"x11:{stage.display}", "--audio",
             "test", "--input", "deny", "--mode", stage.mode.name, "--bitrate", str(stage.mode.kbps),
             "--stats", self.path, *words])
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
        self.sinks = []
        for sock in self.sockets:
            sock.bind(("127.0.0.1", 0))
            port = self.program.wait_line(r"listening on \S+:(\d+)").group(1)
            self.sinks.append(bed.RtspSink(port, sock.getsockname()[1]))

    def last_rows(self):
        """The last statistics of each sink."""
        rows = {}
        for line in self.path.read_text().splitlines() if self.path.exists() else []:
            row = json.loads(line)
            rows[row.get("sink", "")] = row
        return list(rows.values())

    def run_steadily(self):
        """All are proven to stream, and share what they will share (a build that cannot share says
        nothing of it)."""
        rows = self.last_rows()
        return len(rows) == len(self.sinks) and all(
            row["live"] and row.get("encoding_sinks", len(rows)) == len(rows) for row in rows)

    def end(self):
        self.program.send(signal.SIGINT)
        code = self.program.wait()
        bed.harness.check(code == 0, f"miracast ended with {code}:\n{self.program.text()}")
        for sink, sock in zip(self.sinks, self.sockets):
            sink.thread.join(10)
            sock.close()


def measure(stage, count, warm_s, seconds):
    """(CPU %, CPU ms for a picture of one sink, pictures made for all of those that went out)."""
    sinks = Sinks(stage, count)
    bed.wait_until(sinks.run_steadily, sinks.program, patience_s=60)
    time.sleep(warm_s)
    pid, before, begin = sinks.program.child.pid, sinks.last_rows(), time.monotonic()
    begin_s = bed.cpu_s(pid)
    time.sleep(seconds)
    used_s, took_s = bed.cpu_s(pid) - begin_s, time.monotonic() - begin
    sinks.end()
    after = sinks.last_rows()
    sent, shared = (sum(new.get(key, 0) - old.get(key, 0) for new, old in zip(after, before))
                    for key in ("frames_encoded", "frames_shared"))
    return 100 * used_s / took_s, 1000 * used_s / (sent / count), (sent - shared) / sent


def several(arguments):
    results = []
    for mode in modes_of(arguments, "1280x720@30"):
        runs = {count: [] for count in arguments.sinks}
        with bed.Stage(arguments.build, mode) as stage:
            for number in range(arguments.rounds):
                for count in arguments.sinks:
                    arguments.say(f"{mode.name}: round {number + 1}, {count} sinks")
                    runs[count].append(measure(stage, count, arguments.warm, arguments.seconds))
        for count, of in runs.items():
            percent, picture_ms, made = (median(values) for values in zip(*of))
            first = results[0] if results and results[0]["size"] == mode.size else None
            results.append({"size": mode.size, "fps": mode.fps, "sinks": count,
                            "cpu_percent": rounded(percent), "cpu_ms_per_picture": rounded(picture_ms),
                            "encoded_to_sent": rounded(made),
                            "cpu_ratio_to_first": rounded(ratio(percent, first["cpu_percent"])
                                                          if first else 1.0)})
        figures.table(f"{mode.name}: one desktop on several sinks",
                      ["sinks", "CPU %", "CPU ms/picture", "encoded / sent", "x first row"],
                      [[str(row["sinks"]), row["cpu_percent"], row["cpu_ms_per_picture"],
                        row["encoded_to_sent"], row["cpu_ratio_to_first"]]
                       for row in results if row["size"] == mode.size])
    return results
