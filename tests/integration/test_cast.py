#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whole sessions: the product against the lab's sink on loopback.  Usage: test_cast.py MIRACAST CASE"""

import contextlib
import csv
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import (ROOT, Failure, Skipped, Watch, check, main, need_programs, psnr, run,  # noqa: E402
                     screenshot, statistics, until)

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_LINK, EXIT_SESSION, EXIT_MEDIA, EXIT_CAPTURE, EXIT_LOST = range(8)


def finish(bed, source, sink, expected=EXIT_OK, sink_code=0):
    """Both ended as they should; the sink's report."""
    code = sink.wait()
    report = bed.report()
    check(code == sink_code, f"the sink ended with {code}: {report['serious']} "
          f"{report['faults']}\n" + "\n".join(report["dialogue"]))
    code = source.wait()
    check(code == expected, f"the source ended with {code}:\n{source.text()}")
    return report


def end(bed, source, sink):
    """What the case waited for has come; of a sink with --no-teardown."""
    source.send(signal.SIGINT)
    return finish(bed, source, sink)


def expect_error(source, code, exit_code):
    check(source.wait() == exit_code, f"exit code is not {exit_code}:\n{source.text()}")
    lines = [line for line in source.lines if "error [" in line]
    check(len(lines) == 1, f"not one error line:\n{source.text()}")
    check(f"error [{code}]" in lines[0], f"not {code}: {lines[0]}")


# ---- the way itself ----

def test_pattern(bed):
    picture = bed.folder / "picture.png"
    source, port = bed.cast("--capture", "test", "--stats", bed.folder / "stats.json")
    report = finish(bed, source, bed.sink(port, "--live-timecode", "--save-png", picture,
                                          "--pictures", "40"))
    video, audio = report["video"], report["audio"]
    check(report["negotiated"]["video"]["width"] == 1280, report["negotiated"])
    check(video["idr_at_s"][0] == 0.0, "the first picture is no IDR")
    check(report["latency_ms"]["count"] > 20, "no time code was read")
    check(audio["codec"] == "AAC" and abs(audio["tone_hz"] - 440) < 2, audio)
    check(audio["dropouts"] == 0, audio)
    check(video["parameter_sets"][0]["profile_idc"] == 66, video["parameter_sets"])
    check(report["ts"]["pcr_interval_ms"]["mean"] <= 100, report["ts"])  # the longest is the machine's
    check(picture.stat().st_size > 1000, "no picture")
    check((bed.folder / "stats.json").read_text().count("\n") >= 2, "no statistics")


def test_lpcm(bed):
    source, port = bed.cast("--capture", "test", "--mode", "1920x1080@30")
    report = finish(bed, source, bed.sink(port, "--set",
                                          "wfd_audio_codecs=LPCM 00000003 00"))
    check(report["audio"]["codec"] == "LPCM", report["audio"])
    check(abs(report["audio"]["tone_hz"] - 440) < 2, report["audio"])
    check(report["negotiated"]["video"]["height"] == 1080, report["negotiated"])


def test_ac3(bed):
    """A sink that takes nothing else."""
    source, port = bed.cast("--capture", "test", "--fps", "30")
    report = finish(bed, source, bed.sink(port, profile="ac3-only", duration=2))
    check(report["audio"]["codec"] == "AC3", report["audio"])
    check(abs(report["audio"]["tone_hz"] - 440) < 2, report["audio"])
    check(report["audio"]["dropouts"] == 0, report["audio"])
    streams = [stream for stream in report["ts"]["streams"].values() if stream["type"] == "AC3"]
    check([stream["descriptors"] for stream in streams] == ["8103082805"], report["ts"]["streams"])


def test_silence(bed):
    source, port = bed.cast("--capture", "test", "--audio", "none")
    report = finish(bed, source, bed.sink(port))
    check(report["audio"]["tone_hz"] is None and report["audio"]["pes"] > 50, report["audio"])


def flavour(name, pmt_pid, pcr_pid, tolerated=()):
    """The lab's sink follows any table; that each flavour is another one is what is looked at."""
    def case(bed):
        source, port = bed.cast("--capture", "test", "--fps", "30", "--ts-flavour", name)
        sink = bed.sink(port, duration=1.2)
        sink.wait()
        report = bed.report()
        check(not set(report["serious"]) - set(tolerated), report["faults"])
        check(source.wait() == EXIT_OK, source.text())
        check((report["ts"]["pmt_pid"], report["ts"]["pcr_pid"]) == (pmt_pid, pcr_pid), report["ts"])
        check(report["pictures"] > 10 and abs(report["audio"]["tone_hz"] - 440) < 3, report["audio"])
    return case


def test_encoder_fails(bed):
    """The lab's "hardware" is lost after some pictures: the sink sees an IDR of another encoder."""
    build = pathlib.Path(bed.miracast).resolve().parent.parent
    env = {"GST_PLUGIN_PATH": str(build / "tests/lab/gst"), "GST_REGISTRY": str(bed.folder / "gst"),
           "MCLAB_FRAMES": "30", "MCLAB_HOW": "error"}
    source, port = bed.cast("--capture", "test", "--fps", "30", "--encoder", "vaapi", "--stats",
                            bed.folder / "stats", env=env)
    sink = bed.sink(port, "--live-timecode", "--no-teardown")
    said = source.wait_line(r"encoder .*(vah264enc .*goes on)").group(1)
    check("the device was lost" in said, said)
    until("pictures of the other one", lambda: [row for row in statistics(bed) if
                                                row["frames_encoded"] > 50])
    report = end(bed, source, sink)
    check(report["video"]["idr_frames"] >= 2, report["video"])
    check(report["pictures"] > 35, report["pictures"])


def test_black_screen(bed):
    """A sink that asks for key frames until the stream has another shape: that helps, is remembered,
    and is what the next session begins with."""
    asks = ",".join(f"{0.3 + 0.6 * i:.1f}:idr" for i in range(7))
    source, port = bed.cast("--capture", "test", "--fps", "30")
    sink = bed.sink(port, "--script", asks, "--no-decode", "--no-teardown")
    source.wait_line("proof .*trying another shape")
    source.wait_line("streaming ")
    source.wait_line("proof .*content now")
    source.send(signal.SIGINT)
    sink.wait()
    check(source.wait() == EXIT_OK, source.text())
    check(bed.report()["ts"]["pmt_pid"] == "0x0020", bed.report()["ts"])
    memory = bed.folder / "state/miracast/sinks"
    check(memory.stat().st_mode & 0o777 == 0o600, oct(memory.stat().st_mode))
    source, port = bed.cast("--capture", "test", "--fps", "30")
    sink = bed.sink(port, "--no-decode", duration=1)
    source.wait_line("memory .*another shape")
    sink.wait()
    source.wait()
    check(bed.report()["ts"]["pmt_versions"] == [0], bed.report()["ts"])


def test_many_slices(bed):
    """The lab's "hardware" makes two slices of each picture, and the sink shows one: that is found out, and
    remembered."""
    build = pathlib.Path(bed.miracast).resolve().parent.parent
    env = {"GST_PLUGIN_PATH": str(build / "tests/lab/gst"), "GST_REGISTRY": str(bed.folder / "gst"),
           "MCLAB_FRAMES": "5", "MCLAB_HOW": "slices"}
    options = ("--capture", "test", "--mode", "1280x720@30", "--ts-flavour", "android", "--encoder", "vaapi")
    asks = ",".join(f"{0.3 + 0.6 * i:.1f}:idr" for i in range(7))
    source, port = bed.cast(*options, env=env)
    sink = bed.sink(port, "--script", asks, "--no-decode", "--no-teardown")
    source.wait_line("proof .*trying one slice a picture")
    source.wait_line("proof .*content now")
    until("another encoder", lambda: re.search("vah264enc gave 2 slices in a picture.*goes on", source.text()))
    source.send(signal.SIGINT)
    sink.wait()
    check(source.wait() == EXIT_OK, source.text())
    check("h264-many-slices" in bed.report()["faults"], bed.report()["faults"])
    source, port = bed.cast(*options, env=env)
    sink = bed.sink(port, "--no-decode", duration=1)
    source.wait_line("memory .*one slice a picture")
    finish(bed, source, sink)
    check("h264-many-slices" not in bed.report()["faults"], bed.report()["faults"])


