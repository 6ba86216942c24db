# SPDX-License-Identifier: MIT
"""The sink's side of a session: one loop over the RTSP connection, the RTP socket and a clock."""

import collections
import contextlib
import heapq
import select
import socket
import struct
import sys
import time

from . import rtsp, script, wfd
from .rtp import RtpOrder

LOCALHOST_URI = "rtsp://localhost/wfd1.0"
VIDEO_NAMES = ("wfd_video_formats", "wfd2_video_formats", "wfdx_video_formats")
RECEIVE_BUFFER = 8 << 20
SO_RCVBUFFORCE = 33  # Python's socket does not name it
# A slow machine's pictures come late: a session begins with the first one, and does not end before it
# has had some, within these bounds.
FIRST_PICTURE_S, STRETCH_S = 10.0, 20.0


def media_sockets(family, address, wanted):
    """Even RTP port and the RTCP port above it, at the address of another socket."""
    host, scope = address[0], address[2:]  # the latter of IPv6 alone
    while True:
        rtp = socket.socket(family, socket.SOCK_DGRAM)
        rtp.bind((host, wanted or 0, *scope))
        port = rtp.getsockname()[1]
        rtcp = socket.socket(family, socket.SOCK_DGRAM)
        try:
            if port % 2 == 0:
                rtcp.bind((host, port + 1, *scope))
                break
        except OSError:
            pass
        rtp.close()
        rtcp.close()
    rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    with contextlib.suppress(OSError):  # root may have more than the system's limit
        rtp.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    rtp.setblocking(False)
    rtcp.setblocking(False)
    return rtp, rtcp


