# SPDX-License-Identifier: MIT
"""The lab's sink as a program: python3 tests/lab/sink --connect HOST:PORT ..."""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import sys
import tempfile

if not __package__:  # started by the folder's name
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
    __package__ = "sink"

from sink import avsync, decoder, media as media_module, profiles, report, script, session  # noqa: E402


def pair(text):
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("NAME=VALUE")
    return name, value


def parse_arguments(argv):
    parser = argparse.ArgumentParser(prog="sink", description=__doc__)
    parser.add_argument("--connect", required=True, metavar="HOST:PORT")
    parser.add_argument("--bind", metavar="ADDR", help="own address")
    parser.add_argument("--wait", type=float, default=5, help="seconds to try again while refused")
    parser.add_argument("--profile", default="default", choices=sorted(profiles.PROFILES),
                        metavar="NAME", help="; ".join(sorted(profiles.PROFILES)))
    parser.add_argument("--set", type=pair, action="append", default=[], metavar="NAME=VALUE",
                        help="answer this capability otherwise")
    parser.add_argument("--drop", action="append", default=[], metavar="NAME",
                        help="leave this capability out")
    parser.add_argument("--announce", type=int, metavar="PORT",
                        help="tell the source this RTP port; a relay gives us what comes there")
    parser.add_argument("--receive", type=int, metavar="PORT", help="own RTP port [any]")
    parser.add_argument("--seal", type=int, metavar="PORT",
                        help="who encrypts input's bodies: length(2) and bytes, each way")
    parser.add_argument("--loss", type=int, default=0, metavar="PERCENT",
                        help="what receiver reports say (profiles with RTCP)")
    parser.add_argument("--ask-idr", type=float, default=0.0, metavar="SECONDS",
                        help="between requests for key frames without end; default: as the profile has it")
    parser.add_argument("--report-interval", type=float, default=0.5, metavar="SECONDS",
                        help="between receiver reports (profiles with RTCP)")
    parser.add_argument("--count", choices=("all", "first"), default="all",
                        help="of datagrams that receiver reports count as received: all that came, or what came "
                             "in its turn and once")
    parser.add_argument("--hold", type=float, default=50, metavar="MS",
                        help="how long datagrams wait behind a hole for what fills it")
    parser.add_argument("--nack", action="store_true",
                        help="ask for each datagram that is missing, once (RFC 4585; profiles with RTCP)")
    parser.add_argument("--recover", action="store_true", help="ask for a key frame after a loss")
    parser.add_argument("--frames", metavar="FILE", help="one CSV line a picture")
    parser.add_argument("--duration", type=float, default=5, help="seconds from the first picture to TEARDOWN")
    parser.add_argument("--pictures", type=int, default=12,
                        help="a slow machine gets more seconds to have so many")
    parser.add_argument("--no-teardown", action="store_true", help="the source ends the session")
    parser.add_argument("--script", type=script.parse, default=[], metavar="T:ACTION,...",
                        help=", ".join(script.ACTIONS))
    parser.add_argument("--act-on", metavar="WORDS:ACTION",
                        help="what to do when we say this (\"input disable\")")
    parser.add_argument("--misbehave", type=script.parse_misbehaviour, default={}, metavar="NAME",
                        help=", ".join(script.MISBEHAVIOURS))
    parser.add_argument("--report", metavar="FILE", help="JSON; standard output without it")
    parser.add_argument("--save-png", metavar="FILE", help="the last picture")
    parser.add_argument("--save-ts", metavar="FILE")
    parser.add_argument("--save-h264", metavar="FILE")
    parser.add_argument("--live-timecode", action="store_true", help="measure each picture's age")
    parser.add_argument("--av-sync", action="store_true",
                        help="measure a flash against its beep (--capture test:sync --audio beep)")
    parser.add_argument("--no-decode", action="store_true")
    parser.add_argument("--window", action="store_true", help="show the picture on the display")
    options = parser.parse_args(argv)
    options.set = dict(options.set)
    return options


def write_report(options, result):
    text = json.dumps(result, indent=1)
    if options.report:
        temporary = pathlib.Path(f"{options.report}.part")
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(options.report)
    else:
        print(text)


def last_idr(media):
    return next((unit.at for unit in reversed(media.units) if unit.idr), 0)


def run(options, folder):
    h264_path = pathlib.Path(options.save_h264 or folder / "video.h264")
    audio_path = folder / "audio"
    live, show = None, []
    with contextlib.ExitStack() as stack:
        video_file = stack.enter_context(open(h264_path, "wb"))
        audio_file = stack.enter_context(open(audio_path, "wb"))
        ts_file = stack.enter_context(open(options.save_ts, "wb")) if options.save_ts else None
        media = media_module.Media(video_file, audio_file, ts_file)
        if decoder.available() and not options.no_decode:
            live = decoder.LiveDecoder(options.live_timecode)
            show = [live] + ([decoder.Window()] if options.window else [])
            media.on_frame = lambda data, _t: [shown.unit(data) for shown in show]
        played = session.Session(options, profiles.PROFILES[options.profile], media)
        signal.signal(signal.SIGTERM, lambda *_: played.end("signal"))
        try:
            played.run()
        except OSError as error:
            print(f"sink: {options.connect}: {error}", file=sys.stderr)
            return None
        media.finish()
        for shown in show:
            shown.close()
    if options.frames:
        report.write_frames(media, options.frames)
    errors = decoder.decode_errors(h264_path) if live and media.units else []
    if options.save_png and media.units:
        decoder.save_picture(h264_path, last_idr(media), options.save_png)
    out = report.make(played, live, audio_path, errors)
    if options.av_sync:
        out["av_sync"] = avsync.report(h264_path, audio_path, media)
    return out


def main(argv=None):
    try:
        options = parse_arguments(argv)
    except script.ScriptError as error:
        print(f"sink: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="miracast-sink-") as folder:
        result = run(options, pathlib.Path(folder))
    if result is None:
        return 1
    write_report(options, result)
    for name in result["serious"]:
        fault = result["faults"].get(name, {"count": 1, "first": ""})
        print(f"sink: fault {name} x{fault['count']} {fault['first']}", file=sys.stderr)
    return 1 if result["serious"] else 0


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.exit(main())
