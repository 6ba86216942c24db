#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Wayland's way: a portal and a real PipeWire of the test's own, whole sessions from there to the
lab's sink.  Usage: test_portal.py MIRACAST CASE"""

import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import Skipped, check, main, psnr  # noqa: E402
from test_cast import EXIT_CAPTURE, EXIT_OK, expect_error, finish  # noqa: E402


def desktop(bed, answer="grant", size=(1280, 720)):
    """(the program, environment of its clients, the picture that it shows)"""
    picture = bed.folder / "shown.ppm"
    path = pathlib.Path(bed.miracast).resolve().parent.parent / "tests/integration/portal-desktop"
    program = bed.start([path, answer, *size, picture], stdin=subprocess.PIPE)
    found = program.wait_line(r"^(skip|bus (.*))$")
    if found.group(1) == "skip":
        raise Skipped("dbus-daemon, pipewire or wireplumber is not installed")
    return program, {"DBUS_SESSION_BUS_ADDRESS": found.group(2), "DISPLAY": "",
                     "XDG_STATE_HOME": str(bed.folder / "state")}, picture


def command(program, text):
    program.child.stdin.write(text + "\n")
    program.child.stdin.flush()


def test_portal(bed):
    """What the screen shows is what the sink sees; another size is another mode; the desktop's own
    button ends it."""
    screen, env, shown = desktop(bed)
    seen = bed.folder / "seen.png"
    source, port = bed.cast("--capture", "portal", "--audio", "test", "--fps", "30", env=env)
    sink = bed.sink(port, "--save-png", seen, duration=2)
    finish(bed, source, sink)
    value = psnr(shown, seen)
    check(value > 32, f"PSNR is {value} dB")
    check("asking the desktop" in source.text(), source.text())
    check((bed.folder / "state/miracast/portal").read_text().startswith("token-"), "no permission")
    check("SelectDevices" not in screen.text(), "input was asked for")


def test_portal_ends(bed):
    screen, env, _ = desktop(bed)
    source, port = bed.cast("--capture", "portal", "--audio", "test", "--fps", "30", env=env)
    sink = bed.sink(port, "--no-decode", duration=60)
    source.wait_line("play ")
    command(screen, "resize 640 480")
    source.wait_line("mode .*640x480")
    command(screen, "end")
    expect_error(source, "capture.ended", EXIT_CAPTURE)
    sink.wait()


def test_portal_refused(bed):
    _, env, _ = desktop(bed, "refuse")
    source = bed.start([bed.miracast, "cast", "--capture", "portal", "--listen", "127.0.0.1:0"], env)
    expect_error(source, "capture.refused", EXIT_CAPTURE)


def test_portal_interrupt(bed):
    """Ctrl-C while the dialogue is open: that goes, too, and is no error."""
    screen, env, _ = desktop(bed, "wait")
    source = bed.start([bed.miracast, "cast", "--capture", "portal", "--listen", "127.0.0.1:0"], env)
    screen.wait_line("^Start ")
    source.send(signal.SIGINT)
    check(source.wait() == EXIT_OK, source.text())
    screen.wait_line("^Close ")


def test_portal_missing(bed):
    env = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
    source = bed.start([bed.miracast, "cast", "--capture", "portal", "--listen", "127.0.0.1:0"], env)
    expect_error(source, "capture.no-portal", EXIT_CAPTURE)


def test_portal_input(bed):
    """A touch at the sink is a touch in the same session's stream."""
    screen, env, _ = desktop(bed, size=(960, 540))
    source, port = bed.cast("--capture", "portal", "--audio", "test", "--input", "allow", env=env)
    sink = bed.sink(port, "--no-decode", "--no-teardown", "--script", "0.5:touch=160x150",
                    profile="samsung-tab", duration=60)
    screen.wait_line("^SelectDevices ")
    screen.wait_line(r"^NotifyPointerMotionAbsolute .*, 240\.0, 135\.0")
    source.send(signal.SIGINT)
    finish(bed, source, sink)


CASES = {"portal": test_portal, "portal-ends": test_portal_ends,
         "portal-refused": test_portal_refused, "portal-interrupt": test_portal_interrupt,
         "portal-missing": test_portal_missing, "portal-input": test_portal_input}

if __name__ == "__main__":
    sys.exit(main(CASES, alone={"portal"}))