def test_stopped(bed):
    """Stopped for longer than anyone in a session is waited for, it goes on as if nothing had been."""
    source, port = bed.cast("--capture", "test:noise", "--mode", "1920x1080@60", "--bitrate", "4000",
                            "--keepalive", "2", "--stats", bed.folder / "stats")
    sink = bed.sink(port, "--no-decode", "--no-teardown", profile="windows-r2", duration=120)
    source.wait_line("streaming ")
    for _ in range(3):  # the encoder is at work nearly always, and perhaps not each time
        before = until("statistics", lambda: statistics(bed))[-1]["frames_encoded"]
        source.send(signal.SIGSTOP)
        time.sleep(3.5)  # nothing happens in a program that is stopped: no event
        source.send(signal.SIGCONT)
        source.wait_line("slept ")
        until("pictures after it", lambda: source.child.poll() is not None or
              statistics(bed)[-1]["frames_encoded"] > before + 20)
        check(source.child.poll() is None, source.text())
    end(bed, source, sink)
    check(statistics(bed)[-1]["encoders_replaced"] == 0, source.text())
    trips = [row["round_trip_us"] for row in statistics(bed)]  # what waited meanwhile is no long way
    check(max(trips) < 2e6, trips)


def test_proof(bed):
    """Said when it is so: the sink reports what it receives, and nobody answers for it otherwise."""
    source, port = bed.cast("--capture", "test", "--fps", "30")
    sink = bed.sink(port, "--no-teardown", profile="windows-r2")
    source.wait_line("play ")
    source.wait_line("streaming .*(reports|answers|takes)")
    end(bed, source, sink)
    check(not (bed.folder / "state").exists(), "something was remembered of a sink without trouble")


def judged(*options, sink_options=(), profile="default"):
    """tests/lab/judge.py has nothing to say; what a busy machine makes late does not count here."""
    def case(bed):
        sys.path.insert(0, str(ROOT / "tests" / "lab"))
        import judge
        source, port = bed.cast("--fps", "30", *options)
        report = finish(bed, source, bed.sink(port, "--script", "0.6:idr", *sink_options,
                                              profile=profile, duration=2))
        wrong = judge.failures(report)
        check(not wrong, "\n".join(wrong))
    return case


def test_colours(bed):
    """White, yellow, cyan, green, magenta, red, blue, black, decoded as the VUI says: another matrix or
    range is off by 15 and more."""
    need_programs("ffmpeg")
    picture, raw = bed.folder / "bars.png", bed.folder / "bars.rgb"
    source, port = bed.cast("--capture", "test:still", "--mode", "1280x720@30")
    finish(bed, source, bed.sink(port, "--save-png", picture, duration=1.5))
    run(["ffmpeg", "-v", "error", "-i", picture, "-f", "rawvideo", "-pix_fmt", "rgb24", raw])
    pixels = raw.read_bytes()
    check(len(pixels) == 1280 * 720 * 3, len(pixels))
    for index, bar in enumerate((0xffffff, 0xffff00, 0x00ffff, 0x00ff00, 0xff00ff, 0xff0000,
                                 0x0000ff, 0x000000)):
        at = (300 * 1280 + 1280 * index // 8 + 80) * 3
        off = max(abs(seen - shown) for seen, shown in zip(pixels[at:at + 3], bar.to_bytes(3, "big")))
        check(off <= 8, f"bar {index}: {pixels[at:at + 3].hex()} for {bar:06x}")


def scrape(url):
    """{name with labels: value}"""
    with urllib.request.urlopen(url, timeout=20) as answer:
        check(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), "type")
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, value in
            (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def test_metrics(bed):
    source, port = bed.cast("--capture", "test", "--fps", "30", "--metrics", "127.0.0.1:0")
    found = re.search(r"http://127\.0\.0\.1:\d+/metrics", source.text())
    check(found, source.text())
    sink = bed.sink(port, "--no-teardown", profile="windows-r2")
    source.wait_line("streaming ")

    def live():  # told once a second
        figures = scrape(found.group())
        return figures if figures.get("miracast_live") and figures["miracast_rtcp_reports_total"] and \
            figures["miracast_frames_encoded_total"] > 5 else None
    figures = until("a live session's figures", live)
    check(figures['miracast_stage_seconds{stage="encode",quantile="0.5"}'] > 0, figures)
    end(bed, source, sink)
    check(run_to_end(bed, "--metrics", "0.0.0.0:0") == EXIT_USAGE, "listens for everybody")


def run_to_end(bed, *options):
    return bed.start([bed.miracast, "cast", "--quiet", "--listen", "127.0.0.1:0", *options]).wait()


def test_nobody_receives(bed):
    """The port that the sink names is closed: its machine says so, and so do we, once; the session is the
    sink's to end."""
    source, port = bed.cast("--capture", "test", "--fps", "30", "--stats", bed.folder / "stats")
    bed.sink(port, "--announce", even_port(), "--no-decode", duration=4).wait()
    check(source.wait() == EXIT_OK, source.text())
    check(source.text().count("nobody receives at the sink's port") == 1, source.text())
    check("streaming " not in source.text() and "error " not in source.text(), source.text())
    last = json.loads((bed.folder / "stats").read_text().splitlines()[-1])
    check(last["datagrams_refused"] >= 20 and last["datagrams_dropped"] == 0, last)


def test_rate(bed):
    """The link becomes a third: the source ends below it, and says so.  tests/lab/rate.py measures how
    quickly and how old the pictures are; that depends on the machine, and is no matter of this test."""
    sys.path.insert(0, str(ROOT / "tests" / "lab"))
    import rate
    for seconds in (7, 15, 30):  # it follows the sink's reports, which a busy machine delays
        series, pictures, report, lines = rate.project(
            str(bed.miracast), "0:rate=12000;queue=200,2.5:rate=4000", seconds,
            ("--bitrate", "8000"), bed.folder, live=False)
        before, after = rate.mean(series, 1, 2.5), rate.mean(series, seconds - 1.5, seconds)
        if before > 4500 > 4000 > after:
            break
    check(before > 4500, f"sent {before:.0f} kbit/s before")
    check(after < 4000, f"sent {after:.0f} kbit/s after")
    check(any(" rate " in line for line in lines), lines)
    check(len(pictures) > 20, len(pictures))
    check("ts-continuity" in report["faults"] or report["rtp"]["lost"] == 0, report["faults"])


@contextlib.contextmanager
def narrow_way(bed, script, *options, first="streaming ", sink=None, duration=300, tells=None):
    """(way, source, rate) from the first such line on: a source of noise and a sink (with these options) with
    a relay between them, whose link the case changes; then Ctrl-C."""
    sys.path.insert(0, str(ROOT / "tests" / "lab"))
    import rate
    import relay
    receive = rate.free_pair()
    way = relay.Relay(("127.0.0.1", receive), relay.parse_script(script))
    way.start()
    try:
        source, port = bed.cast("--capture", "test:noise", "--fps", "30", "--stats", bed.folder / "stats",
                                *options)
        sink = bed.sink(port, "--announce", way.port, "--receive", receive, "--no-decode",
                        *(sink or ("--frames", bed.folder / "frames", *rate.AAC)), *(tells or rate.REPORTS),
                        duration=duration)
        source.wait_line(first)
        yield way, source, rate
        source.send(signal.SIGINT)
        check(source.wait() == EXIT_OK, source.text())
        sink.wait()
    finally:
        way.stop()


def test_room_for_sound(bed):
    """A sink that takes LPCM alone, on a link that is hardly larger than that: pictures first, and the sound
    when there is room again."""
    sink = ("--set", "wfd_audio_codecs=LPCM 00000002 00", "--no-teardown")
    with narrow_way(bed, "0:rate=1800;queue=200", "--bitrate", "3000", first="sound .*no room for it", sink=sink,
                    duration=120) as (way, source, _):
        way.link.rate = 20000
        source.wait_line("sound .*has room for it again")


def pictures_of(bed):
    with open(bed.folder / "frames", encoding="ascii") as rows:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(rows)]


