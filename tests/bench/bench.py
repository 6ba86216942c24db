#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the product beside a floor program and GStreamer pipelines on the same frames.

Times are of this machine at this moment: compare the rows of one run, not runs.  The age of a picture
is the time from the X server's drawing of its time code to its being decoded at the receiver.
"""

import argparse
import json
import pathlib
import platform
import sys

import compare
import figures
import link
import memory
import micro
import recovery
import several
import startup
import stage

COMMANDS = {
    "all": (compare.all_in_one, 2, 3, "ages, stages, CPU and quality beside the others (default)"),
    "latency": (compare.latency, 3, 4, "ages of pictures; also 1080p60"),
    "cpu": (compare.cpu, 3, 4, "CPU of a moving and of a still desktop"),
    "quality": (compare.quality, 1, 3, "SSIM and PSNR of desk, scrolling text and video"),
    "startup": (startup.startup, 3, 4, "PLAY to the first key frame; M13 to its answer"),
    "dispatch": (micro.dispatch, 3, 0, "ns of driver calls, chunks and messages"),
    "negotiate": (micro.negotiate, 10, 0, "TCP connect to PLAY; RTSP and parameters read"),
    "crypto": (micro.crypto, 3, 0, "a datagram in the clear, with SRTP, DTLS and HDCP"),
    "rate": (link.rate, 1, 0, "a link that halves, loses and jitters: what is sent, how old it comes"),
    "recovery": (recovery.recovery, 1, 30, "what is shown of a stream that loses datagrams; key frames' sizes"),
    "link": (link.steps, 5, 0, "each step to a sink over simulated radios, beside wpa_supplicant's bare commands"),
    "several": (several.several, 3, 5, "CPU of one desktop that is shown on 1, 2 and 4 sinks"),
    "memory": (memory.memory, 2, 4, "resident memory and descriptors over time"),
}


def parse(argv):
    text = "\n".join(f"  {name:10} {about}" for name, (_, _, _, about) in COMMANDS.items())
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     epilog=f"commands:\n{text}",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", default="all", choices=COMMANDS, metavar="COMMAND")
    parser.add_argument("--build", default="build", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, help="medians are over so many")
    parser.add_argument("--seconds", type=float, help="of each measurement")
    parser.add_argument("--warm", type=float, default=1.0, help="seconds before each measurement")
    parser.add_argument("--mode", dest="modes", action="append", choices=sorted(stage.MODES),
                        metavar="WxH@FPS", help=", ".join(sorted(stage.MODES)))
    parser.add_argument("--sinks", default="1,2,4", metavar="N,...",
                        type=lambda text: [int(count) for count in text.split(",")],
                        help="several: so many at once, in turn [1,2,4]")
    parser.add_argument("--json", metavar="FILE", help="the results for a program")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    arguments = parser.parse_args(argv)
    _, rounds, seconds, _ = COMMANDS[arguments.command]
    arguments.rounds = arguments.rounds or rounds
    arguments.seconds = arguments.seconds or seconds
    arguments.say = (lambda text: None) if arguments.quiet else \
        (lambda text: print(f"bench: {text}", file=sys.stderr, flush=True))
    return arguments


def main(argv=None):
    arguments = parse(argv)
    load = figures.Load()
    try:
        results = COMMANDS[arguments.command][0](arguments)
    except stage.harness.Skipped as reason:
        print(f"bench: skipped: {reason}", file=sys.stderr)
        return 77
    except stage.harness.Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    busy = load.busy_percent()
    print(f"\nThe machine's cores were {busy:.0f} % busy, the bench's own part included; "
          f"{arguments.rounds} rounds"
          + (f" of {arguments.seconds:g} s" if arguments.seconds else "") + ", medians.")
    if arguments.json:
        document = {"command": arguments.command, "rounds": arguments.rounds,
                    "seconds": arguments.seconds, "machine": platform.machine(),
                    "busy_percent": round(busy, 1), "results": results}
        pathlib.Path(arguments.json).write_text(json.dumps(document, indent=1) + "\n",
                                                encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
