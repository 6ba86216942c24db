# SPDX-License-Identifier: MIT
"""Header, sequence and shape of RTP datagrams."""

import collections

from .tally import wrap_diff

TS_BYTES = 188


class RtpOrder:
    """What a receiver does first: a datagram that it has already goes (RFC 3550, A.1), and behind a hole the
    others wait so long for what fills it."""
    FAR = 3000  # a step of so many is another stream

    def __init__(self, hold_s):
        self.hold_s = hold_s
        self.next = self.ssrc = None
        self.waiting = {}  # sequence number: (datagram, when it came)
        self.came = collections.deque(maxlen=1024)  # of those that are through
        self.duplicates = self.reordered = self.filled = 0

    def feed(self, data, now):
        """The datagrams whose turn it is."""
        if len(data) < 12:
            return [data]
        seq = int.from_bytes(data[2:4], "big")
        step = 0 if self.next is None else wrap_diff(seq, self.next, 1 << 16)
        if abs(step) >= self.FAR or data[8:12] != self.ssrc:
            out = [held for held, _ in self._ordered()]
            self.waiting.clear()
            self.came.clear()
            self.ssrc, self.next = data[8:12], (seq + 1) % (1 << 16)
            self.came.append(seq)
            return out + [data]
        if seq in self.waiting or (step < 0 and seq in self.came):
            self.duplicates += 1
            return []
        if step < 0:
            self.reordered += 1
            return []
        self.filled += step < max((wrap_diff(held, self.next, 1 << 16) for held in self.waiting), default=0)
        self.waiting[seq] = data, now
        return self.due(now)

    def due(self, now):
        out = []
        while self.waiting:
            if self.next not in self.waiting:
                if now < self.deadline():
                    break
                self.next = min(self.waiting, key=self._ahead)
            out.append(self.waiting.pop(self.next)[0])
            self.came.append(self.next)
            self.next = (self.next + 1) % (1 << 16)
        return out

    def missing(self):
        """Sequence numbers of the holes that others wait behind."""
        if not self.waiting:
            return []
        last = max(self._ahead(seq) for seq in self.waiting)
        holes = ((self.next + step) % (1 << 16) for step in range(last))
        return [seq for seq in holes if seq not in self.waiting]

    def deadline(self):
        """When those behind a hole wait no longer; None: none waits."""
        return min((when for _, when in self.waiting.values())) + self.hold_s if self.waiting else None

    def _ahead(self, seq):
        return wrap_diff(seq, self.next, 1 << 16)

    def _ordered(self):
        return [self.waiting[seq] for seq in sorted(self.waiting, key=self._ahead)]

    def report(self):
        return {"duplicates": self.duplicates, "reordered": self.reordered, "filled": self.filled}


class RtpCheck:
    """Header, sequence and shape of datagrams; gives back the payload."""

    def __init__(self, faults):
        self.faults = faults
        self.datagrams = self.bytes = self.lost = self.markers = 0
        self.sizes = collections.Counter()
        self.ssrc = self.seq = self.timestamp = None
        self.first_seq = self.extended = None
        self.first_t = self.last_t = None
        self.silence_s = 0.0
        self.resumed = False
        self.jitter = 0.0
        self.transit = None
        self.in_picture = None  # (time stamp, packets of the last datagram) while it goes on

    def feed(self, data, t):
        """(TS bytes, marker) or (b"", False)."""
        faults = self.faults
        if len(data) < 12 or data[0] != 0x80:
            faults.add("rtp-header", data[:4].hex())
            return b"", False
        if data[1] & 0x7F != 33:
            faults.add("rtp-payload-type", data[1] & 0x7F)
            return b"", False
        self._arrival(t)
        self.datagrams += 1
        self.bytes += len(data)
        payload = data[12:]
        count, rest = divmod(len(payload), TS_BYTES)
        if rest or not 1 <= count <= 7:
            faults.add("rtp-size", f"{len(payload)} bytes of payload")
        self.sizes[count] += 1
        ssrc = int.from_bytes(data[8:12], "big")
        if self.ssrc is not None and ssrc != self.ssrc:
            faults.add("rtp-ssrc-changed", f"{self.ssrc:08x} to {ssrc:08x}")
        self.ssrc = ssrc
        self._sequence(int.from_bytes(data[2:4], "big"))
        self._timestamp(int.from_bytes(data[4:8], "big"), t)
        marker = bool(data[1] & 0x80)
        self.markers += marker
        self._picture(count, int.from_bytes(data[4:8], "big"), marker, payload)
        return payload, marker

    def _picture(self, count, timestamp, marker, payload):
        """Datagrams of one picture stand together: its first has the start of a video PES."""
        if self.in_picture is not None:
            if timestamp != self.in_picture[0]:
                self.faults.add("rtp-timestamp-in-frame")
            if self.in_picture[1] != 7:
                self.faults.add("rtp-not-filled", self.in_picture[1])
            self.in_picture = None if marker else (timestamp, count)
        elif not marker and any(payload[at + 1] & 0x5F == 0x50 and payload[at + 2] == 0x11 and
                                payload[at + 3] & 0x10
                                for at in range(0, len(payload) - TS_BYTES + 1, TS_BYTES)):
            self.in_picture = (timestamp, count)

    def _arrival(self, t):
        if self.first_t is None:
            self.first_t = t
        elif t - self.last_t > self.silence_s and not self.resumed:
            self.silence_s = t - self.last_t
        self.last_t = t
        self.resumed = False

    def resume(self):
        """The silence of a pause does not count."""
        self.resumed = True

    def _sequence(self, seq):
        if self.seq is None:
            self.first_seq = self.extended = seq
        else:
            step = wrap_diff(seq, self.seq, 1 << 16)
            self.lost += step - 1
            self.extended += step
        self.seq = seq

    def _timestamp(self, timestamp, t):
        if self.timestamp is not None and wrap_diff(timestamp, self.timestamp, 1 << 32) < 0:
            self.faults.add("rtp-timestamp-back")
        self.timestamp = timestamp
        transit = t * 90000 - timestamp
        if self.transit is not None:
            self.jitter += (abs(transit - self.transit) - self.jitter) / 16
        self.transit = transit

    def report(self):
        span = (self.last_t - self.first_t) if self.datagrams > 1 else 0
        return {"datagrams": self.datagrams, "bytes": self.bytes, "lost": self.lost,
                "markers": self.markers,
                "ts_packets_per_datagram": dict(sorted(self.sizes.items())),
                "ssrc": None if self.ssrc is None else f"{self.ssrc:08x}",
                "seconds": round(span, 3), "longest_silence_ms": round(self.silence_s * 1e3, 1),
                "kbps": round(self.bytes * 8e-3 / span, 1) if span > 0 else 0}
