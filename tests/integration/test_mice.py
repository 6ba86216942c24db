#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Miracast over Infrastructure against the lab's sink on loopback: test_mice.py MIRACAST CASE..."""

import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import PATIENCE_S, ROOT, check, main, need_programs  # noqa: E402
from test_cast import x_tool  # noqa: E402
from wire import Wire, is_clear_media  # noqa: E402

SINK = ROOT / "tests" / "lab" / "mice_sink.py"
EXIT_OK, EXIT_LINK, EXIT_LOST = 0, 3, 7
DIAL_S = 5  # then the source gives a control port up


def start_sink(bed, *options, duration=2, sink_options=()):
    need_programs("openssl")
    report = bed.folder / "report.json"
    sink = bed.start([sys.executable, SINK, *options, "--", "--duration", duration, "--report",
                      report, *sink_options], name="mice sink")
    return sink, sink.wait_line(r"port (\d+)").group(1), report


def start_source(bed, port, *options, stdin=subprocess.DEVNULL, name="127.0.0.1"):
    return bed.start([bed.miracast, "cast", "--link", "mice", "--control-port", port, "--listen",
                      "127.0.0.1:0", "--capture", "test", "--quiet", *options, name], stdin=stdin)


def play(bed, mode, *options, sink=(), name="127.0.0.1"):
    """A whole session whose pictures arrive; the sink's program."""
    sink, port, report_path = start_sink(bed, "--mode", mode, *sink)
    source = start_source(bed, port, *options, name=name)
    check(source.wait() == EXIT_OK, source.text() + "\n" + sink.text())
    sink.wait()
    report = json.loads(report_path.read_text())
    # A datagram that a busy machine loses in the relay is nobody's fault.
    check(set(report["serious"]) <= {"ts-continuity"}, report["faults"])
    check(report["pictures"] > 20, report["faults"])
    if mode != "open":
        found = re.search(r"(\d+) records, (\d+) in the clear", sink.text())
        check(found and int(found[1]) > 50 and found[2] == "0", sink.text())
    check("12345678" not in source.text(), "the PIN was printed")
    return sink


def plays(mode, *options, **more):
    return lambda bed: play(bed, mode, *options, **more) and None


def on_the_wire(mode, *options):
    """All that passed during a whole session.  In the open, the look finds RTP: it can see it; with
    encryption only what the lab's relay opened goes on from there in the clear."""
    def case(bed):
        wire = Wire(bed)
        sink = play(bed, mode, *options)
        datagrams = wire.datagrams()
        clear = [dest for _, dest, payload in datagrams if is_clear_media(payload)]
        check(len(clear) > 50, f"the look finds {len(clear)} of {len(datagrams)} datagrams")
        if mode == "open":
            return
        outer, inner = map(int, re.search(r"media comes to (\d+), goes on to (\d+)",
                                          sink.text()).groups())
        sealed = [payload for _, dest, payload in datagrams if dest == outer]
        check(set(clear) == {inner}, f"in the clear to {set(clear) - {inner}}")
        check(len(sealed) > 50 and all(payload[0] == 0x17 for payload in sealed),
              f"{len(sealed)} datagrams of media")
    return case


def link_local(bed):
    """Addresses that mean nothing without their interface, on a loopback of the test's own."""
    wire = Wire(bed)
    bed.start(["sh", "-c", "ip address add fe80::5/64 dev lo nodad && echo done"]).wait_line("done")
    play(bed, "pin", "--security", "pin", "--pin", "12345678", sink=("--host", "fe80::5%lo"),
         name="fe80::5%lo")
    check(wire.datagrams(), "nothing passed")


def fails(code, exit_code, sink_options, *options):
    def case(bed):
        sink, port, _ = start_sink(bed, *sink_options, duration=20)
        source = start_source(bed, port, *options)
        check(source.wait() == exit_code, f"not {exit_code}:\n{source.text()}\n{sink.text()}")
        lines = [line for line in source.lines if "error [" in line]
        check(len(lines) == 1 and f"error [{code}]" in lines[0], source.text())
    return case


def unreachable(bed):
    source = start_source(bed, "1")
    check(source.wait() == EXIT_LINK and "error [link.unreachable]" in source.text(), source.text())