def check_no_gap(bed, rate, watch):
    """Half a second at most, and what the machine gave nobody: then no picture can be captured."""
    gap_ms, _ = rate.longest_ms(pictures_of(bed))
    check(gap_ms <= 500 + watch.late_s * 1000, f"{gap_ms} ms without a picture; {watch.text()}")


def test_halve(bed):
    """Below half a link as soon as it is told, and back where the link is.  By the pictures' own stamps
    none is missing for half a second meanwhile."""
    with narrow_way(bed, "0:rate=10000;queue=200", "--bitrate", "8000") as (way, source, rate), Watch() as watch:
        way.link.rate = 5000
        while int(source.wait_line(r"rate +(\d+) kbit/s").group(1)) > 5000:
            pass
        until("below the link", lambda: statistics(bed)[-1]["kbps_asked"] < 5000)
        known = len(rate_cuts(source.text()))
        way.link.rate = 20000
        # A relay that does not get its turn is a slow link again, and then that is said.
        until("back", lambda: statistics(bed)[-1]["kbps_asked"] >= 7200 or
              (statistics(bed)[-1]["kbps_asked"] > 5000 and len(rate_cuts(source.text())) > known))
    check_no_gap(bed, rate, watch)


def test_loss(bed):
    """Of a hundred datagrams two are lost: what is told of them is answered by sending each twice, and most
    pictures are whole with all that they refer to.  By their own stamps none is missing for half a second.
    (That no less is sent is test-rate-control's matter: on a busy machine a relay in Python is a slow way, on
    which nothing goes twice.)"""
    with narrow_way(bed, "0:rate=20000;loss=2", "--bitrate", "4000") as (way, source, rate), Watch() as watch:
        until("twice", lambda: re.search("rate .*(all is sent twice|kbit/s, )", source.text()))  # or before
        until("pictures", lambda: statistics(bed) and statistics(bed)[-1]["frames_encoded"] > 300)
        twice, lost = statistics(bed)[-1]["datagrams_duplicated"], sum(row[3] for row in way.series())
    check(lost > 20, lost)
    pictures = pictures_of(bed)
    if not rate_cuts(source.text()):
        check(twice > 1000, twice)
        whole = sum(rate.are_intact(pictures))
        check(whole * 4 >= len(pictures) * 3, f"{whole} of {len(pictures)} pictures are whole")
    check_no_gap(bed, rate, watch)


def test_loss_asks(bed):
    """The same by a sink that reports nothing and asks for a key frame when it misses something.  What goes
    twice for long has been seen to help it, and then most of its pictures are whole."""
    sys.path.insert(0, str(ROOT / "tests" / "lab"))
    import rate
    sink = "--frames", bed.folder / "frames"
    with narrow_way(bed, "0:rate=20000;loss=2", "--bitrate", "4000", sink=sink, tells=rate.ASKS) as (way, source, _):
        until("twice", lambda: statistics(bed) and statistics(bed)[-1]["datagrams_duplicated"] > 3000)
        lost = sum(row[3] for row in way.series())
    check(lost > 20, lost)
    check("seems to lose some: all is sent twice" in source.text(), source.text())
    pictures = list(rate.are_intact(pictures_of(bed)))[-150:]
    check(sum(pictures) * 2 >= len(pictures), f"{sum(pictures)} of {len(pictures)} pictures are whole")


def test_loss_nacks(bed):
    """A sink that asks for what it misses gets that, and nothing goes twice unasked."""
    sys.path.insert(0, str(ROOT / "tests" / "lab"))
    import rate
    sink = "--frames", bed.folder / "frames"
    with narrow_way(bed, "0:rate=20000;loss=2", "--bitrate", "4000", sink=sink, tells=rate.NACKS) as (way, source, _):
        until("some again", lambda: statistics(bed) and statistics(bed)[-1]["datagrams_duplicated"] > 50)
        lost, row = sum(row[3] for row in way.series()), statistics(bed)[-1]
    check(lost > 50, lost)
    check(row["datagrams_duplicated"] <= lost * 2, (row["datagrams_duplicated"], lost))
    check("sent twice" not in source.text(), source.text())
    check(bed.report()["rtp"]["filled"] > 25, bed.report()["rtp"])


def test_collapse(bed):
    """Hardly anything of the link is left, and then it comes back: fewer pictures, then smaller ones, and
    up again.  Each change of the link waits for what the one before it led to."""
    with narrow_way(bed, "0:rate=10000;queue=200", "--bitrate", "8000") as (way, source, _):
        way.link.rate = 500
        source.wait_line("rate .* 15 pictures a second")
        source.wait_line("mode +640x480")
        way.link.rate = 10000
        source.wait_line("mode +1280x720")


def show_still_desktop(bed, display):
    """Real programs, and nothing that moves: what was shown can be compared."""
    need_programs("xterm", "xsetroot")
    run(["xsetroot", "-display", display, "-solid", "#305070"])
    script = "i=0; while [ $i -lt 40 ]; do echo \"$i The quick brown fox jumps over it\"; " \
             "i=$((i+1)); done; printf '\\033[?25l'; echo ready > {0}; read x"
    ready = bed.folder / "ready"
    os.mkfifo(ready)
    bed.start(["xterm", "-display", display, "-geometry", "90x30+60+40", "-fa", "Monospace", "-fs",
               "11", "-e", "sh", "-c", script.format(ready)])
    with open(ready, encoding="utf-8") as pipe:  # opens when the terminal has drawn
        pipe.readline()


def test_x11(bed):
    need_programs("Xvfb", "ffmpeg")
    display = bed.x_server("1280x720")
    show_still_desktop(bed, display)
    shown, seen = bed.folder / "shown.png", bed.folder / "seen.png"
    source, port = bed.cast("--capture", f"x11:{display}", "--audio", "test")
    sink = bed.sink(port, "--save-png", seen, "--script", "1.5:idr", "--pictures", "20", duration=3)
    source.wait_line("play ")
    screenshot(display, shown, "1280x720")
    report = finish(bed, source, sink)
    value = psnr(shown, seen)
    check(value > 32, f"PSNR is {value} dB")
    check(report["pictures"] >= 20, "a still desktop's stream fell silent")


def x_tool(bed, display, *words):
    return run([pathlib.Path(bed.miracast).parent.parent / "tests/integration/x-tool", display,
                *words]).stdout.strip()


def touch_desktop(bed, *options):
    """The sink touches a quarter in from the corner of its 640x480 picture: where is the pointer?"""
    display = bed.x_server("1920x1080")
    source, port = bed.cast("--capture", f"x11:{display}", "--audio", "test", *options)
    sink = bed.sink(port, "--script", "0.5:touch=160x150,0.6:key=a", profile="samsung-tab",
                    duration=1.5)
    sink.wait()
    check(source.wait() == EXIT_OK, source.text())
    return x_tool(bed, display, "pointer"), bed.report()


def test_input_denied(bed):
    need_programs("Xvfb")
    where, report = touch_desktop(bed)
    check(where == "960 540", f"the pointer moved: {where}")
    check("uibc-not-offered" in report["faults"], report["faults"])


def test_input_allowed(bed):
    """640x480 shows 1920x1080 as 640x360 with borders of 60: (160, 150) is (480, 270)."""
    need_programs("Xvfb")
    where, report = touch_desktop(bed, "--input", "allow")
    check(where == "480 270", f"the pointer is at {where}, {report['faults']}")
    check(not report["serious"], report["serious"])


