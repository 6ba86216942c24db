#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Monitors and windows of a real X server, cast to the lab's sink.
Usage: test_capture.py MIRACAST [CASE...]"""

import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import check, main, need_programs, psnr, run, screenshot, statistics, until  # noqa: E402

EXIT_OK, EXIT_CAPTURE = 0, 6


def keep(picture):
    """For a person's eyes, where KEEP_PICTURES names a folder."""
    if folder := os.environ.get("KEEP_PICTURES"):
        (pathlib.Path(folder) / picture.name).write_bytes(picture.read_bytes())


def crop(bed, source, geometry, name):
    """geometry: W:H:X:Y"""
    path = bed.folder / name
    run(["ffmpeg", "-v", "error", "-y", "-i", source, "-vf", f"crop={geometry}", path])
    return path


def scaled(bed, source, size, name):
    path = bed.folder / name
    run(["ffmpeg", "-v", "error", "-y", "-i", source, "-vf", f"scale={size}:flags=area", path])
    return path


def end(bed, source, sink, code=EXIT_OK):
    """Of a sink with --no-teardown."""
    if code == EXIT_OK:
        source.send(signal.SIGINT)
    sink.wait()
    check(source.wait() == code, f"not {code}: {source.text()}")
    return bed.report()


def window_of(display, name):
    """The number of a program's window, once it is shown."""
    def look():
        try:
            text = run(["xwininfo", "-display", display, "-name", name]).stdout
        except Exception:
            return None
        return text.split("Window id: ")[1].split()[0] if "IsViewable" in text else None
    return until(f"the window {name}", look)


def desktop(bed):
    """xterm in white at the left, xclock at the right: (display, the xterm)."""
    need_programs("xterm", "xclock", "xrandr", "xwininfo", "ffmpeg")
    display = bed.x_server()
    shell = "printf 'THE WINDOW THAT IS CAST\\n%s\\n' \"$(seq 1 60 | tr '\\n' ' ')\"; exec sleep 600"
    xterm = bed.start(["xterm", "-display", display, "-geometry", "60x20+20+30", "-title", "Slides",
                       "-bg", "white", "-fg", "black", "-cr", "white", "-e", "sh", "-c", shell])
    bed.start(["xclock", "-display", display, "-geometry", "400x400+800+200", "-bg", "orange",
               "-title", "Clock"])
    for name in ("Slides", "Clock"):
        window_of(display, name)
    return display, xterm


def wait_frames(bed, more):
    """Until so many pictures more than now were encoded; the heartbeat's are some."""
    def encoded():
        rows = statistics(bed)
        return rows[-1]["frames_encoded"] if rows else 0
    goal = encoded() + more
    until("pictures", lambda: encoded() >= goal)


def cast(bed, what, *options, sink_options=()):
    source, port = bed.cast("--fps", "30", "--audio", "silence", "--capture", what,
                            "--stats", bed.folder / "stats", *options)
    return source, bed.sink(port, "--no-teardown", *sink_options)


def test_monitor(bed):
    """The right half of the screen and nothing of the left one; it is gone in the end."""
    display, _ = desktop(bed)
    for name, place in (("LEFT", "640/160x720/180+0+0"), ("RIGHT", "640/160x480/120+640+140")):
        run(["xrandr", "--display", display, "--setmonitor", name, place, "none"])
    picture, shot = bed.folder / "monitor.png", bed.folder / "shot.png"
    source, sink = cast(bed, f"x11:{display},monitor=RIGHT", "--mode", "640x480@30",
                        sink_options=("--save-png", picture))
    source.wait_line("streaming ")
    screenshot(display, shot, "1280x720")
    wait_frames(bed, 5)
    run(["xrandr", "--display", display, "--delmonitor", "RIGHT"])
    report = end(bed, source, sink, EXIT_CAPTURE)
    check("error [capture.ended]: the monitor RIGHT" in source.text(), source.text())
    mode = report["negotiated"]["video"]
    check((mode["width"], mode["height"]) == (640, 480), mode)
    keep(picture)
    seen = psnr(picture, crop(bed, shot, "640:480:640:140", "expected.png"))
    check(seen > 28, f"the sink saw another picture: {seen:.1f} dB")