def dials(port):
    """How many connections to that port of this machine's are asked for and not answered yet."""
    lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(line.split()[2].endswith(f":{port:04X}") and line.split()[3] == "02" for line in lines)


def wait_until(condition, text, patience_s=PATIENCE_S):
    end = time.monotonic() + patience_s
    while not condition():
        check(time.monotonic() < end, text)
        time.sleep(0.02)


def interrupted_dial(bed):
    """A control port that lets nobody in: who interrupts does not wait until it is given up."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as guest:
        port = full.getsockname()[1]
        guest.connect(full.getsockname())
        source = start_source(bed, str(port))
        wait_until(lambda: dials(port), "the source does not dial")
        source.send(signal.SIGINT)
        wait_until(lambda: not dials(port), f"it goes on dialling:\n{source.text()}", DIAL_S - 2)
        check(source.wait() == EXIT_OK and "error [" not in source.text(), source.text())


def late_pin(bed):
    """The person takes longer than the sink waits; meanwhile the PIN's prompt is not in the way."""
    sink, port, _ = start_sink(bed, "--mode", "pin", "--misbehave", "tired", duration=20)
    source = start_source(bed, port, "--security", "pin", "--pin", "-", stdin=subprocess.PIPE)
    check(source.wait() == EXIT_LOST, source.text() + sink.text())
    check("error [link.lost]" in source.text() and "before the PIN" in source.text(), source.text())


def typed_pin(bed):
    """From a pipe, with the blanks that sinks show it with, and nowhere to be read meanwhile."""
    sink, port, report = start_sink(bed, "--mode", "pin")
    source = start_source(bed, port, "--security", "pin", "--pin", "-", stdin=subprocess.PIPE)
    sink.wait_line("PIN")
    source.child.stdin.write("1234 5678\n")
    source.child.stdin.flush()
    check(source.wait() == EXIT_OK, source.text() + sink.text())
    sink.wait()
    check(json.loads(report.read_text())["pictures"] > 20, sink.text())


def trickled_pin(bed):
    """A message that never ends, while a person looks for the PIN."""
    sink, port, _ = start_sink(bed, "--mode", "pin", "--misbehave", "trickle-pin", duration=20)
    source = start_source(bed, port, "--security", "pin", "--pin", "-", stdin=subprocess.PIPE)
    check(source.wait() == EXIT_LINK and "error [link.timeout]" in source.text(),
          source.text() + sink.text())


def touched(bed, *options):
    """Where the pointer is after the sink's touches, encrypted ones; at (160, 150) of its picture and
    then at (320, 240), with the last of the four messages as the lab's sink sends it."""
    need_programs("Xvfb")
    display = bed.x_server("1920x1080")
    sink, port, report_path = start_sink(bed, "--mode", "encrypt", *options, duration=1.5, sink_options=(
        "--profile", "samsung-tab", "--script", "0.5:touch=160x150,0.6:touch=320x240"))
    source = start_source(bed, port, "--security", "encrypt", "--capture", f"x11:{display}", "--audio",
                          "test", "--input", "allow")
    check(source.wait() == EXIT_OK, source.text() + sink.text())
    sink.wait()
    check("uibc-not-offered" not in json.loads(report_path.read_text())["faults"], sink.text())
    return x_tool(bed, display, "pointer")


def input_encrypted(bed):
    where = touched(bed)
    check(where == "960 540", f"the pointer is at {where}")


def input_replayed(bed):
    """The record of the first touch comes again last: it moves nothing."""
    where = touched(bed, "--misbehave", "replay-input")
    check(where == "960 540", f"the pointer is at {where}")


def closes(mode, message, *options):
    """The sink hangs up at that message, instead of answering it."""
    return fails("link.lost", EXIT_LOST, ("--mode", mode, "--close-after", str(message)), *options)


def hidden_pin(bed):
    sink, port, _ = start_sink(bed, "--mode", "pin", duration=20)
    source = start_source(bed, port, "--security", "pin", "--pin", "12345678")
    source.wait_line("play ")
    process = pathlib.Path("/proc", str(source.child.pid))
    check(b"12345678" not in (process / "cmdline").read_bytes(), "the PIN is in the list of processes")
    limits = (process / "limits").read_text()
    check(re.search(r"Max core file size +0 +0", limits), limits)
    source.send(signal.SIGINT)
    check(source.wait() == EXIT_OK, source.text())
    sink.wait()


