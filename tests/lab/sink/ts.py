# SPDX-License-Identifier: MIT
"""MPEG-TS packets, tables, clock and PES by ISO/IEC 13818-1, with the numbers of its clauses."""

import collections

from . import tstd
from .tally import WRAP_33, Range, wrap_diff

STREAM_TYPES = {0x1B: "H264", 0x0F: "AAC", 0x83: "LPCM", 0x81: "AC3", 0x24: "H265"}
PAUSE_MS = 1000  # no PCR for so long: what the wire carried before and after is no stretch


def crc32_mpeg(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc


class Pes:
    """Bytes of a PES as they come."""
    __slots__ = ("data", "t_first", "t_last", "random_access")

    def __init__(self, data, t, random_access):
        self.data, self.t_first, self.t_last = bytearray(data), t, t
        self.random_access = random_access


def pts_of(data):
    p = data[9:14]
    return (p[0] >> 1 & 7) << 30 | p[1] << 22 | p[2] >> 1 << 15 | p[3] << 7 | p[4] >> 1


def parse_pes(data, faults, what):
    """(stream_id, pts, stuffing, payload) or None (2.4.3.7)."""
    if len(data) < 9 or data[:3] != b"\0\0\1" or data[6] & 0xC0 != 0x80:
        faults.add(f"{what}-pes-header", bytes(data[:9]).hex())
        return None
    length, header = int.from_bytes(data[4:6], "big"), 9 + data[8]
    if length and length + 6 != len(data):
        faults.add(f"{what}-pes-length", f"says {length + 6}, has {len(data)}")
    if not length and data[3] & 0xF0 != 0xE0:
        faults.add(f"{what}-pes-unbounded")
    if not data[6] & 4:
        faults.add(f"{what}-pes-unaligned")
    if not data[7] & 0x80 or len(data) < 14:
        faults.add(f"{what}-pes-without-pts")
        return data[3], None, 0, bytes(data[header:])
    p = data[9:14]
    if data[7] >> 6 == 1 or p[0] >> 4 != (3 if data[7] & 0x40 else 2) or not p[0] & p[2] & p[4] & 1:
        faults.add(f"{what}-pts-markers", bytes(p).hex())
    if data[6] & 0x30:
        faults.add(f"{what}-pes-scrambled")
    pts = pts_of(data)
    fields = 5 + (5 if data[7] & 0x40 else 0) + (17 if data[7] & 1 else 0)
    if data[8] < fields or any(byte != 0xFF for byte in data[9 + fields:header]):
        faults.add(f"{what}-pes-stuffing", bytes(data[:header]).hex())
    return data[3], pts, data[8] - fields, bytes(data[header:])


class TsCheck:
    """Demultiplexes; checks packets, tables, clock; hands on PES."""

    def __init__(self, faults, on_video, on_audio):
        self.faults, self.on_video, self.on_audio = faults, on_video, on_audio
        self.packets = 0
        self.pids = collections.Counter()
        self.cc = {}
        self.gaps = collections.Counter()  # in the continuity, by PID
        self.pmt_pid = self.pcr_pid = None
        self.pmt = None
        self.streams = {}
        self.pmt_versions = []
        self.psi_gap, self.pcr_gap, self.pcr_drift = Range(), Range(), Range()
        self.pmt_gap = Range()
        self.last_psi_t = self.last_pmt_t = None
        self.order = []  # what came first: "pat", "pmt", "pcr", "pes", each once
        self.tstd = tstd.Decoder()
        self.pcr = self.pcr_t = self.pcr_start = None
        self.pcr_base = None
        self.pcr_run = 0  # sum of all steps
        self.pes = {}

    def feed(self, packet, t):
        faults = self.faults
        self.packets += 1
        if packet[0] != 0x47:
            faults.add("ts-sync")
            return
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        self.pids[pid] += 1
        start, control, at = packet[1] & 0x40, packet[3] >> 4 & 3, 4
        if packet[1] & 0x80:
            faults.add("ts-error-indicator")
        if packet[3] >> 6:
            faults.add("ts-scrambled")
        if not control:
            faults.add("ts-adaptation-reserved")
        flags = 0
        if control & 2:
            length = packet[4]
            if length > 182 if control == 3 else length != 183:
                faults.add("ts-adaptation-length", length)
                return
            flags = packet[5] if length else 0
            at = 5 + length
            self._adaptation(packet, length, flags)
            if flags & 0x10:
                self._pcr(pid, packet, t)
        payload = packet[at:] if control & 1 else b""
        self._continuity(pid, packet[3] & 15, bool(payload))
        if payload:
            self._contents(pid, payload, start, flags, t)
        self._model(pid, payload, start)
        if flags & 0x10 and pid == self.pcr_pid:
            self.tstd.clock(self.pcr_run / 27e6)

    def _contents(self, pid, payload, start, flags, t):
        if pid == 0:
            self._pat(payload, start, t)
        elif pid == self.pmt_pid:
            self._pmt(payload, start, t)
        elif pid in self.streams:
            self._came("pes")
            self._payload(pid, payload, start, flags, t)
        elif pid != 0x1FFF:
            self.faults.add("ts-unknown-pid", f"{pid:#x}")

    def _came(self, what):
        if what not in self.order:
            self.order.append(what)

    def _adaptation(self, packet, length, flags):
        """2.4.3.4: nothing but what we know of, and the rest is stuffing."""
        if flags & 0x80:
            self.faults.add("ts-discontinuity")  # nothing of ours is one
        if flags & 0x0F:
            self.faults.add("ts-adaptation-fields", f"{flags:02x}")
        elif any(byte != 0xFF for byte in packet[6 + (6 if flags & 0x10 else 0):5 + length]):
            self.faults.add("ts-adaptation-stuffing", bytes(packet[:5 + length]).hex())
        if flags & 0x10 and packet[10] & 0x7E != 0x7E:
            self.faults.add("pcr-reserved", bytes(packet[6:12]).hex())

    def _model(self, pid, payload, start):
        """To the system target decoder."""
        stream = self.streams.get(pid)
        name = "tables" if pid in (0, self.pmt_pid) else None
        if stream:
            name = "video" if STREAM_TYPES.get(stream["type"]) == "H264" else "audio"
        head, pts = 0, None
        if stream and start and len(payload) >= 14 and payload[7] & 0x80 and self.pcr is not None:
            head, pts = 9 + payload[8], pts_of(payload)
            pts = (self.pcr_run + wrap_diff(pts * 300, self.pcr, WRAP_33 * 300)) / 27e6
        self.tstd.packet(name, len(payload) - head, pts)

    def _continuity(self, pid, cc, payload):
        """2.4.3.3: one more with each payload, and not without."""
        last = self.cc.get(pid)
        if pid == 0x1FFF:
            return
        if last is not None and cc != (last + payload) & 15:
            self.faults.add("ts-continuity", f"pid {pid:#x}: {last} then {cc}, payload: {payload}")
            self.gaps[pid] += 1
        self.cc[pid] = cc

    def _section(self, payload, start, what):
        if not start or not payload:
            self.faults.add(f"{what}-without-start")
            return None
        body = payload[1 + payload[0]:]
        end = 3 + ((body[1] & 15) << 8 | body[2]) if len(body) > 3 else 0
        if len(body) < 12 or body[0] != (0 if what == "pat" else 2) or body[1] & 0xFC != 0xB0 or \
                body[5] & 0xC1 != 0xC1 or body[6] or body[7]:
            self.faults.add(f"{what}-syntax", bytes(body[:12]).hex())
        elif any(byte != 0xFF for byte in body[end:]):
            self.faults.add(f"{what}-stuffing")
        if not 12 <= end <= len(body) or crc32_mpeg(body[:end]):
            self.faults.add(f"{what}-crc", bytes(body[:16]).hex())
            return None
        return body[:end - 4]

    def _pat(self, payload, start, t):
        body = self._section(payload, start, "pat")
        if body is None:
            return
        if self.last_psi_t is not None:
            self.psi_gap.add((t - self.last_psi_t) * 1e3)
        self.last_psi_t = t
        self._came("pat")
        for i in range(8, len(body) - 3, 4):
            if int.from_bytes(body[i:i + 2], "big"):
                self.pmt_pid = int.from_bytes(body[i + 2:i + 4], "big") & 0x1FFF

    def _pmt(self, payload, start, t):
        body = self._section(payload, start, "pmt")
        if self.last_pmt_t is not None:
            self.pmt_gap.add((t - self.last_pmt_t) * 1e3)
        self.last_pmt_t = t
        self._came("pmt")
        if body is None or body == self.pmt or len(body) < 12:
            return
        version = body[5] >> 1 & 31
        if self.pmt is not None and self.pmt_versions[-1] == version:
            self.faults.add("pmt-changed-without-version")
        self.pmt = body
        self.pmt_versions.append(version)
        self.pcr_pid = int.from_bytes(body[8:10], "big") & 0x1FFF
        at = 12 + (int.from_bytes(body[10:12], "big") & 0xFFF)
        self.streams = {}
        while at + 5 <= len(body):
            info = int.from_bytes(body[at + 3:at + 5], "big") & 0xFFF
            pid = int.from_bytes(body[at + 1:at + 3], "big") & 0x1FFF
            self.streams[pid] = {"type": body[at], "descriptors": body[at + 5:at + 5 + info].hex()}
            at += 5 + info
            if body[at - info - 4] & 0xE0 != 0xE0 or body[at - info - 2] & 0xF0 != 0xF0:
                self.faults.add("pmt-reserved", bytes(body).hex())
            self._describe(self.streams[pid])
        if at != len(body):
            self.faults.add("pmt-length", bytes(body).hex())

    def _describe(self, stream):
        """Descriptors stand in their room; what they say sets the model's buffers."""
        data, at = bytes.fromhex(stream["descriptors"]), 0
        while at + 2 <= len(data):
            if data[at] == 0x28 and data[at + 1] >= 4:
                self.tstd.video(data[at + 2], data[at + 4])
            at += 2 + data[at + 1]
        if at != len(data):
            self.faults.add("pmt-descriptors", stream["descriptors"])
        kind = STREAM_TYPES.get(stream["type"])
        if kind != "H264":
            self.tstd.sound(kind)

    def _pcr(self, pid, packet, t):
        if packet[4] < 7:
            self.faults.add("pcr-truncated")
            return
        if self.pcr_pid is not None and pid != self.pcr_pid:
            self.faults.add("pcr-pid", f"on {pid:#x}, PMT says {self.pcr_pid:#x}")
            return
        self._came("pcr")
        base = int.from_bytes(packet[6:10], "big") << 1 | packet[10] >> 7
        zero = t - base / 90000  # of the source's clock; delays only make it later
        self.pcr_base = zero if self.pcr_base is None else min(self.pcr_base, zero)
        pcr = base * 300 + ((packet[10] & 1) << 8 | packet[11])
        if self.pcr is not None:
            step = wrap_diff(pcr, self.pcr, WRAP_33 * 300)
            if step < 0:
                self.faults.add("pcr-back", step)
            self.pcr_gap.add(step / 27e3)
            if step / 27e3 > PAUSE_MS:
                self.tstd.forget()
            self.pcr_run += step
            self.pcr_drift.add(self.pcr_run / 27e3 - (t - self.pcr_start) * 1e3)
        else:
            self.pcr_start = t
        self.pcr, self.pcr_t = pcr, t

    def pcr_at(self, t):
        """The sink's clock at t in 27 MHz, None before the first PCR."""
        return None if self.pcr is None else self.pcr + (t - self.pcr_t) * 27e6

    def _payload(self, pid, payload, start, flags, t):
        if start:
            self.flush(pid)
            self.pes[pid] = Pes(payload, t, bool(flags & 0x40))
        elif pid in self.pes:
            self.pes[pid].data += payload
            self.pes[pid].t_last = t

    def flush(self, pid):
        pes = self.pes.pop(pid, None)
        if pes is None or pid not in self.streams:
            return
        if STREAM_TYPES.get(self.streams[pid]["type"]) == "H264":
            self.on_video(pes, self.pcr_at(pes.t_last))
        else:
            self.on_audio(pid, pes, self.pcr_at(pes.t_last))

    def finish(self):
        for pid in list(self.pes):
            self.flush(pid)

    def pid_of(self, *types):
        for pid, stream in self.streams.items():
            if STREAM_TYPES.get(stream["type"]) in types:
                return pid
        return None

    def report(self):
        return {"packets": self.packets, "pids": {f"{p:#06x}": n for p, n in sorted(
            self.pids.items())}, "pmt_pid": _hex(self.pmt_pid), "pcr_pid": _hex(self.pcr_pid),
            "streams": {f"{p:#06x}": {"type": STREAM_TYPES.get(s["type"], hex(s["type"])),
                                      "descriptors": s["descriptors"]}
                        for p, s in self.streams.items()},
            "pmt_versions": self.pmt_versions, "psi_interval_ms": self.psi_gap.report(),
            "pmt_interval_ms": self.pmt_gap.report(), "order": self.order,
            "tstd": self.tstd.report(),
            "pcr_interval_ms": self.pcr_gap.report(), "pcr_drift_ms": self.pcr_drift.report()}


def _hex(value):
    return None if value is None else f"{value:#06x}"