def test_input_withdrawn(bed):
    """SIGUSR1: the sink is told, and what it sends all the same moves nothing; a second one lets it in."""
    need_programs("Xvfb")
    display = bed.x_server("1920x1080")
    source, port = bed.cast("--capture", f"x11:{display}", "--audio", "test", "--input", "allow")
    sink = bed.sink(port, "--no-decode", "--no-teardown", "--act-on", "input disable:touch=160x150",
                    profile="samsung-tab", duration=60)
    source.wait_line("play ")
    source.send(signal.SIGUSR1)
    sink.wait_line("input disable")
    sink.wait_line("acted: touch")
    where = x_tool(bed, display, "pointer")
    check(where == "960 540", f"the pointer moved: {where}")
    source.send(signal.SIGUSR1)
    sink.wait_line("input enable")
    source.send(signal.SIGINT)
    report = finish(bed, source, sink)
    check(report["input_settings"] == ["disable", "enable"], report["input_settings"])


def test_input_impossible(bed):
    """The test picture is no desktop: the first touch shows it, and the sink is told."""
    source, port = bed.cast("--capture", "test", "--fps", "30", "--input", "allow")
    sink = bed.sink(port, "--no-decode", "--script", "0.2:touch=10x10", profile="samsung-tab",
                    duration=60)
    sink.wait_line("input disable")
    source.send(signal.SIGINT)
    report = finish(bed, source, sink)
    check(report["input_settings"] == ["disable"], report["input_settings"])


def test_other_display(bed):
    """M11 in a session: the sink is asked again what it shows."""
    source, port = bed.cast("--capture", "test", "--fps", "30")
    report = finish(bed, source, bed.sink(port, "--no-decode", "--script", "0.3:connector=04",
                                          duration=1.5))
    check(report["displays"] == 1, report["dialogue"])


def test_no_other_display(bed):
    """The sink's own display is unplugged and plugged in again: that is said, for the picture stands."""
    source, port = bed.cast("--capture", "test", "--fps", "30")
    sink = bed.sink(port, "--no-decode", "--script", "0.3:connector=none,0.6:connector=05", duration=1.5)
    source.wait_line("display +none is connected to the sink any more")
    source.wait_line("display +one is connected to the sink again")
    finish(bed, source, sink)


def test_av_sync(bed):
    """A flash and a beep of the same moment, where they stand in the stream's time."""
    for codec in ("AAC 00000001 00", "LPCM 00000002 00", "AC3 00000001 00"):
        source, port = bed.cast("--capture", "test:sync", "--audio", "beep")
        report = finish(bed, source, bed.sink(port, "--av-sync", "--set", f"wfd_audio_codecs={codec}",
                                              duration=6))
        offsets = report["av_sync"]["offsets_ms"]
        check(len(offsets) >= 2, report["av_sync"])
        check(-45 <= min(offsets) and max(offsets) <= 125, report["av_sync"])


def test_x11_resize(bed):
    need_programs("Xvfb")
    display = bed.x_server("1920x1080")
    source, port = bed.cast("--capture", f"x11:{display}", "--audio", "test", "--fps", "30",
                            "--stats", bed.folder / "stats")
    sink = bed.sink(port, "--live-timecode", "--no-teardown")
    sink.wait_line("first picture")
    x_tool(bed, display, "resize", "1280", "720")
    source.wait_line("mode .*1280x720")
    before = len(statistics(bed))
    until("pictures in the new mode", lambda: len(statistics(bed)) > before + 1)
    report = end(bed, source, sink)
    sizes = [(m["width"], m["height"]) for m in report["modes"]]
    check(sizes == [(1920, 1080), (1280, 720)], report["modes"])
    sets = [(s["width"], s["height"]) for s in report["video"]["parameter_sets"]]
    check(sets == [(1920, 1080), (1280, 720)], sets)
    check("sps-without-idr" not in report["faults"], report["faults"])


def mean_gap(times):
    """Single ones move with the machine's load, also downwards; their mean hardly does."""
    return (times[-1] - times[0]) / (len(times) - 1)


def test_idr(bed):
    source, port = bed.cast("--capture", "test", "--fps", "30")
    report = finish(bed, source, bed.sink(port, "--script", "0.7:idr,1.4:idr,2.1:idr"))
    check(len(report["idr_answers"]) == 3, report["idr_answers"])
    check(all(answer["ms"] is not None for answer in report["idr_answers"]), report["idr_answers"])
    # A busy machine may bring one or another of the questions late, and pictures in the meantime.
    check(min(answer["frames_between"] for answer in report["idr_answers"]) <= 1,
          report["idr_answers"])


def test_idr_storm(bed):
    source, port = bed.cast("--capture", "test", "--fps", "30")
    report = finish(bed, source, bed.sink(port, profile="mi-idr-storm", duration=3))
    idr = report["video"]["idr_at_s"]
    check(len(idr) >= 3 and mean_gap(idr) > 0.25, f"not coalesced: {idr}")


def rate_cuts(text):
    """(kbit/s, why) of each time that the rate gave way."""
    return [(int(kbps), why) for kbps, why in re.findall(r" rate +(\d+) kbit/s, \d+ pictures a second: (.*)", text)]