PIN = ("--security", "pin", "--pin")
CASES = {
    "wire-open": on_the_wire("open", "--security", "open"),
    "wire-encrypt": on_the_wire("encrypt", "--security", "encrypt"),
    "wire-pin": on_the_wire("pin", *PIN, "12345678"),
    "open": plays("open", "--security", "open"),
    "encrypt": plays("encrypt", "--security", "encrypt"),
    "request": plays("request", "--security", "request"),
    "pin": plays("pin", *PIN, "12345678"),
    "ipv6-open": plays("open", sink=("--host", "::1"), name="::1"),
    "ipv6-pin": plays("pin", *PIN, "12345678", sink=("--host", "::1"), name="[::1]"),
    "ipv6-link-local": link_local,
    "auto-open": plays("open"),
    "auto-pin": plays("pin", "--pin", "12345678"),
    "wrong-pin": fails("link.wrong-pin", EXIT_LINK, ("--mode", "pin"), *PIN, "87654321"),
    "no-pin": fails("link.wrong-pin", EXIT_LINK, ("--mode", "pin"), "--security", "pin"),
    "wrong-proof": fails("link.wrong-pin", EXIT_LINK,
                         ("--mode", "pin", "--misbehave", "wrong-proof"), *PIN, "12345678"),
    "silent": fails("link.timeout", EXIT_LINK, ("--misbehave", "silent"), "--security", "encrypt"),
    "trickle": fails("link.timeout", EXIT_LINK, ("--misbehave", "trickle"), "--security",
                     "encrypt"),
    "hang-up": fails("link.lost", EXIT_LOST, ("--misbehave", "hang-up"), "--security", "open"),
    "garbage": fails("link.protocol", EXIT_LINK, ("--misbehave", "garbage"), "--security",
                     "encrypt"),
    "bad-size": fails("link.protocol", EXIT_LINK, ("--misbehave", "bad-size"), "--security",
                      "open"),
    "stop": fails("link.lost", EXIT_LOST, ("--misbehave", "stop"), "--security", "open"),
    "never-dial": fails("link.timeout", EXIT_LINK, ("--misbehave", "never-dial"), "--security",
                        "open", "--wait", "2"),
    "close-later": fails("link.lost", EXIT_LOST, ("--misbehave", "close-later"),
                         "--security", "open"),
    "unreachable": unreachable, "interrupted-dial": interrupted_dial, "late-pin": late_pin, "typed-pin": typed_pin,
    "hidden-pin": hidden_pin,
    "trickled-pin": trickled_pin, "input": input_encrypted, "input-replayed": input_replayed,
    "replayed-token": plays("encrypt", "--security", "encrypt", sink=("--misbehave", "replay-token")),
    "reordered-token": plays("pin", *PIN, "12345678", sink=("--misbehave", "reorder-token")),
    "clear-response": fails("link.security", EXIT_LINK, ("--mode", "pin", "--misbehave",
                            "clear-response"), *PIN, "12345678"),
    "garbled-response": fails("link.protocol", EXIT_LINK, ("--mode", "pin", "--misbehave",
                              "garbled-response"), *PIN, "12345678"),
    "replayed-response": fails("link.security", EXIT_LINK, ("--mode", "pin", "--misbehave",
                               "replay-response"), *PIN, "12345678"),
    "renegotiate": fails("link.protocol", EXIT_LINK, ("--misbehave", "renegotiate", "--mode", "encrypt"),
                         "--security", "encrypt"),
}
CASES.update({f"garbled-{name}": fails("link.protocol", EXIT_LINK, ("--misbehave", f"tlv-{name}"),
                                       "--security", "encrypt")
              for name in ("empty", "cut", "longer", "twice", "short-id", "no-token", "header-alone")})
CASES.update({f"closed-{mode}-{number}": closes(mode, number, "--security", mode, *options)
              for mode, last, options in (("open", 1, ()), ("encrypt", 4, ()),
                                          ("pin", 6, ("--pin", "12345678")))
              for number in range(1, last + 1)})


if __name__ == "__main__":
    sys.exit(main(CASES))
