#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each row of rtsp/quirks.c that other sessions do not show, against a sink of the lab that has its
habit and minds.  Usage: test_quirks.py MIRACAST CASE..."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lab"))
from harness import check, main  # noqa: E402
from sink.profiles import PROFILES  # noqa: E402
from wire import own_loopback  # noqa: E402

EXIT_OK, EXIT_LOST = 0, 7
UNALIGNED = ("video-pes-unaligned", "audio-pes-unaligned")  # the flavour's way, seen by the judge

# profile: (what the source says of it, options of the source, faults that belong to it)
ROWS = {
    "lg": ("lg: session id of 8 digits", (), ()),
    "roku-named": ("roku: keep-alive every 20 s", ("--keepalive", "55"), ()),
    "roku-element": ("roku-element: keep-alive every 20 s", ("--keepalive", "55"), ()),
    "hisense": ("hisense: transport stream of shape gnd, keep-alive every 20 s", (), UNALIGNED),
    "fire-tv": ("fire-tv: 20 s for SETUP and PLAY", ("--keepalive", "1"), ()),
    "cast-dongle": ("cast-dongle: 20 s for SETUP and PLAY", (), ()),
}


def cast(bed, profile, *options, env=None):
    """To a sink that says over the air what its profile says."""
    device = PROFILES[profile].device
    link = ("--link", "loopback", device) if device else ()
    return bed.cast("--capture", "test", "--fps", "30", *options, *link, env=env)


def finish(bed, source, sink, tolerated=()):
    sink.wait()
    report = bed.report()
    check(not set(report["serious"]) - set(tolerated),
          f"{report['faults']}\n" + "\n".join(report["dialogue"]))
    check(source.wait() == EXIT_OK, source.text())
    check(report["video"]["idr_frames"] >= 1 and report["fps"] > 0, "no picture came")
    return report


def row(profile):
    says, options, tolerated = ROWS[profile]

    def case(bed):
        source, port = cast(bed, profile, *options)
        sink = bed.sink(port, "--no-decode", profile=profile, duration=1)
        source.wait_line(f"quirks +{says}$")
        finish(bed, source, sink, tolerated)
    return case


def test_menu(bed):
    """Nothing helps but the set's own menu, and that is said."""
    source, port = cast(bed, "samsung-menu")
    sink = bed.sink(port, profile="samsung-menu")
    source.wait_line("hint .*screen mirroring or Wi-Fi Direct menu")
    check(source.wait() == EXIT_LOST, source.text())
    sink.wait()


def test_projector(bed):
    """The lab's "hardware" begins to cut its pictures: another encoder goes on, and the sink sees none
    of them."""
    build = pathlib.Path(bed.miracast).resolve().parent.parent
    env = {"GST_PLUGIN_PATH": str(build / "tests/lab/gst"), "GST_REGISTRY": str(bed.folder / "gst"),
           "MCLAB_FRAMES": "20", "MCLAB_HOW": "slices"}
    source, port = cast(bed, "android-projector", "--encoder", "vaapi", env=env)
    sink = bed.sink(port, "--pictures", "30", profile="android-projector", duration=2)
    source.wait_line("quirks +android-projector: one slice a picture$")
    source.wait_line("encoder .*gave 2 slices in a picture.* goes on")
    finish(bed, source, sink)


def test_own_port(bed):
    own_loopback(bed)
    source, port = cast(bed, "broadcom")
    check(port == 8554, source.text())
    sink = bed.sink(port, "--no-decode", profile="broadcom", duration=1)
    source.wait_line("quirks +broadcom: dials port 8554$")
    finish(bed, source, sink)


CASES = {profile: row(profile) for profile in ROWS}
CASES.update({"samsung-menu": test_menu, "android-projector": test_projector,
              "broadcom": test_own_port})

if __name__ == "__main__":
    sys.exit(main(CASES))
