#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`miracast lab m3` with the collected replies: test_lab_m3.py MIRACAST REPLIES"""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import Bed, check  # noqa: E402


def lab(bed, *words):
    return subprocess.run([bed.miracast, "lab", "m3", *(str(word) for word in words)],
                          capture_output=True, text=True, timeout=60, check=False)


with Bed(sys.argv[1]) as bed:
    replies = json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))["entries"]
    done = lab(bed, "--json", sys.argv[2])
    check(done.returncode == 0, done.stderr)
    answers = json.loads(done.stdout)
    check([a["id"] for a in answers] == [r["id"] for r in replies], "not every reply was answered")
    for answer in answers:
        names = [p["name"] for p in answer["parameters"]]
        check(len(names) == len(set(names)) or answer["id"] == "castengine-fixture", names)
        check(answer["unknown"] == [p["name"] for p in answer["parameters"]
                                    if p["state"] == "unknown"], answer["unknown"])
        check("no_choice" in answer or (answer["video"] and answer["reason"]), answer)
    done = lab(bed, sys.argv[2])
    check(done.returncode == 0 and "choice:" in done.stdout, done.stderr)
    check("native 1920x1080p60, which it does not offer" in done.stdout, done.stdout)
    by_id = {answer["id"]: answer for answer in answers}
    samsung = by_id["samsung-secwdh-me29-2014"]
    check(len(samsung["offers"]) == 2 and "1920x1080p30" in samsung["offers"][0]["modes"]
          and "1920x1080p60" not in samsung["offers"][0]["modes"], samsung["offers"])
    check(by_id["tcl-85q6h-2026"]["quirks"] == "tcl", by_id["tcl-85q6h-2026"])

    text = bed.folder / "reply.txt"
    text.write_text("RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n"
                    "wfd_video_formats: 00 00 01 01 00000021 00000000 00000000 00 0000 0000 00 none none\r\n"
                    "wfd_audio_codecs: LPCM 00000002 00\r\nwfd_vnd_thing: 1\r\n"
                    "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 19000 0 mode=play\r\n")
    done = lab(bed, text)
    check("1280x720 at 30" in done.stdout and "not known: wfd_vnd_thing" in done.stdout, done.stdout)

    broken = bed.folder / "broken.json"
    broken.write_text("{\"entries\": [3]}")
    for words in ([broken], [bed.folder / "missing"], []):
        done = lab(bed, *words)
        check(done.returncode != 0 and "error [usage" in done.stderr, f"{words}: {done.stderr}")
