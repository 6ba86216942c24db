# SPDX-License-Identifier: MIT
"""Runs the product and the lab's sink as programs and waits for what they say, never for time."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SINK = ROOT / "tests" / "lab" / "sink"
PATIENCE_S = 120  # a bound on hangs, generous for sanitizers; no test passes by it


class Skipped(Exception):
    """This machine lacks what the test needs."""


class Failure(Exception):
    """What was expected and did not come."""


def check(condition, text):
    if not condition:
        raise Failure(text)


def need_programs(*names):
    for name in names:
        if not shutil.which(name):
            raise Skipped(f"the program {name} is not installed")


class Program:
    """A child whose lines on standard error are read as they come."""

    def __init__(self, argv, env=None, name=None, stdin=subprocess.DEVNULL):
        self.name = name or pathlib.Path(argv[0]).name
        self.lines, self._queue = [], queue.Queue()
        self.child = subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, errors="replace",
                                      env={**os.environ, **(env or {})})
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.append(line.rstrip("\n"))
            self._queue.put(line)
        self._queue.put(None)

    def text(self):
        return "\n".join(self.lines)

    def wait_line(self, pattern, timeout=PATIENCE_S):
        """The match of the first line that has the pattern, from the ones not yet waited for."""
        end = time.monotonic() + timeout
        while True:
            try:
                line = self._queue.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise Failure(f"{self.name} did not say /{pattern}/:\n{self.text()}") from None
            if line is None:
                raise Failure(f"{self.name} ended without /{pattern}/:\n{self.text()}")
            found = re.search(pattern, line)
            if found:
                return found

    def wait(self, timeout=PATIENCE_S):
        try:
            code = self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.child.send_signal(signal.SIGABRT)
            raise Failure(f"{self.name} hangs:\n{self.text()}") from None
        self._reader.join(10)
        return code

    def send(self, number):
        self.child.send_signal(number)

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()


class Bed:
    """One test's programs and folder; everything ends with it."""

    def __init__(self, miracast):
        self.miracast = miracast
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="miracast-test-"))
        self.stack = contextlib.ExitStack()
        self.inside = []  # words before each program's: a namespace to run in

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, argv, env=None, name=None, stdin=subprocess.DEVNULL):
        words = [str(word) for word in (*self.inside, *argv)]
        program = Program(words, env, name or pathlib.Path(argv[0]).name, stdin)
        self.stack.callback(program.close)
        return program

    def cast(self, *options, env=None, listen="127.0.0.1:0"):
        """(program, port) of a source that listens."""
        env = {"XDG_STATE_HOME": str(self.folder / "state"), **(env or {})}
        program = self.start([self.miracast, "cast", "--quiet", "--listen", listen, *options],
                             env, "miracast")
        found = program.wait_line(r"listening on \S+:(\d+)")
        return program, int(found.group(1))

    def sink(self, port, *options, duration=3, profile="default"):
        self.report_path = self.folder / "report.json"
        return self.start([sys.executable, SINK, "--connect", f"127.0.0.1:{port}", "--profile",
                           profile, "--duration", duration, "--report", self.report_path, *options],
                          name="sink")

    def report(self):
        check(self.report_path.exists(), "the sink wrote no report")
        return json.loads(self.report_path.read_text())

    def x_server(self, size="1280x720"):
        need_programs("Xvfb")
        read_fd, write_fd = os.pipe()
        server = subprocess.Popen(["Xvfb", "-displayfd", str(write_fd), "-screen", "0",
                                   f"{size}x24", "-nolisten", "tcp", "-noreset"],
                                  pass_fds=(write_fd,), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write_fd)

        def end():
            server.terminate()
            server.wait()
        self.stack.callback(end)
        with os.fdopen(read_fd) as pipe:
            number = pipe.readline().strip()
        check(number, "Xvfb did not start")
        return f":{number}"


def run(command, **kwargs):
    kwargs.setdefault("stdin", subprocess.DEVNULL)  # ffmpeg takes what it finds there for commands
    return subprocess.run([str(word) for word in command], check=True, capture_output=True,
                          text=True, timeout=PATIENCE_S, **kwargs)


def screenshot(display, path, size):
    run(["ffmpeg", "-v", "error", "-y", "-f", "x11grab", "-draw_mouse", "0", "-video_size", size,
         "-i", display, "-frames:v", "1", path])


def psnr(one, other):
    """Of luma, in dB."""
    done = run(["ffmpeg", "-v", "info", "-i", one, "-i", other, "-lavfi",
                "[0]format=yuv444p[a];[1]format=yuv444p[b];[a][b]psnr", "-f", "null", "-"])
    value = re.search(r"PSNR y:(\S+)", done.stderr).group(1)
    return 100.0 if value == "inf" else float(value)


# ---- a test program: MIRACAST CASE ..., TAP on standard output ----

AT_ONCE = 3  # sessions mostly wait


def run_case(miracast, name, case):
    """(passed, TAP lines) of one case."""
    try:
        with Bed(miracast) as bed:
            case(bed)
        return True, [f"ok {{}} {name}"]
    except Skipped as reason:
        return True, [f"ok {{}} {name} # SKIP {reason}"]
    except (Failure, OSError, ValueError, KeyError, subprocess.SubprocessError) as failure:
        text = f"{type(failure).__name__}: {failure}"
        print(f"{name}: {text}", file=sys.stderr)  # what meson shows of a failed test
        return False, [f"# {line}" for line in text.splitlines()] + [f"not ok {{}} {name}"]


def main(cases, alone=()):
    """alone: cases that others on the same cores would disturb."""
    miracast, names = sys.argv[1], sys.argv[2:] or list(cases)
    print(f"1..{len(names)}")
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = dict(zip(names, pool.map(lambda name: name not in alone and
                                           run_case(miracast, name, cases[name]), names)))
    for number, name in enumerate(names, 1):
        passed, lines = results[name] = results[name] or run_case(miracast, name, cases[name])
        print("\n".join(lines).replace("{}", str(number)), flush=True)
    return 0 if all(passed for passed, _ in results.values()) else 1
