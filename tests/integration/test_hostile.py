#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Peers that mean harm, by bytes of their own: what they cost, what they reach, and what is left of it in
logs.  usage: test_hostile.py MIRACAST [CASE...]"""

import os
import pathlib
import re
import select
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import Failure, check, main, until  # noqa: E402
from test_hdcp import test_keys  # noqa: E402

EXIT_OK, EXIT_SESSION = 0, 4
URI = "rtsp://127.0.0.1/wfd1.0/streamid=0"
CAPS = {"wfd_video_formats": "00 00 01 01 00000001 00000000 00000000 00 0000 0000 00 none none",
        "wfd_audio_codecs": "LPCM 00000002 00",
        "wfd_client_rtp_ports": "RTP/AVP/UDP;unicast {rtp} 0 mode=play",
        "wfd_connector_type": "05", "wfd_idr_request_capability": "1"}
STEPS_AT_ONCE = 50  # of one kind; then one a second (host/step-limit.h)
MORE_MB = 100  # that a process may have after a flood; sanitizers keep some of what was freed
RTP_BYTES = 2048


class Raw:
    """A sink as good as it must be to get into a session, and no better."""

    def __init__(self, bed, port, caps=(), transport=None):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.udp.settimeout(60)
        self.rtsp = socket.create_connection(("127.0.0.1", port), 60)
        bed.stack.callback(self.close)
        rtp = self.udp.getsockname()[1]
        self.caps = {name: value.format(rtp=rtp) for name, value in {**CAPS, **dict(caps)}.items()}
        self.transport = transport or f"RTP/AVP/UDP;unicast;client_port={rtp}"
        self.buffer, self.number, self.playing = b"", 0, False

    def close(self):
        self.rtsp.close()
        self.udp.close()

    def message(self):
        """(start line, all of it); None: the source hung up."""
        while True:
            head, end, rest = self.buffer.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            length = int(length[1]) if length else 0
            if end and len(rest) >= length:
                self.buffer = rest[length:]
                text = (head + end + rest[:length]).decode("latin1")
                return text.split("\r\n")[0], text
            more = self.rtsp.recv(65536)
            if not more:
                return None
            self.buffer += more

    def ask(self, method, *headers):
        self.number += 1
        self.rtsp.sendall("\r\n".join([f"{method} {URI} RTSP/1.0", f"CSeq: {self.number}", *headers,
                                       "", ""]).encode("latin1"))

    def answer(self, text, body=""):
        cseq = re.search(r"(?i)cseq: *(\d+)", text)[1]
        more = f"Content-Type: text/parameters\r\nContent-Length: {len(body)}\r\n" if body else ""
        self.rtsp.sendall(f"RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n{more}\r\n{body}".encode("latin1"))

    def take(self, line, text):
        if line.startswith("RTSP/"):
            if "server_port" in text:
                self.ask("PLAY")
            elif "Range:" in text:
                self.playing = True
        elif line.startswith("GET_PARAMETER") and "wfd_" in text:
            asked = text.partition("\r\n\r\n")[2].split()
            self.answer(text, "".join(f"{name}: {self.caps.get(name, 'none')}\r\n" for name in asked))
        else:
            self.answer(text)
            if line.startswith("OPTIONS"):
                self.ask("OPTIONS", "Require: org.wfa.wfd1.0")
            elif "method: SETUP" in text:
                self.ask("SETUP", f"Transport: {self.transport}")

    def play(self):
        """Until PLAY was answered; False: it ended before."""
        while not self.playing:
            message = self.message()
            if not message:
                return False
            self.take(*message)
        return True

    def answer_for_ever(self):
        """On a thread of its own."""
        def run():
            try:
                while message := self.message():
                    self.take(*message)
            except OSError:
                pass
        threading.Thread(target=run, daemon=True).start()

    def flood(self, data, times):
        """Sends as fast as it goes, and reads what comes; how many bytes came."""
        came, left = 0, data * times
        self.rtsp.setblocking(False)
        while left:
            readable, writable, _ = select.select([self.rtsp], [self.rtsp], [], 60)
            if not readable and not writable:
                raise Failure(f"nothing goes on, with {len(left)} bytes left")
            if readable:
                more = self.rtsp.recv(1 << 16)
                check(more, "hung up on")
                came += len(more)
            if writable:
                left = left[self.rtsp.send(left[:1 << 16]):]
        self.rtsp.settimeout(60)
        return came


def session(bed, *options, caps=(), transport=None):
    sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8"
    source, port = bed.cast("--capture", "test", "--audio", "none", "--keepalive", "55", *options,
                            env={"ASAN_OPTIONS": sanitizer})
    return source, Raw(bed, port, caps, transport)


def resident_mb(source):
    status = pathlib.Path(f"/proc/{source.child.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def end(source):
    source.send(signal.SIGINT)
    check(source.wait() == EXIT_OK, source.text()[-2000:])


def flood(data, times, steps=()):
    """The session bears it, with little more memory and few lines of each step."""
    def case(bed):
        source, sink = session(bed)
        check(sink.play(), source.text())
        sink.udp.recv(RTP_BYTES)
        before, start = resident_mb(source), time.monotonic()
        sink.flood(data.encode("latin1"), times)
        sink.ask("OPTIONS")  # answered behind all that
        while f"CSeq: {sink.number}\r\n" not in sink.message()[1]:
            pass
        grown = resident_mb(source) - before
        check(grown < MORE_MB, f"{grown:.0f} MB more")
        end(source)
        bound = STEPS_AT_ONCE + time.monotonic() - start + 2
        for step in steps:
            said = sum(1 for line in source.lines if line.startswith(f"miracast: {step} "))
            check(0 < said <= bound, f"{step} was said {said} times")
        check(len(source.lines) < (len(steps) + 1) * bound, source.text()[-2000:])
    return case


def parameters(*lines):
    body = "".join(f"{line}\r\n" for line in lines)
    return f"SET_PARAMETER {URI} RTSP/1.0\r\nCSeq: 1000000\r\nContent-Length: {len(body)}\r\n\r\n{body}"


def refused(transport, words):
    """What the sink asks for is not sent, and the session's end says what it was."""
    def case(bed):
        source, sink = session(bed, transport=transport)
        check(not sink.play(), "it was sent")
        check(source.wait() == EXIT_SESSION, source.text())
        check(f'by "{words}' in source.text(), source.text())
    return case


