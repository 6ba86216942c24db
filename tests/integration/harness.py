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

    def __init__(self, argv, env=None, name=None, stdin=subprocess.DEVNULL, stdout=None):
        self.name = name or pathlib.Path(argv[0]).name
        self.lines, self._queue = [], queue.Queue()
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} if stdout is None else \
            {"stdout": stdout, "stderr": subprocess.PIPE}
        self.child = subprocess.Popen(argv, stdin=stdin, text=True, errors="replace",
                                      env={**os.environ, **(env or {})}, **output)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.child.stdout or self.child.stderr:
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
        self.programs = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, argv, env=None, name=None, stdin=subprocess.DEVNULL, stdout=None):
        words = [str(word) for word in (*self.inside, *argv)]
        program = Program(words, env, name or pathlib.Path(argv[0]).name, stdin, stdout)
        self.stack.callback(program.close)
        self.programs.append(program)
        return program

    def crashed(self):
        """A program ended as none should, whatever the machine does."""
        return any(program.child.returncode in CRASHES or REPORTS.search(program.text())
                   for program in self.programs)

    def cast(self, *options, env=None, listen="127.0.0.1:0", stdout=None):
        """(program, port) of a source that listens."""
        env = {"XDG_STATE_HOME": str(self.folder / "state"), **(env or {})}
        program = self.start([self.miracast, "cast", "--quiet", "--listen", listen, *options],
                             env, "miracast", stdout=stdout)
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


def until(what, condition, timeout=PATIENCE_S):
    """What condition gives when it gives something; for what no one tells."""
    end = time.monotonic() + timeout
    while not (found := condition()):
        check(time.monotonic() < end, f"{what} did not come")
        time.sleep(0.05)
    return found


def statistics(bed):
    """The lines of --stats so far, each of a second; the last may be under way."""
    path = bed.folder / "stats"
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


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
ATTEMPTS = 4
CRASHES = {-signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL, -signal.SIGSEGV}
REPORTS = re.compile(r"\w+Sanitizer|runtime error: |-CRITICAL \*\*|assertion failed")


class Watch:
    """Whether the machine had time for us: how late a thread wakes that only sleeps, and how many
    threads want a core."""
    STEP_S, LATE_S, PER_CORE = 0.02, 0.08, 1.5

    def __init__(self):
        self.late_s, self.running = 0.0, []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while True:
            start = time.monotonic()
            if self._end.wait(self.STEP_S):
                return
            self.late_s = max(self.late_s, time.monotonic() - start - self.STEP_S)
            with open("/proc/loadavg", encoding="ascii") as text:
                self.running.append(int(text.read().split()[3].split("/")[0]) - 1)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def busy(self):
        mean = sum(self.running) / max(1, len(self.running))
        return self.late_s > self.LATE_S or mean > self.PER_CORE * len(os.sched_getaffinity(0))

    def text(self):
        mean = sum(self.running) / max(1, len(self.running))
        return f"up to {self.late_s * 1e3:.0f} ms late, {mean:.1f} threads wanted a core"


class Result:
    """Of one attempt at a case.  final: no matter how busy the machine was."""

    def __init__(self, name, failure=None, skipped=None, final=False):
        self.name, self.failure, self.skipped, self.final = name, failure, skipped, final
        self.earlier = []  # what failed before on a busy machine
        self.seconds = 0.0

    def lines(self, number):
        for text in (*self.earlier, self.failure or ""):
            yield from (f"# {line}" for line in text.splitlines())
        yield f"# {self.seconds:.1f} s"
        yield (f"{'not ok' if self.failure else 'ok'} {number} {self.name}" +
               (f" # SKIP {self.skipped}" if self.skipped else ""))


def run_case(miracast, name, case):
    start = time.monotonic()
    result = attempt(miracast, name, case)
    result.seconds = time.monotonic() - start
    return result


def attempt(miracast, name, case):
    bed = Bed(miracast)
    try:
        with bed:
            case(bed)
        return Result(name)
    except Skipped as reason:
        return Result(name, skipped=reason)
    except Exception as failure:  # a case must not take the others with it
        return Result(name, f"{type(failure).__name__}: {failure}", final=bed.crashed())


def run_alone(miracast, name, case, before=None):
    """What fails while the machine is busy with other things is tried again, and only then."""
    earlier = [f"beside others: {before.failure}"] if before else []
    for _ in range(ATTEMPTS):
        with Watch() as watch:
            result = run_case(miracast, name, case)
        result.earlier = list(earlier)
        if not result.failure or result.final or not watch.busy():
            break
        earlier.append(f"on a busy machine ({watch.text()}): {result.failure}")
    return result


def main(cases, alone=()):
    """Cases run side by side, and alone those that others on the same cores would disturb.  One that
    failed is tried alone, if nothing crashed in it: beside others it may only have been late."""
    miracast, names = sys.argv[1], sys.argv[2:] or list(cases)
    print(f"1..{len(names)}")
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = dict(zip(names, pool.map(lambda name: None if name in alone else
                                           run_case(miracast, name, cases[name]), names)))
    for number, name in enumerate(names, 1):
        result = results[name]
        if not result or (result.failure and not result.final):
            result = results[name] = run_alone(miracast, name, cases[name], result)
        if result.failure:
            print(f"{name}: {result.failure}", file=sys.stderr)  # what meson shows of a failed test
        print("\n".join(result.lines(number)), flush=True)
    return 1 if any(result.failure for result in results.values()) else 0