def test_window(bed):
    """Below the clock all of it is seen, and none of the clock; it ends with its program."""
    display, xterm = desktop(bed)
    number = window_of(display, "Slides")
    shot, picture = bed.folder / "shot.png", bed.folder / "window.png"
    screenshot(display, shot, "1280x720")
    text = run(["xwininfo", "-display", display, "-id", number]).stdout
    size = [text.split(f"{key}: ")[1].split()[0] for key in
            ("Width", "Height", "Absolute upper-left X", "Absolute upper-left Y")
            if f"{key}: " in text]
    if len(size) < 4:  # xwininfo writes two spaces there
        size[2:] = [text.split(f"upper-left {axis}:")[1].split()[0] for axis in "XY"]
    expected = crop(bed, shot, ":".join(size), "window-expected.png")
    bed.start(["xclock", "-display", display, "-geometry", "300x250+60+60", "-bg", "red",
               "-title", "Cover"])
    window_of(display, "Cover")
    source, sink = cast(bed, f"x11:{display},window=Slides", "--mode", "1280x720@30",
                        sink_options=("--save-png", picture))
    source.wait_line("streaming ")
    wait_frames(bed, 5)
    xterm.send(signal.SIGTERM)
    end(bed, source, sink, EXIT_CAPTURE)
    check("error [capture.ended]: the window was closed" in source.text(), source.text())
    keep(picture)
    width, height = int(size[0]), int(size[1])
    scale = min(1280 / width, 720 / height)
    inner = [int(width * scale) // 2 * 2, int(height * scale) // 2 * 2]
    seen = crop(bed, picture, f"{inner[0]}:{inner[1]}:{(1280 - inner[0]) // 2}:"
                f"{(720 - inner[1]) // 2}", "window-seen.png")
    small = [scaled(bed, path, "160:120", f"small-{path.name}") for path in (seen, expected)]
    check(psnr(*small) > 20, f"the sink saw another picture: {psnr(*small):.1f} dB")
    raw = bed.folder / "window.rgb"
    run(["ffmpeg", "-v", "error", "-i", picture, "-f", "rawvideo", "-pix_fmt", "rgb24", raw])
    pixels = raw.read_bytes()
    red = sum(pixels[i] > 150 and pixels[i + 1] < 90 and pixels[i + 2] < 90
              for i in range(0, len(pixels), 3))
    check(red == 0, f"{red} pixels of the window that covers it")


def refuse(bed, what, code, says):
    """Before any sink is looked for."""
    source = bed.start([bed.miracast, "cast", "--quiet", "--listen", "127.0.0.1:0", "--capture", what])
    check(source.wait() == EXIT_CAPTURE, source.text())
    check(f"error [{code}]" in source.text() and says in source.text(), source.text())


def test_names(bed):
    display, _ = desktop(bed)
    run(["xrandr", "--display", display, "--setmonitor", "WALL", "640/160x720/180+0+0", "none"])
    bed.start(["xclock", "-display", display, "-geometry", "100x100+0+600", "-title", "Slides too"])
    window_of(display, "Slides too")
    refuse(bed, f"x11:{display},monitor=HDMI-9", "capture.no-monitor", "WALL (640x720+0+0)")
    refuse(bed, f"x11:{display},window=slides", "capture.no-window", "2 windows")
    refuse(bed, f"x11:{display},window=Nothing", "capture.no-window", "\"Clock\"")
    refuse(bed, f"x11:{display},screen=1", "capture.unknown-kind", "x11:DISPLAY,monitor=NAME")


CASES = {name[5:].replace("_", "-"): case for name, case in list(globals().items())
         if name.startswith("test_")}

if __name__ == "__main__":
    sys.exit(main(CASES))