def third_party(bed):
    """A stream goes to whoever shook hands for RTSP, whatever host it names."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as third:
        third.bind(("127.0.0.2", 0))
        third.setblocking(False)
        port = third.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.bind(("127.0.0.1", port))
            own.settimeout(60)
            source, sink = session(bed, transport="RTP/AVP/UDP;unicast;destination=127.0.0.2;"
                                   f"client_port={port};source=127.0.0.2")
            check(sink.play(), source.text())
            for _ in range(100):
                own.recv(RTP_BYTES)
        check(not select.select([third], [], [], 0)[0], "the third host got the stream")
        end(source)


def trace(bed):
    """A log for people moves no cursor; the packets beside it are as they were."""
    folder = bed.folder / "trace"
    source, sink = session(bed, "--trace", folder)
    check(sink.play(), source.text())
    nasty = "wfd_x: \x1b]0;owned\x07\x1b[2J\x9b31m"
    sink.flood(parameters(nasty).encode("latin1"), 1)
    sink.ask("OPTIONS")
    while f"CSeq: {sink.number}\r\n" not in sink.message()[1]:
        pass
    end(source)
    log = (folder / "rtsp.log").read_bytes().decode("utf-8")
    check("wfd_x: _]0;owned__[2J" in log, log[-2000:])
    check(all(c.isprintable() or c == "\n" for c in log), log[-2000:])
    check(nasty.encode("latin1") in (folder / "session.pcapng").read_bytes(), "not as it was")


def hdcp_flood(bed):
    """A receiver that was given up is not listened to any more: what it sends stays in its socket."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        source, sink = session(bed, "--hdcp-keys", test_keys(bed),
                               "--hdcp-pairings", bed.folder / "pairings",
                               caps={"wfd_content_protection":
                                     f"HDCP2.1 port={server.getsockname()[1]}"})
        sink.answer_for_ever()
        receiver, _ = server.accept()
        with receiver:
            receiver.sendall(b"\x12\x00\x05\x01" * 500)
            source.wait_line(r"protection +\[hdcp")
            receiver.setblocking(False)
            sent = 0

            def is_full():
                nonlocal sent
                while select.select([], [receiver], [], 0.5)[1]:
                    sent += receiver.send(bytes(1 << 16))
                    check(sent < 1 << 26, "it is still listened to")
                return True
            until("its socket is full", is_full)
            sink.udp.recv(RTP_BYTES)
            end(source)


CASES = {
    "toggles": flood(f"PAUSE {URI} RTSP/1.0\r\nCSeq: 7\r\n\r\nPLAY {URI} RTSP/1.0\r\nCSeq: 8\r\n\r\n",
                     2000, ("pause", "play")),
    "key-frames": flood(parameters("wfd_idr_request"), 5000),
    "setups": flood(f"SETUP {URI} RTSP/1.0\r\nCSeq: 7\r\nTransport: RTP/AVP/UDP;client_port=9\r\n\r\n",
                    5000),
    "answers": flood("RTSP/1.0 200 OK\r\nCSeq: 777\r\n\r\n", 20000),
    "names": flood(parameters(*(f"wfd_x{i}: \x1b[2J{i}" for i in range(2500))), 50),
    "multicast": refused("RTP/AVP/UDP;multicast;destination=224.0.0.1;client_port=5004;ttl=255",
                         "RTP/AVP/UDP;multicast;"),
    "no-port": refused("RTP/AVP/UDP;unicast;client_port=4294972300\x1b[2J",
                       "RTP/AVP/UDP;unicast;client_port=4294972300_[2J"),
    "third-party": third_party, "trace": trace, "hdcp-flood": hdcp_flood,
}


if __name__ == "__main__":
    sys.exit(main(CASES))