class Session:
    """run() returns when it is over; everything that was seen is in attributes."""

    def __init__(self, options, profile, media):
        self.options, self.profile, self.media = options, profile, media
        self.faults = media.faults
        self.parser = rtsp.Parser()
        self.cseq = profile.cseq_start
        self.reply_count = 0
        self.pending = collections.deque()  # (CSeq, what)
        self.timers = []
        self.timer_order = 0
        self.sock = None
        self.url = self.session_id = self.session_full = ""
        self.offers, self.audio_offer = {}, ""
        self.refusals = list(profile.m4_refuse)
        self.transports = list(profile.transports)
        self.modes, self.audio = [], None
        self.m1_done = self.m2_answered = self.playing = False
        self.t_connect = self.t_play = self.t_rtp = self.t_last_rtp = None
        self.idr_requests, self.keepalives, self.messages = [], 0, 0
        self.ended_by = None
        self.begun, self.units_at_play = False, 0
        self.uibc, self.uibc_port, self.sealer = None, 0, None
        self.uibc_settings = []  # M15 and what M4 says of it
        self.displays = 0  # M3 about the display alone
        self.rtcp_peer, self.sender_reports, self.byes = None, 0, 0
        self.last_sr = 0, 0.0
        self.reported, self.recovered = (0, 0), (0, 0.0)
        self.nacked = collections.deque(maxlen=256)
        self.order = RtpOrder(options.hold / 1e3)
        self.mute = self.over = False
        self.log = []

    # ---- clock ----

    def later(self, seconds, action, *args):
        self.timer_order += 1
        heapq.heappush(self.timers, (time.monotonic() + seconds, self.timer_order, action, args))

    def _run_timers(self):
        while self.timers and self.timers[0][0] <= time.monotonic() and not self.over:
            _, _, action, args = heapq.heappop(self.timers)
            action(*args)

    # ---- connection ----

    def connect(self):
        host, _, port = self.options.connect.rpartition(":")
        host = host.strip("[]")
        end = time.monotonic() + self.options.wait
        while True:
            try:
                self.sock = socket.create_connection(
                    (host, int(port)), timeout=10,
                    source_address=(self.options.bind, 0) if self.options.bind else None)
                break
            except ConnectionRefusedError:
                if time.monotonic() >= end:
                    raise
                select.select([], [], [], 0.05)  # nothing says when a port begins to listen
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.t_connect = time.monotonic()
        self.rtp, self.rtcp = media_sockets(self.sock.family, self.sock.getsockname(),
                                            self.options.receive)
        self.rtp_port = self.options.announce or self.rtp.getsockname()[1]

    def run(self):
        self.connect()
        for name in ("garbage-first", "big-header", "negative-length", "half-first"):
            if name in self.options.misbehave:
                self._send(script.BAD_BYTES[name])
                self.mute = True
        while not self.over:
            ends = [end for end in (self.order.deadline(), self.timers[0][0] if self.timers else None) if end]
            wait = min(ends) - time.monotonic() if ends else 1.0
            ready, _, _ = select.select([self.sock, self.rtp, self.rtcp], [], [],
                                        min(max(wait, 0), 1.0))
            if self.rtp in ready:
                self._read_rtp()
            self._take_waiting()
            if self.rtcp in ready:
                self._read_rtcp()
            if self.sock in ready:
                self._read_rtsp()
            self._run_timers()
        self._read_rtp()
        self._look_at_picture()
        if self.uibc:
            self.uibc.close()
        if self.sealer:
            self.sealer.close()
        self.sock.close()
        self.rtp.close()
        self.rtcp.close()

    def _look_at_picture(self):
        """What a set that is choosy about its stream would have shown."""
        ts = self.media.ts
        if self.profile.pcr_in_video and ts.pcr_pid not in (None, ts.pid_of("H264")):
            self.faults.add("black", f"the PCR is on {ts.pcr_pid:#x}")

    def end(self, by):
        self.ended_by = self.ended_by or by
        self.over = True

    def _send(self, data):
        step = self.profile.split or len(data)
        try:
            for at in range(0, len(data), step):
                self.sock.sendall(data[at:at + step])
        except OSError:
            self.end("source-closed")

    def _read_rtp(self):
        while True:
            try:
                data = self.rtp.recv(65536)
            except BlockingIOError:
                return
            now = time.monotonic()
            if self.t_rtp is None:
                self.t_rtp = now
                if self.t_play is None:
                    self.faults.add("rtp-before-play")
            self.t_last_rtp = now
            self._take(self.order.feed(data, now), now)
            if self.options.nack and self.rtcp_peer:
                self._nack()

    def _nack(self):
        """RFC 4585, 6.2.1: one that is missing in each item."""
        missing = [seq for seq in self.order.missing() if seq not in self.nacked][:32]
        if missing:
            self.nacked.extend(missing)
            items = b"".join(struct.pack(">HH", seq, 0) for seq in missing)
            self.rtcp.sendto(struct.pack(">BBHII", 0x81, 205, 2 + len(missing), 1, self.media.rtp.ssrc) + items,
                             self.rtcp_peer)

    def _take(self, datagrams, now):
        for data in datagrams:
            self.media.datagram(data, now)
            if not self.begun and self.media.units:
                self._begin()
            if self.options.recover:
                self._recover()

    def _take_waiting(self):
        now = time.monotonic()
        self._take(self.order.due(now), now)

    def _read_rtcp(self):
        data, source = self.rtcp.recvfrom(2048)
        self.rtcp_peer = source
        if len(data) >= 28 and data[1] == 200:
            self.sender_reports += 1
            self.last_sr = int.from_bytes(data[10:14], "big"), time.monotonic()
        if data[1:2] == b"\xcb" or b"\xcb\x00\x01" in data:
            self.byes += 1

    def _receiver_report(self):
        """RFC 3550, 6.4.2; the loss is what --loss says, else what was seen."""
        rtp = self.media.rtp
        if self.rtcp_peer and rtp.ssrc is not None:
            expected = rtp.extended - (self.reported[0] or rtp.first_seq)
            total = self._lost()
            lost = total - self.reported[1]
            self.reported = rtp.extended, total
            fraction = min(255, lost * 256 // expected) if expected > 0 and lost > 0 else 0
            if self.options.loss:
                fraction = self.options.loss * 256 // 100
            sr, at = self.last_sr
            delay = int((time.monotonic() - at) * 65536) if sr else 0
            self.rtcp.sendto(struct.pack(">BBHIIIIIII", 0x81, 201, 7, 1, rtp.ssrc,
                                         fraction << 24 | max(-0x800000, min(total, 0x7FFFFF)) & 0xFFFFFF,
                                         rtp.extended & 0xFFFFFFFF, int(rtp.jitter), sr, delay),
                             self.rtcp_peer)
        self.later(self.options.report_interval, self._receiver_report)

    def _lost(self):
        """By RFC 3550, A.3, what came counts as often as it came; others count what first came in order."""
        if self.options.count == "first":
            return self.media.rtp.lost + self.order.filled
        return self.media.rtp.lost - self.order.duplicates

    def _recover(self):
        """What a decoder does that misses something: it asks for a key frame, not too often."""
        now = time.monotonic()
        if self.media.rtp.lost > self.recovered[0] and now - self.recovered[1] > 0.3:
            self.recovered = self.media.rtp.lost, now
            self._act("idr", "")

    def _read_rtsp(self):
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            self.end("source-reset")
            return
        except OSError:
            data = b""
        if not data:
            if self.ended_by is None and not self.mute:
                self.faults.add("rtsp-closed-without-teardown")
            self.end("source-closed")
            return
        if self.mute:
            return
        try:
            messages = self.parser.feed(data)
        except rtsp.RtspError as error:
            self.faults.add("rtsp-malformed", error)
            self.end("source-malformed")
            return
        if self.profile.one_per_read and len(messages) > 1:
            self.faults.add("two-messages-in-one-read", messages[1])
            messages = messages[:1]
        for message in messages:
            self.messages += 1
            for note in message.notes:
                self.faults.add(f"rtsp-{note}")
            self._log("<", message)
            (self._request if message.is_request else self._response)(message)
            if self.over or self.mute:
                return

    def _log(self, direction, message):
        first = message.encode().split(b"\r\n")[0].decode("utf-8", "replace")
        params = [name for name, _ in message.params()]
        self.log.append(f"{time.monotonic() - self.t_connect:8.3f} {direction} {first}"
                        + (f" [{', '.join(params[:3])}]" if params else ""))

    # ---- requests of ours ----

    def request(self, method, uri, headers=(), body=b"", what=None):
        head = [("CSeq", str(self.cseq))]
        if self.profile.server:
            head.append(("User-Agent", self.profile.server))
        head += headers
        if self.session_id and self.profile.session_form and method != "OPTIONS":
            head.append(("Session", self.profile.session_form.format(
                id=self.session_id, full=self.session_full)))
        if body:
            head += [("Content-Type", "text/parameters"), ("Content-Length", str(len(body)))]
            if self.profile.duplicate_length:
                head.append(("Content-Length", str(len(body))))
        message = rtsp.Message(method=method, uri=uri, headers=head, body=body)
        self.pending.append((self.cseq, what or method))
        self.cseq += 1
        self._log(">", message)
        self._send(message.encode() + (b"\r\n" if self.profile.stray_crlf else b""))

    def set_parameter(self, *lines, what=None):
        self.request("SET_PARAMETER", LOCALHOST_URI, body=rtsp.body_of(*lines), what=what)

    def _send_m2(self):
        headers = [("Require", "org.wfa.wfd1.0")] if self.profile.m2_require else []
        self.request("OPTIONS", "*", headers, what="M2")

    def _send_setup(self):
        if "never-setup" in self.options.misbehave:
            return
        if self.profile.cseq_restart:
            self.cseq = 1
        uri = self.profile.setup_uri.format(url=self.url)
        asked = self.transports.pop(0) if self.transports else self.profile.transport
        transport = asked.format(rtp=self.rtp_port, rtcp=self.rtp_port + 1)
        self.request("SETUP", uri, [("Transport", transport)], what="M6")

    def _send_play(self):
        if "never-play" not in self.options.misbehave:
            self.request("PLAY", self.profile.setup_uri.format(url=self.url), what="M7")

    def teardown(self):
        if self.url and self.session_id:
            if self.profile.teardown_by_trigger:
                self.set_parameter("wfd_trigger_method: TEARDOWN", what="M8")
            else:
                self.request("TEARDOWN", self.url, what="M8")
            self.ended_by = self.ended_by or "sink"
            self.later(2.0, self._no_teardown_answer)
        else:
            self.end("sink")

    def _no_teardown_answer(self):
        self.faults.add("teardown-unanswered")
        self.end("sink")

    # ---- answers to ours ----

    def _response(self, message):
        if not self.pending:
            self.faults.add("response-to-nothing", message.status)
            return
        cseq, what = self.pending.popleft()
        if message.cseq != cseq:
            self.faults.add("response-cseq", f"{message.cseq} to {cseq}")
        if message.status != 200 and not (message.status == 461 and self.profile.transports):
            self.faults.add(f"refused-{what.lower()}", message.status)
        handler = {"M2": self._on_m2, "M6": self._on_m6, "M7": self._on_m7,
                   "M8": self._on_m8, "M9": self._on_m9}.get(what)
        if handler:
            handler(message)

    def _on_m2(self, message):
        self.m2_answered = True
        public = message.get("Public", "")
        for word in ("org.wfa.wfd1.0", "SETUP", "TEARDOWN", "PLAY", "PAUSE", "GET_PARAMETER",
                     "SET_PARAMETER"):
            if word not in public:
                self.faults.add("m2-public", public)

    def _on_m6(self, message):
        if message.status == 461 and self.profile.transports:
            self._send_setup()
            return
        self.session_full = message.get("Session", "")
        self.session_id = self.session_full.partition(";")[0].strip()
        if not self.session_id or len(self.session_id) > self.profile.session_max:
            self.faults.add("m6-session-id", self.session_full)
        transport = message.get("Transport", "")
        if not transport.startswith("RTP/AVP/UDP;unicast;client_port=") or \
                "server_port=" not in transport:
            self.faults.add("m6-transport", transport)
        elif self.options.announce:
            port = transport.partition("server_port=")[2].partition("-")[0].partition(";")[0]
            print(f"sink: media comes from {port}", file=sys.stderr, flush=True)
        if message.status == 200:
            self.later(self.profile.play_delay_s, self._send_play)

    def _on_m7(self, message):
        if message.status != 200:
            return
        self.units_at_play = len(self.media.units)
        if self.t_play is None:
            self.t_play = time.monotonic()
            self._schedule()
        else:
            self.media.restart()
        self.playing = True

    def _on_m8(self, _message):
        if self.t_last_rtp and self.playing:
            self.later(0.3, self.end, "sink")  # what still comes after the answer is a fault
            self._quiet()
        else:
            self.end("sink")

    def _quiet(self):
        """What was sent before the answer is in the socket already; what comes later is a fault.
        A relay that stands before us may still have some: until nothing comes for a moment."""
        self._read_rtp()
        for _ in range(10 if self.options.announce else 0):
            if not select.select([self.rtp], [], [], 0.1)[0]:
                break
            self._read_rtp()
        self.media.accept = False

    def _begin(self):
        """The script's and the session's clock starts."""
        if self.begun:
            return
        self.begun = True
        for seconds, action, argument in self.options.script:
            self.later(seconds, self._act, action, argument)
        if not self.options.no_teardown:
            self.later(self.options.duration, self._due, time.monotonic() + STRETCH_S)

    def _due(self, patience_end):
        """Time is over; if the stream only just came, or came back, it gets a little more."""
        units, at = self.media.units, self.units_at_play
        old, new = units[:at], units[at:]
        lacks_idr = any(unit.idr for unit in old) and not any(unit.idr for unit in new)
        waits = self.playing and not self._deaf() and (len(new) < self.options.pictures or lacks_idr)
        if waits and time.monotonic() < patience_end + self.options.duration:
            self.later(0.1, self._due, patience_end)
        else:
            self.teardown()

    def _deaf(self):
        """The stream goes to somebody else."""
        return self.options.announce and not self.options.receive

    def _schedule(self):
        profile = self.profile
        self.later(0 if self._deaf() else FIRST_PICTURE_S, self._begin)
        for _ in range(profile.idr_after_play):
            self.later(0, self._act, "idr", "")
        if self._idr_period_s():
            self.later(self._idr_period_s(), self._idr_again)
        if profile.keepalive:
            self.later(profile.keepalive_s, self._keepalive_again)
        if profile.rtcp:
            self.later(self.options.report_interval, self._receiver_report)
        if profile.play_twice:
            self.later(0, self._send_play)
        if profile.m16_within_s:
            self.later(profile.m16_within_s, self._check_m16, self.keepalives)
        if profile.rtp_silence_s:
            self.later(profile.rtp_silence_s, self._check_silence)

    def _idr_period_s(self):
        return self.options.ask_idr or self.profile.idr_period_s

    def _idr_again(self):
        self._act("idr", "")
        self.later(self._idr_period_s(), self._idr_again)

    def _keepalive_again(self):
        self._act("options" if self.profile.keepalive == "OPTIONS" else "keepalive", "")
        self.later(self.profile.keepalive_s, self._keepalive_again)

    def _check_m16(self, seen):
        if self.keepalives == seen:
            self.faults.add("m16-late", self.profile.m16_within_s)
            self.end("sink-close")
        else:
            self.later(self.profile.m16_within_s, self._check_m16, self.keepalives)

    def _check_silence(self):
        quiet = time.monotonic() - (self.t_last_rtp or self.t_play)
        if quiet >= self.profile.rtp_silence_s:
            self.faults.add("rtp-silence", round(quiet, 1))
            self.teardown()
        else:
            self.later(self.profile.rtp_silence_s - quiet, self._check_silence)

    # ---- the script ----

    def _act(self, action, argument):
        if self.mute:
            return
        simple = {"pause": lambda: self._pause(),
                  "play": self._send_play, "teardown": self.teardown,
                  "standby": lambda: self.set_parameter("wfd_standby", what="M12"),
                  "route": lambda: self.set_parameter(f"wfd_route: {argument}", what="M10"),
                  "connector": lambda: self.set_parameter(f"wfd_connector_type: {argument}",
                                                          what="M11"),
                  "uibc": lambda: self.set_parameter(f"wfd_uibc_setting: {argument}", what="M15"),
                  "keepalive": lambda: self.request("GET_PARAMETER", LOCALHOST_URI,
                                                    what="keepalive"),
                  "options": lambda: self.request("OPTIONS", "*", what="options"),
                  "garbage": lambda: self._send(script.BAD_BYTES["garbage-first"]),
                  "close": lambda: self.end("sink-close")}
        if action == "idr":
            self.idr_requests.append(time.monotonic())
            self.set_parameter("wfd_idr_request", what="M13")
        elif action == "touch":
            self._touch(*(int(word) for word in argument.split("x")))
        elif action == "key":
            self._uibc(3, bytes((0, 0, ord(argument), 0, 0)))
            self._uibc(4, bytes((0, 0, ord(argument), 0, 0)))
        elif action == "vanish":
            self.mute = True
        elif action == "half":
            self._send(b"SET_PARAMETER rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 9")
            self.mute = True
        elif action == "rst":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.end("sink-reset")
        else:
            simple[action]()

    def _uibc(self, kind, data):
        """One generic input on the back channel."""
        if not self.uibc_port:
            self.faults.add("uibc-not-offered")
            return
        if self.uibc is None:
            self.uibc = socket.create_connection((self.sock.getpeername()[0], self.uibc_port), 10)
        body = struct.pack(">BH", kind, len(data)) + data
        body += b"\0" * (len(body) % 2)
        body = self._sealed(body)
        self.uibc.sendall(struct.pack(">BBH", 0, 0, 4 + len(body)) + body)

    def _sealed(self, body):
        if not self.options.seal:
            return body
        if self.sealer is None:
            self.sealer = socket.create_connection(("127.0.0.1", self.options.seal), 10).makefile("rwb")
        self.sealer.write(len(body).to_bytes(2, "big") + body)
        self.sealer.flush()
        return self.sealer.read(int.from_bytes(self.sealer.read(2), "big"))

    def _touch(self, x, y):
        for kind in (0, 1):
            self._uibc(kind, struct.pack(">BBHH", 1, 0, x, y))

    def _pause(self):
        self.request("PAUSE", self.url, what="M9")

    def _on_m9(self, message):
        if message.status == 200:
            self._quiet()
            self.playing = False

    # ---- requests of the source ----

    def reply(self, message, status=200, body=b"", headers=()):
        self.reply_count += 1
        cseq = {"echo": message.get("CSeq", ""), "counter": str(self.reply_count),
                "off-by-one": str((message.cseq or 0) + 1)}[self.profile.reply_cseq]
        if "wrong-cseq" in self.options.misbehave:
            cseq = str((message.cseq or 0) + 1000)
        head = [("CSeq", cseq)]
        if self.profile.date:
            head.append(("Date", self.profile.date))
        if self.profile.server:
            head.append(("Server", self.profile.server))
        head += headers
        if body:
            head += [("Content-Type", "text/parameters"), ("Content-Length", str(len(body)))]
            if self.profile.duplicate_length:
                head.append(("Content-Length", str(len(body))))
        answer = rtsp.Message(status=status, headers=head, body=body)
        self._log(">", answer)
        self._send(answer.encode())

    def _request(self, message):
        if message.cseq is None:
            self.faults.add("request-without-cseq", message.method)
        if message.notes:
            pass
        if message.method == "OPTIONS":
            self._on_options(message)
        elif message.method == "GET_PARAMETER":
            (self._on_m3 if message.body else self._on_m16)(message)
        elif message.method == "SET_PARAMETER":
            self._on_set_parameter(message)
        else:
            self.faults.add("unknown-method", message.method)
            self.reply(message, 501)

    def _on_options(self, message):
        if message.get("Require") != "org.wfa.wfd1.0":
            self.faults.add("m1-require", message.get("Require"))
        if self.profile.m2 == "before-m1":
            self._send_m2()
        self.reply(message, headers=[(self.profile.public_name, self.profile.public)])
        self.m1_done = True
        if "silent-after-m1" in self.options.misbehave:
            self.mute = True
        elif self.profile.m2 == "after-m1":
            self._send_m2()

    def m3_lines(self, asked):
        out = []
        replaced = {name.replace("wfd2_", "wfd_") for name in asked if name.startswith("wfd2_")}
        for line in self.profile.m3:
            name = line.partition(":")[0].strip()
            if name in self.options.drop or (self.profile.m3_filter and name.lower() not in asked):
                continue
            if self.profile.r2_replaces_r1 and name in replaced:
                continue
            if name in self.options.set:
                line = f"{name}: {self.options.set[name]}"
            out.append(line.format(rtp=self.rtp_port, rtcp=self.rtp_port + 1))
        return out

    def _on_m3(self, message):
        asked = [name for name, _ in message.params()]
        if self.profile.closes_at_m3:
            self.end("sink-close")
            return
        if self.profile.m3_needs_m2 and not self.m2_answered:
            self.faults.add("m3-before-m2")
            self.end("sink-close")
            return
        if self.session_id:
            self.displays += 1
        for name in ("wfd_video_formats", "wfd_audio_codecs", "wfd_client_rtp_ports",
                     *self.profile.m3_needs):
            if name not in asked and not self.session_id:
                self.faults.add("m3-without", name)
        lines = self.m3_lines(asked)
        for line in lines:
            name, _, value = line.partition(":")
            name = name.strip()
            if name in VIDEO_NAMES:
                self.offers[name] = wfd.parse_formats(name, value, short=True)
            elif name in ("wfd_audio_codecs", "wfd2_audio_codecs"):
                self.audio_offer = self.audio_offer or value
        body = rtsp.body_of(*lines) + (b"\r\n" if self.profile.extra_body_crlf else b"")
        if self.profile.no_final_crlf:
            body = body.removesuffix(b"\r\n")
        self.reply(message, body=body)
        if "silent-after-m3" in self.options.misbehave:
            self.mute = True
        elif self.profile.m2 == "after-m3":
            self._send_m2()

    def _on_m16(self, message):
        self.keepalives += 1
        if self.profile.m16 == "teardown":
            self.teardown()
        elif self.profile.m16 == "error":
            self.reply(message, 451)
        elif self.profile.m16 != "ignore":
            self.reply(message)

    def _on_set_parameter(self, message):
        names = [name for name, _ in message.params()]
        if any(name in VIDEO_NAMES for name in names):
            self._on_m4(message)
        elif "wfd_trigger_method" in names:
            self._on_trigger(message, message.param("wfd_trigger_method"))
        elif "wfd_standby" in names:
            self.reply(message)
            self.playing = False
        elif "wfd_uibc_setting" in names:
            self.uibc_settings.append(message.param("wfd_uibc_setting"))
            self.reply(message)
            self._say(f"input {self.uibc_settings[-1]}")
        else:
            self.reply(message)

    # ---- M4 ----

    def _say(self, words):
        """To the test that waits for it; perhaps it asked for something to be done then."""
        print(f"sink: {words}", file=sys.stderr, flush=True)
        when, _, action = (self.options.act_on or "").rpartition(":")
        if when == words:
            self._act(*action.partition("=")[::2])
            print(f"sink: acted: {action}", file=sys.stderr, flush=True)

    def _check_m4(self, message):
        mode = None
        if not self.url:
            for name in ("wfd_client_rtp_ports", "wfd_presentation_url"):
                if message.param(name) is None:
                    self.faults.add("m4-without", name)
        ports = message.param("wfd_client_rtp_ports")
        if ports and f" {self.rtp_port} " not in f" {ports} ":
            self.faults.add("m4-ports", ports)
        for name in VIDEO_NAMES:
            value = message.param(name)
            if value is None:
                continue
            mode, problems = wfd.check_video(name, value, self.offers.get(name, []))
            if mode and (mode["width"], mode["height"], mode["fps"]) in self.profile.also_plays:
                problems = []
            for problem in problems:
                self.faults.add("m4-video", problem)
        audio = message.param("wfd_audio_codecs") or message.param("wfd2_audio_codecs")
        if audio is not None:
            self.audio, problems = wfd.check_audio(audio, self.audio_offer)
            for problem in problems:
                self.faults.add("m4-audio", problem)
        elif self.audio_offer and self.audio_offer.strip() != "none":
            self.faults.add("m4-without-audio")
        return mode

    def _refusal(self, mode):
        """Body of a 303, None to accept."""
        if self.refusals:
            return self.refusals.pop(0)
        if "refuse-m4" in self.options.misbehave:
            return "wfd_video_formats: 415"
        size = (mode["width"], mode["height"]) if mode else (0, 0)
        refused = mode and (*size, mode["fps"]) in self.profile.m4_refuse_modes
        if refused or (self.profile.m4_max and any(
                a > b for a, b in zip(size, self.profile.m4_max))):
            return "wfd_video_formats: 415"
        return None

    def _on_m4(self, message):
        mode = self._check_m4(message)
        refusal = self._refusal(mode)
        if refusal:
            code = self.options.misbehave.get("refuse-m4") or "303"
            self.reply(message, int(code), body=rtsp.body_of(refusal))
            return
        if self.profile.m4_needs_audio and not self.audio:
            self.end("sink-close")
            return
        uibc = message.param("wfd_uibc_capability") or ""
        port = uibc.rpartition("port=")[2]
        self.uibc_port = int(port) if port.isdigit() else self.uibc_port
        url = message.param("wfd_presentation_url")
        if url:
            self.url = url.split()[0]
        if mode:
            self.modes.append({**mode, "at_s": round(time.monotonic() - self.t_connect, 3)})
        self.reply(message)
        if "silent-after-m4" in self.options.misbehave:
            self.mute = True

    # ---- triggers ----

    def _on_trigger(self, message, method):
        if method == "SETUP":
            if self.profile.setup_before_reply:
                self._send_setup()
                self.reply(message)
            else:
                self.reply(message)
                self.later(self.profile.setup_delay_s, self._send_setup)
        elif method == "PLAY":
            self.reply(message)
            self._send_play()
        elif method == "PAUSE":
            if self.profile.on_pause_trigger != "silent":
                self.reply(message)
            if self.profile.on_pause_trigger == "m9":
                self._pause()
        elif method == "TEARDOWN":
            self._on_teardown_trigger(message)
        else:
            self.faults.add("trigger-unknown", method)
            self.reply(message, 415)

    def _on_teardown_trigger(self, message):
        self.ended_by = "source"
        how = self.profile.on_teardown_trigger
        if how != "silent":
            self.reply(message)
        if how == "m8":
            self.request("TEARDOWN", self.url, what="M8")
        elif how == "close":
            self.end("source")