def asks_without_end(profile, reports):
    """Forty wishes a second: the picture stays as it was negotiated, and that is said.  Wishes alone lower the
    rate to half at most, and not at all where reports speak; a machine that stalls may be a slow link, which
    is a reason of its own and is named as such."""
    def case(bed):
        source, port = bed.cast("--capture", "test", "--fps", "30", "--stats", bed.folder / "stats")
        sink = bed.sink(port, "--no-decode", "--no-teardown", "--ask-idr", "0.025", profile=profile)
        source.wait_line("proof .*asks for key frames all the time")
        source.wait_line("streaming ")
        until("many more wishes", lambda: statistics(bed) and statistics(bed)[-1]["idr_requests"] > 300)
        report = end(bed, source, sink)
        asked = [row["kbps_asked"] for row in statistics(bed)]
        cuts = rate_cuts(source.text())
        for_wishes = [kbps for kbps, why in cuts if "asks for key frames" in why]
        check(not (reports and for_wishes), source.text())
        check(min(for_wishes, default=max(asked)) >= max(asked) // 2, source.text())
        if len(for_wishes) == len(cuts):  # nothing but the wishes had a say
            check(min(asked) >= max(asked) // 2, asked)
            check(len(report["modes"]) == 1, report["modes"])
        check(report["ts"]["pmt_versions"] == [1], report["ts"])
        rows = statistics(bed)  # a machine that stalls makes single wishes of a flood
        if not report["rtp"]["lost"] and (reports or rows[-1]["idr_requests"] > 20 * len(rows)):
            twice = statistics(bed)[-1]["datagrams_duplicated"], report["rtp"]["duplicates"]
            check(twice == (0, 0), f"{twice} sent twice, received twice")
        check("trying" not in source.text(), source.text())
        idr = report["video"]["idr_at_s"]
        check(len(idr) >= 3 and mean_gap(idr) > 0.25, f"not coalesced: {idr}")
        check(not (bed.folder / "state").exists(), "remembered as trouble")
    return case


def test_rtcp(bed):
    source, port = bed.cast("--capture", "test", "--fps", "30")
    report = finish(bed, source, bed.sink(port, profile="windows-r2", duration=3.5))
    check(report["sender_reports"] >= 2 and report["byes"] == 1,
          f"{report['sender_reports']} sender reports, {report['byes']} BYE")
    check(report["rtp"]["lost"] or "loses" not in source.text(), source.text())


def test_rtcp_loss(bed):
    source, port = bed.cast("--capture", "test", "--fps", "30", "--stats", bed.folder / "stats")
    sink = bed.sink(port, "--loss", "20", "--no-teardown", profile="windows-r2")
    source.wait_line("rate .*the sink loses much")
    until("500 kbit/s", lambda: [row for row in statistics(bed) if row["kbps_asked"] <= 500])
    end(bed, source, sink)


def tshark(path, *options):
    return run(["tshark", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o",
                "ip.check_checksum:TRUE", "-r", path, *options]).stdout.splitlines()


def test_trace(bed):
    """Wireshark finds its way from the dialogue to the pictures, and all that the sink got is there."""
    need_programs("tshark")
    folder = bed.folder / "trace"
    source, port = bed.cast("--capture", "test", "--fps", "30", "--trace", folder)
    report = finish(bed, source, bed.sink(port, profile="windows-r2"))
    packets, rtsp = folder / "session.pcapng", f"tcp.port=={port},rtsp"
    check(not tshark(packets, "-d", rtsp, "-Y", "udp.checksum.status != 1 || tcp.checksum.status != 1 || "
                     "ip.checksum.status != 1 || tcp.analysis.flags"), "packets that cannot be")
    methods = tshark(packets, "-d", rtsp, "-Y", "rtsp.method", "-T", "fields", "-e", "rtsp.method")
    check({"OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "SETUP", "PLAY", "TEARDOWN"} <= set(methods), methods)
    rtp = tshark(packets, "-d", rtsp, "-Y", "rtp && mp2t", "-T", "fields", "-e", "rtp.seq")
    check(len(rtp) >= report["rtp"]["datagrams"] > 50, f"{len(rtp)} of {report['rtp']['datagrams']}")
    reports = tshark(packets, "-d", rtsp, "-Y", "rtcp", "-T", "fields", "-e", "rtcp.pt")
    check(len(reports) >= report["sender_reports"] >= 2, reports)
    check("RTSP/1.0" in (folder / "rtsp.log").read_text(), "rtsp.log")
    check(packets.stat().st_mode & 0o077 == 0, "others may read the packets")


def test_trace_no_room(bed):
    folder = bed.folder / "trace"
    folder.mkdir()
    (folder / "session.pcapng").symlink_to("/dev/full")
    source = bed.start([bed.miracast, "cast", "--quiet", "--listen", "127.0.0.1:0", "--capture", "test",
                        "--trace", folder], name="miracast")
    expect_error(source, "usage.trace", EXIT_USAGE)


def even_port():
    """A free UDP pair's first port; free a moment ago."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        if port % 2 == 0:
            return port


def srtp(profile, kind, digits):
    """A relay with the key and with libsrtp alone stands before the sink."""
    def case(bed):
        secret = ("0123456789abcdef" * 4)[:digits]
        key = bed.folder / "key"
        key.write_text(f"profile = {profile}\nkey = {secret}\n")
        key.chmod(0o600)
        outer, inner = even_port(), even_port()
        tool = pathlib.Path(bed.miracast).parent.parent / "tests/integration/srtp-open"
        relay = bed.start([tool, outer, inner, kind, secret], name="relay")
        relay.wait_line("ready")
        sdp = bed.folder / "stream.sdp"
        source, port = bed.cast("--capture", "test", "--srtp", key, "--sdp", sdp)
        report = finish(bed, source, bed.sink(port, "--announce", str(outer), "--receive",
                                              str(inner), "--pictures", "30", duration=2.5))
        check(report["pictures"] > 20, report["pictures"])
        check("in the clear" not in relay.text(), "datagrams went in the clear")
        check("a=crypto" in sdp.read_text() and sdp.stat().st_mode & 0o077 == 0, "the SDP")
        check(secret[:16] not in source.text(), "the key was printed")
    return case


def test_srtp_ffmpeg(bed):
    """A stock player opens the SDP and nothing else; the sink only keeps the session."""
    need_programs("ffmpeg")
    key, sdp = bed.folder / "key", bed.folder / "stream.sdp"
    key.write_text("profile = AES_CM_128_HMAC_SHA1_80\nkey = " + "0123456789abcdef" * 3 + "0" * 12)
    key.chmod(0o600)
    source, port = bed.cast("--capture", "test", "--srtp", key, "--sdp", sdp)
    idrs = ",".join(f"{second}:idr" for second in range(1, 50))  # it comes late
    bed.sink(port, "--announce", even_port(), "--no-decode", "--script", idrs, duration=60)
    source.wait_line("play ")
    done = run(["ffmpeg", "-v", "error", "-max_error_rate", "1", "-protocol_whitelist", "file,rtp,udp,srtp", "-i", sdp,
                "-map", "0:v", "-frames:v", "30", "-f", "framemd5", "-"])
    pictures = [line for line in done.stdout.splitlines() if line and line[0] != "#"]
    check(len(pictures) == 30 and len({line.split(",")[-1] for line in pictures}) > 20, done.stdout)
    source.send(signal.SIGINT)
    check(source.wait() == EXIT_OK, source.text())


def dtls_receiver(bed, kind):
    """(program, its port, the sink's port, its certificate's SHA-256)"""
    need_programs("openssl")
    outer, inner = even_port(), even_port()
    tool = pathlib.Path(bed.miracast).parent.parent / "tests/integration/srtp-open"
    relay = bed.start([sys.executable, ROOT / "tests/lab/dtls_srtp.py", outer, inner, tool, kind],
                      name="DTLS-SRTP receiver", stdin=subprocess.PIPE)
    fingerprint = relay.wait_line(r"fingerprint (\S+)")[1]
    if not kind.endswith("-begins"):
        relay.wait_line("ready")
    return relay, outer, inner, fingerprint


def srtp_dtls(kind, named):
    """openssl shakes hands, libsrtp opens, the lab's sink plays; the receiver is named, or anyone."""
    def case(bed):
        relay, outer, inner, fingerprint = dtls_receiver(bed, kind)
        sdp, begins = bed.folder / "stream.sdp", kind.endswith("-begins")
        source, port = bed.cast("--capture", "test", "--srtp", "dtls-passive" if begins else "dtls",
                                "--sdp", sdp,
                                *(("--srtp-fingerprint", fingerprint) if named else ()))
        sink = bed.sink(port, "--announce", str(outer), "--receive", str(inner), "--pictures", "30",
                        duration=2.5)
        if begins:
            relay.child.stdin.write(sink.wait_line(r"media comes from (\d+)")[1] + "\n")
            relay.child.stdin.flush()
        report = finish(bed, source, sink)
        check(report["pictures"] > 20, report["pictures"])
        check(fingerprint in source.text(), source.text())
        check(("nobody checked" in source.text()) != named, source.text())
        check("a=fingerprint:sha-256" in sdp.read_text() and "a=crypto" not in sdp.read_text(), "SDP")
        check(f"a=setup:{'passive' if begins else 'active'}" in sdp.read_text(), sdp.read_text())
        relay.send(signal.SIGTERM)
        relay.wait()
        media, rtcp, clear = map(int, re.search(r"(\d+) datagrams, (\d+) of RTCP, (\d+) in the clear",
                                                relay.text()).groups())
        check(media > 50 and rtcp > 0 and clear == 0, relay.text())
    return case


def test_srtp_dtls_wrong(bed):
    """Another receiver than the one that was named gets nothing."""
    relay, outer, inner, _ = dtls_receiver(bed, "cm")
    source, port = bed.cast("--capture", "test", "--srtp", "dtls", "--srtp-fingerprint", "00" * 32)
    bed.sink(port, "--announce", str(outer), "--receive", str(inner), "--no-decode", duration=60)
    expect_error(source, "srtp.fingerprint", EXIT_MEDIA)
    relay.send(signal.SIGTERM)
    relay.wait()
    check("\n0 datagrams" in relay.text(), relay.text())


def test_srtp_dtls_silent(bed):
    """A receiver that knows no DTLS gets nothing, and the session ends with that reason."""
    source, port = bed.cast("--capture", "test", "--srtp", "dtls")
    sink = bed.sink(port, "--no-decode", duration=60)
    expect_error(source, "srtp.handshake", EXIT_MEDIA)
    sink.wait()
    check(bed.report()["rtp"]["datagrams"] == 0, bed.report()["rtp"])


def test_srtp_dtls_gstreamer(bed):
    """GStreamer's own DTLS-SRTP shakes hands, opens and shows thirty pictures."""
    need_programs("gst-launch-1.0")
    outer = even_port()
    relay = bed.start([sys.executable, ROOT / "tests/lab/dtls_srtp.py", outer, 0, "", "gst"],
                      name="GStreamer")
    relay.wait_line("ready")
    source, port = bed.cast("--capture", "test", "--srtp", "dtls")
    bed.sink(port, "--announce", str(outer), "--no-decode", duration=120)
    relay.wait_line("played")
    source.send(signal.SIGINT)
    check(source.wait() == EXIT_OK, source.text())


def test_stats_no_room(bed):
    """A disk that is full from the first line on: said once, and the session goes on to its end."""
    source, port = bed.cast("--capture", "test", "--fps", "30", "--stats", "/dev/full")
    sink = bed.sink(port, "--no-teardown", duration=60)
    source.wait_line(r"error \[stats\.unwritable\]: No space left on device")
    sink.wait_line("first picture")
    source.send(signal.SIGINT)
    report = finish(bed, source, sink, EXIT_FAILED)
    check(report["ended_by"] == "source", report["ended_by"])
    check(source.text().count("error [") == 1, source.text())


def test_stats_unread(bed):
    """As "--stats - | head -2": the sink hears of the end."""
    read_fd, write_fd = os.pipe()
    source, port = bed.cast("--capture", "test", "--fps", "30", "--stats", "-", stdout=write_fd)
    os.close(write_fd)
    sink = bed.sink(port, "--no-teardown", duration=60)
    with os.fdopen(read_fd) as reader:
        seen = [json.loads(reader.readline()) for _ in range(2)]
    report = finish(bed, source, sink)
    check(report["ended_by"] == "source" and "nobody reads them" in source.text(), source.text())
    check(seen[0]["time_us"] < seen[1]["time_us"], seen)


def test_few_descriptors(bed):
    """Said before anything is begun; where the system lets the limit be raised, it is."""
    def limited(soft, hard, *options):
        return bed.start(["prlimit", f"--nofile={soft}:{hard}", bed.miracast, "cast", "--quiet", "--listen",
                          "127.0.0.1:0", "--capture", "test", *options], name="miracast")
    need_programs("prlimit")
    source = limited(16, 16)
    expect_error(source, "system.descriptors", EXIT_FAILED)
    check("ulimit -n" in source.text() and "16 files" in source.text(), source.text())
    source = limited(16, 1024, "--fps", "30")
    finish(bed, source, bed.sink(int(source.wait_line(r"listening on \S+:(\d+)").group(1)), duration=1))


def refuse_keys(bed, option, text, unsafe, bad):
    """A file of keys that others may read is refused for that, one that holds none for what it says."""
    keys = bed.folder / "keys"
    keys.write_text(text)
    for mode, code in ((0o644, unsafe), (0o600, bad)):
        keys.chmod(mode)
        source, port = bed.cast("--capture", "test", option, keys)
        sink = bed.sink(port, duration=5)
        expect_error(source, code, EXIT_MEDIA)
        sink.wait()


def test_srtp_bad_key(bed):
    refuse_keys(bed, "--srtp", "key = none\n", "srtp.key-unsafe", "srtp.key")


def test_no_sound_server(bed):
    """Another user's folder, as with sudo: said once by us, and not at each try by libpulse."""
    folder = pathlib.Path("/")
    if os.geteuid() == 0:
        folder = bed.folder / "runtime"
        folder.mkdir()
        os.chown(folder, 65534, 65534)
    source, port = bed.cast("--capture", "test", "--fps", "30", "--audio", "both",
                            env={"XDG_RUNTIME_DIR": str(folder), "PULSE_SERVER": "", "HOME": str(bed.folder)})
    finish(bed, source, bed.sink(port, "--no-decode", duration=4))
    check(source.text().count("[audio.no-server]") == 1, source.text())
    check("another user's" in source.text(), source.text())
    check(source.text().count("not owned by us") <= 1, source.text())


def test_pause(bed):
    source, port = bed.cast("--capture", "test", "--fps", "30")
    report = finish(bed, source, bed.sink(port, "--script", "1:pause,2:play", duration=5))
    check("rtp-while-paused" not in report["faults"], report["faults"])
    check(report["video"]["idr_frames"] >= 2, "no IDR after the pause")


def test_keepalive(bed):
    # A sink that may be silent for two periods, and a small picture: a busy machine's sink answers late.
    source, port = bed.cast("--capture", "test", "--keepalive", "2", "--mode", "640x480", "--fps", "30")
    report = finish(bed, source, bed.sink(port, duration=6.6))
    check(report["keepalives"] >= 2, report["keepalives"])


# ---- ends ----

def test_interrupt(bed):
    source, port = bed.cast("--capture", "test")
    sink = bed.sink(port, "--no-teardown", duration=60)
    sink.wait_line("first picture")
    source.send(signal.SIGINT)
    report = finish(bed, source, sink)
    check(report["ended_by"] == "source", report["ended_by"])


def test_interrupt_while_waiting(bed):
    source, _ = bed.cast("--capture", "test")
    source.send(signal.SIGTERM)
    check(source.wait() == EXIT_OK, source.text())


def read_head(wire):
    """The CSeq of the next message, which has no body."""
    number = ""
    while line := wire.readline().decode().strip():
        number = line.split(":")[1].strip() if line.lower().startswith("cseq") else number
    return number


def test_interrupt_while_starting(bed):
    """Ctrl-C while the sink owes its answer to M1, and to M3: an end as any other."""
    for owed in ("M1", "M3"):
        source, port = bed.cast("--capture", "test")
        with socket.create_connection(("127.0.0.1", port), timeout=60) as sink:
            wire = sink.makefile("rwb")
            number = read_head(wire)
            if owed == "M3":
                wire.write(f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\nPublic: org.wfa.wfd1.0, GET_PARAMETER, "
                           "SET_PARAMETER\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 1\r\n"
                           "Require: org.wfa.wfd1.0\r\n\r\n".encode())
                wire.flush()
                read_head(wire)  # the answer to M2
                read_head(wire)  # M3
            source.send(signal.SIGINT)
            check(source.wait() == EXIT_OK, source.text())
        check("error [" not in source.text(), source.text())


def test_duration(bed):
    source, port = bed.cast("--capture", "test", "--duration", "2")
    report = finish(bed, source, bed.sink(port, "--no-teardown", duration=60))
    check(report["ended_by"] == "source", report["ended_by"])


def test_duration_of_a_slow_sink(bed):
    """One that takes longer to begin than its stream is to last gets all of that."""
    source, port = bed.cast("--capture", "test", "--duration", "1")
    report = finish(bed, source, bed.sink(port, "--no-teardown", "--no-decode", profile="slow-play", duration=60))
    check(report["ended_by"] == "source" and report["video"]["idr_frames"] >= 1, report)


def test_vanish(bed):
    source, port = bed.cast("--capture", "test", "--keepalive", "1")
    sink = bed.sink(port, "--script", "0.5:vanish", "--no-teardown", duration=60)
    expect_error(source, "rtsp.keepalive-lost", EXIT_LOST)
    sink.wait()


def test_close(bed):
    source, port = bed.cast("--capture", "test")
    sink = bed.sink(port, "--script", "0.5:close", duration=60)
    expect_error(source, "rtsp.disconnected", EXIT_LOST)
    sink.wait()


def test_reset(bed):
    source, port = bed.cast("--capture", "test")
    sink = bed.sink(port, "--script", "0.5:rst", duration=60)
    expect_error(source, "rtsp.disconnected", EXIT_LOST)
    sink.wait()


# ---- bad input ----

def misbehaving(name, code, exit_code, *options):
    def case(bed):
        source, port = bed.cast("--capture", "test", "--keepalive", "1", *options)
        sink = bed.sink(port, "--misbehave", name, duration=30)
        expect_error(source, code, exit_code)
        sink.wait()
    return case


def test_wrong_cseq(bed):
    source, port = bed.cast("--capture", "test")
    finish(bed, source, bed.sink(port, "--misbehave", "wrong-cseq", duration=1))
    check("rtsp.wrong-cseq" in source.text(), source.text())


def test_garbage_later(bed):
    source, port = bed.cast("--capture", "test")
    sink = bed.sink(port, "--script", "0.5:garbage", duration=30)
    expect_error(source, "rtsp.malformed", EXIT_SESSION)
    sink.wait()


def test_second_client(bed):
    source, port = bed.cast("--capture", "test")
    sink = bed.sink(port, duration=2)
    source.wait_line("play ")
    with socket.create_connection(("127.0.0.1", port)) as second:
        second.settimeout(20)
        check(second.recv(10) == b"", "the second client was let in")
    source.wait_line(r"link\.refused")
    finish(bed, source, sink)


def no_sink(source, why, peer="127.0.0.1"):
    source.wait_line(rf"link +\[link\.no-sink\] {peer} connected and is no sink: .*{why}.*; waiting on")


def stranger(name, why):
    """What it sends is no answer to M1, so it is no sink: the cast waits on for one."""
    def case(bed):
        source, port = bed.cast("--capture", "test", "--keepalive", "1")
        first = bed.sink(port, "--misbehave", name, duration=30)
        no_sink(source, why)
        first.wait()
        finish(bed, source, bed.sink(port, duration=1))
        check("error [" not in source.text(), source.text())
    return case


def test_never_reads(bed):
    """Questions without end from one that reads no answer, nor M1: it is hung up on."""
    source, port = bed.cast("--capture", "test")
    questions = b"OPTIONS * RTSP/1.0\r\nCSeq: 9\r\nRequire: org.wfa.wfd1.0\r\n\r\n" * 1000
    with socket.socket() as flood:
        flood.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        flood.connect(("127.0.0.1", port))
        flood.settimeout(60)
        try:
            while True:
                flood.sendall(questions)
        except (ConnectionResetError, BrokenPipeError):
            pass
    # Where a machine takes longer over the questions than the sink has for M1, that is as true.
    no_sink(source, "(does not read|did not answer)")
    finish(bed, source, bed.sink(port, duration=1))


def knock(port, words=b"", reset=False):
    """Connects, says something or nothing, and goes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as caller:
        if reset:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(ConnectionError):
            caller.sendall(words)


def test_probes(bed):
    """Whoever looks for open ports does no harm, however often: few lines, no descriptor is lost, and the sink
    that comes then has its session."""
    source, port = bed.cast("--capture", "test")
    knock(port)
    no_sink(source, "closed the connection", "(127.0.0.1|someone)")
    descriptors = pathlib.Path(f"/proc/{source.child.pid}/fd")
    before = len(list(descriptors.iterdir()))
    kinds = (b"", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x02\0\1\0", bytes(range(256)) * 64,
             b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", b"RTSP/1.0 200 OK\r\nCSeq: 9\r\nContent-Length: 9\r\n\r\n",
             b"TEARDOWN * RTSP/1.0\r\nCSeq: 1\r\n\r\n", b"$\0\xff\xff" + bytes(99))
    for index in range(25 * len(kinds)):
        knock(port, kinds[index % len(kinds)], reset=index % 3 == 0)
    source.wait_line(r"no-sink.*\(128 so far\)")
    check(source.text().count("no-sink") <= 9, source.text())
    sink = bed.sink(port, "--no-teardown", duration=60)
    source.wait_line("streaming ")
    check(len(list(descriptors.iterdir())) < before + 40, f"{before} descriptors before")
    end(bed, source, sink)
    check("error [" not in source.text(), source.text())


def test_probe_in_the_way(bed):
    """The sink dials in while a silent stranger is listened to: it is the next one, and is not turned away."""
    source, port = bed.cast("--capture", "test")
    with socket.create_connection(("127.0.0.1", port), timeout=60) as silent:
        check(silent.recv(7) == b"OPTIONS", "no M1")
        sink = bed.sink(port, duration=1)
        no_sink(source, "did not answer M1")
    finish(bed, source, sink)


def test_probes_without_end(bed):
    """They do not make the wait for the sink longer."""
    source, port = bed.cast("--capture", "test", "--wait", "3")
    while source.child.poll() is None:
        with contextlib.suppress(OSError):
            knock(port, b"GET / HTTP/1.0\r\n\r\n")
    expect_error(source, "link.timeout", EXIT_LINK)


def test_comes_again(bed):
    """A sink whose first connection is only a try."""
    source, port = bed.cast("--capture", "test")
    with socket.create_connection(("127.0.0.1", port), timeout=60) as wire:
        check(wire.recv(7) == b"OPTIONS", "no M1")
    finish(bed, source, bed.sink(port, duration=1))


def test_early_teardown(bed):
    """The sink ends in good order what had not begun: a refusal, with a name and a next step."""
    source, port = bed.cast("--capture", "test")
    with socket.create_connection(("127.0.0.1", port), timeout=60) as sink:
        wire = sink.makefile("rwb")
        number = read_head(wire)
        wire.write(f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\nPublic: org.wfa.wfd1.0, GET_PARAMETER, SET_PARAMETER\r\n"
                   "\r\nTEARDOWN rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
        wire.flush()
        expect_error(source, "rtsp.teardown", EXIT_SESSION)
    check("look at the sink" in source.text(), "no next step")


def test_port_in_use(bed):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        source = bed.start([bed.miracast, "cast", "--capture", "test", "--listen",
                            f"127.0.0.1:{port}"])
        expect_error(source, "link.port-in-use", EXIT_LINK)
        check("--listen" in source.text(), "no next step")


def test_no_display(bed):
    source = bed.start([bed.miracast, "cast", "--capture", "x11::987", "--listen", "127.0.0.1:0"])
    expect_error(source, "capture.no-display", EXIT_CAPTURE)


def test_no_encoder(bed):
    source, port = bed.cast("--capture", "test", env={"GST_PLUGIN_FEATURE_RANK": "",
                            "GST_PLUGIN_SYSTEM_PATH_1_0": "/nonexistent",
                            "GST_PLUGIN_PATH_1_0": "/nonexistent",
                            "GST_REGISTRY_1_0": str(bed.folder / "registry")})
    sink = bed.sink(port, duration=5)
    expect_error(source, "encoder.missing", EXIT_MEDIA)
    check("install" in source.text(), "no next step")
    sink.wait()


def test_wait_expires(bed):
    source, _ = bed.cast("--capture", "test", "--wait", "1")
    expect_error(source, "link.timeout", EXIT_LINK)


def test_usage(bed):
    for words in (["cast", "--mode", "big"], ["cast", "--nonsense"], ["fly"], ["cast", "--link", "x"]):
        source = bed.start([bed.miracast, *words])
        check(source.wait() == EXIT_USAGE, f"{words}: {source.text()}")
    source = bed.start([bed.miracast, "cast", "--capture", "nothing", "--listen", "127.0.0.1:0"])
    expect_error(source, "capture.unknown-kind", EXIT_CAPTURE)


# ---- what is known of a sink that its answers do not say (rtsp/quirks) ----

def test_quirk_mode(bed):
    """720p binds for this maker, whatever the sink offers: nothing is refused."""
    source, port = bed.cast("--capture", "test", "--mode", "1920x1080@30")
    report = finish(bed, source, bed.sink(port, profile="xiaomi-unbound"))
    check(report["negotiated"]["video"]["height"] == 720, report["negotiated"])
    check("miracast: alternative" not in source.text(), source.text())


def test_quirk_unoffered(bed):
    source, port = bed.cast("--capture", "test", "--mode", "1920x1080@30")
    report = finish(bed, source, bed.sink(port, profile="samsung-tab"))
    check(report["negotiated"]["video"]["height"] == 1080, report["negotiated"])


def test_quirk_idr_gap(bed):
    source, port = bed.cast("--capture", "test", "--fps", "30")
    report = finish(bed, source, bed.sink(port, profile="mi-tv", duration=5))
    idr = report["video"]["idr_at_s"]
    check(len(idr) >= 3 and mean_gap(idr) > 0.6, idr)  # 0.3 s without the quirk


def test_quirk_sound(bed):
    source, port = bed.cast("--capture", "test", "--fps", "30")
    report = finish(bed, source, bed.sink(port, profile="msft-adapter"))
    check(report["audio"]["codec"] == "LPCM", report["audio"])


def test_quirk_flavour(bed):
    """Its PCR stands in the video's packets, as in the stream that such sets are known to show."""
    source, port = bed.cast("--capture", "test", "--fps", "30")
    sink = bed.sink(port, profile="vidaa")
    sink.wait()
    report = bed.report()
    check(source.wait() == EXIT_OK, source.text())
    check("0x1000" not in report["ts"]["pids"] and report["pictures"] > 5, report["ts"])


def test_idr_unasked(bed):
    source, port = bed.cast("--capture", "test", "--fps", "30")
    report = finish(bed, source, bed.sink(port, profile="no-idr-request", duration=6.5))
    idr = report["video"]["idr_at_s"]
    check(len(idr) >= 3 and mean_gap(idr) > 1.5, idr)


# ---- other sinks ----

def other_sink(profile, **more):
    def case(bed):
        source, port = bed.cast("--capture", "test", "--fps", "30", "--keepalive",
                                str(more.get("keepalive", 25)))
        sink = bed.sink(port, duration=more.get("duration", 1.5), profile=profile)
        code = sink.wait()
        report = bed.report()
        tolerated = set(more.get("tolerated", ()))
        check(not set(report["serious"]) - tolerated, f"{code} {report['serious']} "
              f"{report['faults']}\n" + "\n".join(report["dialogue"]))
        check(report["pictures"] > 5, "no picture")
        code = source.wait()
        check(code == more.get("exit", EXIT_OK), f"{code}\n{source.text()}")
    return case


CASES = {
    "test-pattern": test_pattern, "lpcm": test_lpcm, "ac3": test_ac3, "silence": test_silence, "x11": test_x11,
    "x11-resize": test_x11_resize, "av-sync": test_av_sync,
    "quirk-mode": test_quirk_mode, "quirk-unoffered": test_quirk_unoffered,
    "quirk-idr-gap": test_quirk_idr_gap, "quirk-sound": test_quirk_sound,
    "quirk-flavour": test_quirk_flavour, "idr-unasked": test_idr_unasked,
    "rate": test_rate, "halve": test_halve, "loss": test_loss, "loss-asks": test_loss_asks, "loss-nacks": test_loss_nacks, "collapse": test_collapse, "room-for-sound": test_room_for_sound, "proof": test_proof, "black-screen": test_black_screen,
    "many-slices": test_many_slices, "stopped": test_stopped,
    "judge-aac": judged("--capture", "test:noise"),
    "judge-lpcm": judged("--capture", "test", sink_options=("--set",
                                                            "wfd_audio_codecs=LPCM 00000003 00")),
    "judge-ac3": judged("--capture", "test", profile="ac3-only"),
    "judge-high": judged("--capture", "test:noise", "--high-profile", "--bitrate", "12000",
                         profile="samsung-2014"),
    "colours": test_colours, "judge-still": judged("--capture", "test:still"),
    "nobody-receives": test_nobody_receives, "metrics": test_metrics,
    "encoder-fails": test_encoder_fails,
    "flavour-gnd": flavour("gnd", "0x0020", "0x1011",
                           ("video-pes-unaligned", "audio-pes-unaligned")),
    "flavour-pcr-video": flavour("pcr-video", "0x0100", "0x1011"),
    "flavour-filled": flavour("filled", "0x0100", "0x1000"),
    "flavour-unbounded": flavour("unbounded", "0x0100", "0x1000"),
    "input-withdrawn": test_input_withdrawn, "input-impossible": test_input_impossible,
    "other-display": test_other_display, "no-other-display": test_no_other_display, "input-denied": test_input_denied, "input-allowed": test_input_allowed, "idr": test_idr, "idr-storm": test_idr_storm,
    "idr-flood": asks_without_end("default", False), "idr-flood-reports": asks_without_end("windows-r2", True),
    "no-sound-server": test_no_sound_server, "pause": test_pause, "trace": test_trace, "trace-no-room": test_trace_no_room,
    "stats-no-room": test_stats_no_room, "stats-unread": test_stats_unread,
    "few-descriptors": test_few_descriptors,
    "rtcp": test_rtcp, "rtcp-loss": test_rtcp_loss,
    "srtp": srtp("AES_CM_128_HMAC_SHA1_80", "cm", 60),
    "srtp-gcm": srtp("AEAD_AES_128_GCM", "gcm", 56),
    "srtp-dtls": srtp_dtls("cm", False), "srtp-dtls-gcm": srtp_dtls("gcm", True),
    "srtp-dtls-passive": srtp_dtls("gcm-begins", True),
    "srtp-dtls-gstreamer": test_srtp_dtls_gstreamer,
    "srtp-dtls-wrong": test_srtp_dtls_wrong, "srtp-dtls-silent": test_srtp_dtls_silent,
    "srtp-ffmpeg": test_srtp_ffmpeg, "srtp-bad-key": test_srtp_bad_key, "keepalive": test_keepalive, "interrupt": test_interrupt,
    "interrupt-while-waiting": test_interrupt_while_waiting,
    "interrupt-while-starting": test_interrupt_while_starting, "duration": test_duration,
    "duration-of-a-slow-sink": test_duration_of_a_slow_sink,
    "vanish": test_vanish, "close": test_close, "reset": test_reset,
    "garbage": stranger("garbage-first", ""), "big-header": stranger("big-header", "4096"),
    "negative-length": stranger("negative-length", "Content-Length"),
    "half-message": stranger("half-first", "did not answer M1"),
    "probes": test_probes, "probe-in-the-way": test_probe_in_the_way, "probes-without-end": test_probes_without_end,
    "comes-again": test_comes_again, "early-teardown": test_early_teardown,
    "silent-after-m1": misbehaving("silent-after-m1", "rtsp.timeout", EXIT_SESSION),
    "silent-after-m3": misbehaving("silent-after-m3", "rtsp.timeout", EXIT_SESSION),
    "silent-after-m4": misbehaving("silent-after-m4", "rtsp.timeout", EXIT_SESSION),
    "never-setup": misbehaving("never-setup", "rtsp.timeout", EXIT_SESSION),
    "never-play": misbehaving("never-play", "rtsp.timeout", EXIT_SESSION),
    "refuse-everything": misbehaving("refuse-m4=303", "rtsp.refused", EXIT_SESSION),
    "wrong-cseq": test_wrong_cseq, "garbage-later": test_garbage_later,
    "second-client": test_second_client, "never-reads": test_never_reads, "port-in-use": test_port_in_use,
    "no-display": test_no_display, "no-encoder": test_no_encoder,
    "wait-expires": test_wait_expires, "usage": test_usage,
}
SINKS = {
    "samsung-2014": {}, "samsung-2026": {}, "samsung-tab": {}, "lg-2015": {}, "lg-webos": {},
    "lg-m16-error": {"keepalive": 1, "duration": 3}, "msft-adapter": {}, "windows-r1": {},
    "windows-r2": {}, "xiaomi": {}, "tcl-aac": {}, "mstar-lpcm": {}, "actiontec": {}, "nec": {},
    "android442": {}, "mediatek": {}, "rdk": {}, "picast": {},
    "lazycast": {"tolerated": ["response-cseq"]}, "miraclecast": {}, "roku": {}, "crestron": {},
    "openharmony": {}, "old-dongle": {}, "airshow": {}, "foxlost": {}, "aosp": {}, "no-m2": {},
    "mcsink": {}, "tcp-first": {}, "msft-adapter-4k": {"keepalive": 1, "duration": 2.5},
    "m2-first": {}, "vga-only": {}, "720p": {}, "no-audio": {}, "strict-303": {}, "split": {},
    "coalesced": {}, "cseq-off-by-one": {}, "stray-crlf": {}, "session-timeout-echo": {},
    "slow-play": {},
}
CASES.update({f"sink-{name}": other_sink(name, **more) for name, more in SINKS.items()})


# What these measure between two events, other sessions on the same cores would be measured with.
ALONE = {"idr", "idr-storm", "rtcp", "rtcp-loss", "x11", "test-pattern"}

if __name__ == "__main__":
    sys.exit(main(CASES, ALONE))
