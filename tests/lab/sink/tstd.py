# SPDX-License-Identifier: MIT
"""The receiver that ISO/IEC 13818-1 imagines (T-STD, 2.4.2; 2.14.3 for H.264): bytes come when PCR say,
pass small buffers that leak at fixed rates, and leave whole at their PTS.  Pure; fed packet by packet.

            188 bytes, by PCR      leaks at R                      at PTS
    packet ------------------> TB (512 bytes) ------> B or EB ----------------> decoder

Between two PCR the packets stand evenly (2.4.2.2), so each stretch is computed when its second PCR is
there.  With R the same behind TB and behind MB, as it is without HRD parameters, MB is always empty.
"""

import collections

CLOCK_HZ = 27e6
TB_BYTES = 512
# MaxBR and MaxCPB in 1000 bit (H.264 table A-1), by level_idc.
LEVELS = {10: (64, 175), 11: (192, 500), 12: (384, 1000), 13: (768, 2000), 20: (2000, 2000),
          21: (4000, 4000), 22: (4000, 4000), 30: (10000, 10000), 31: (14000, 14000),
          32: (20000, 20000), 40: (20000, 25000), 41: (50000, 62500), 42: (50000, 62500),
          50: (135000, 135000), 51: (240000, 240000), 52: (240000, 240000)}
NAL_FACTOR = {66: 1200, 77: 1200, 88: 1200, 100: 1500}
# Bytes a second that leave TB, and the size of what is behind; AC-3: A/52 annex A.  LPCM has no model.
SOUND = {"AAC": (250000, 3584), "AC3": (250000, 2592)}
TABLES = (125000, 1536)


class Unit:
    """An access unit on its way: due at its decoding time."""
    __slots__ = ("due", "size", "arrived", "whole")

    def __init__(self, due):
        self.due, self.size, self.arrived, self.whole = due, 0, due, False


class Elementary:
    """One stream's buffers.  leak in bytes a second, size in bytes; None: not modelled."""

    def __init__(self, leak, size):
        self.leak, self.size = leak, size
        self.tb = self.eb = self.tb_peak = self.eb_peak = 0.0
        self.clock = None            # when the level of TB was computed
        self.units = collections.deque()
        self.tb_overflows = self.eb_overflows = self.underflows = 0
        self.late_ms = 0.0
        self.delay_ms = [None, None]

    def packet(self, begin, end, payload, start):
        """Comes from begin to end, in seconds; start: its decoding time where a unit begins."""
        out = end
        if self.leak:
            idle = begin - self.clock if self.clock is not None else 0
            self.tb = max(0.0, self.tb - self.leak * max(0.0, idle))
            self.tb = max(0.0, self.tb + 188 - self.leak * (end - begin))
            self.clock = end
            self.tb_peak = max(self.tb_peak, self.tb)
            if self.tb > TB_BYTES:
                self.tb_overflows += 1
                self.tb = TB_BYTES
            out = end + self.tb / self.leak
        self._decode(out)
        if start is not None:
            self._whole()
            self.units.append(Unit(start))
        if not self.units:
            return
        self.units[-1].size += payload
        self.units[-1].arrived = out
        self.eb += payload
        self.eb_peak = max(self.eb_peak, self.eb)
        if self.size and self.eb > self.size:
            self.eb_overflows += 1

    def _whole(self):
        """The unit before is complete: was it there in time?"""
        if not self.units or self.units[-1].whole:
            return
        unit = self.units[-1]
        unit.whole = True
        delay = (unit.due - unit.arrived) * 1e3
        low, high = self.delay_ms
        self.delay_ms = [delay if low is None else min(low, delay),
                         delay if high is None else max(high, delay)]
        if delay < 0:
            self.underflows += 1
            self.late_ms = max(self.late_ms, -delay)
            self.eb -= unit.size
            self.units.pop()

    def _decode(self, now):
        while self.units and self.units[0].whole and self.units[0].due <= now:
            self.eb -= self.units.popleft().size

    def forget(self):
        self.units.clear()
        self.tb = self.eb = 0.0
        self.clock = None

    def report(self):
        delay = [None if value is None else round(value, 2) for value in self.delay_ms]
        return {"tb_peak": round(self.tb_peak), "tb_overflows": self.tb_overflows,
                "size": self.size, "peak": round(self.eb_peak), "overflows": self.eb_overflows,
                "underflows": self.underflows, "late_ms": round(self.late_ms, 2),
                "delay_ms": {"min": delay[0], "max": delay[1]} if delay[0] is not None else None}


class Decoder:
    """All streams of a program: packet() with each, clock() with each PCR after its packet."""

    def __init__(self):
        self.streams = {"tables": Elementary(*TABLES)}
        self.waiting = []  # since the last PCR: (stream, payload bytes, decoding time or None)
        self.last = None   # PCR in seconds

    def sound(self, kind):
        self.streams.setdefault("audio", Elementary(*SOUND.get(kind, (None, None))))

    def video(self, profile_idc, level_idc):
        """As a parameter set says."""
        rate, size = LEVELS.get(level_idc, (None, None))
        factor = NAL_FACTOR.get(profile_idc, 1200) / 8
        stream = self.streams.setdefault("video", Elementary(None, None))
        if rate:
            stream.leak, stream.size = rate * factor, size * factor

    def packet(self, stream, payload, start=None):
        """stream: "tables", "audio", "video" or None for others; payload: its bytes; start: PTS in
        seconds on PCR's scale."""
        self.waiting.append((stream, payload, start))

    def clock(self, seconds):
        waiting, self.waiting = self.waiting, []
        if self.last is None or seconds <= self.last:
            self.last = seconds
            return
        step = (seconds - self.last) / max(1, len(waiting))
        for i, (name, payload, start) in enumerate(waiting):
            stream = self.streams.get(name)
            if stream:
                begin = self.last + i * step
                stream.packet(begin, begin + step, payload, start)
        self.last = seconds

    def forget(self):
        """A pause: what was before and what comes are not one stretch."""
        self.waiting, self.last = [], None
        for stream in self.streams.values():
            stream.forget()

    def report(self):
        return {name: stream.report() for name, stream in self.streams.items()}
