# SPDX-License-Identifier: MIT
"""Judges what arrives: RTP, MPEG-TS, PES, H.264 access units and sound.  No sockets, no programs.

Times are CLOCK_MONOTONIC in seconds.  Faults are counted by name; report.py decides what they mean.
"""

import collections

from . import h264

TS_BYTES = 188
PIDS = {"pmt": 0x100, "pcr": 0x1000, "video": 0x1011, "audio": 0x1100}
STREAM_TYPES = {0x1B: "H264", 0x0F: "AAC", 0x83: "LPCM", 0x81: "AC3", 0x24: "H265"}
WRAP_33 = 1 << 33


def crc32_mpeg(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc


def wrap_diff(new, old, modulus):
    """new - old as the shorter way round."""
    diff = (new - old) % modulus
    return diff - modulus if diff > modulus // 2 else diff


class Faults(collections.Counter):
    """Counts by name and keeps the first words about each."""

    def __init__(self):
        super().__init__()
        self.first = {}

    def add(self, name, text=""):
        self[name] += 1
        self.first.setdefault(name, str(text))


class Range:
    """Smallest, largest, mean."""

    def __init__(self):
        self.low = self.high = None
        self.total = self.count = 0

    def add(self, value):
        self.low = value if self.low is None else min(self.low, value)
        self.high = value if self.high is None else max(self.high, value)
        self.total += value
        self.count += 1

    def report(self, digits=2):
        if not self.count:
            return None
        return {"min": round(self.low, digits), "max": round(self.high, digits),
                "mean": round(self.total / self.count, digits), "count": self.count}


class RtpCheck:
    """Header, sequence and shape of datagrams; gives back the payload."""

    def __init__(self, faults):
        self.faults = faults
        self.datagrams = self.bytes = self.lost = self.reordered = self.markers = 0
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
            if step <= 0:
                self.reordered += 1
                return
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
                "reordered": self.reordered, "markers": self.markers,
                "ts_packets_per_datagram": dict(sorted(self.sizes.items())),
                "ssrc": None if self.ssrc is None else f"{self.ssrc:08x}",
                "seconds": round(span, 3), "longest_silence_ms": round(self.silence_s * 1e3, 1),
                "kbps": round(self.bytes * 8e-3 / span, 1) if span > 0 else 0}

AC3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
FRAME_PAIRS = {"AAC": 1024, "AC3": 1536}  # of a frame; LPCM: as many as there are


class AccessUnit:
    """One video PES."""
    __slots__ = ("pts", "t_first", "t_last", "size", "at", "idr", "slices", "sps", "lead_ms")

    def __init__(self, pts, t_first, t_last, size, at):
        self.pts, self.t_first, self.t_last, self.size, self.at = pts, t_first, t_last, size, at
        self.idr, self.slices, self.sps, self.lead_ms = False, 0, None, None


class Pes:
    """Bytes of a PES as they come."""
    __slots__ = ("data", "t_first", "t_last", "random_access")

    def __init__(self, data, t, random_access):
        self.data, self.t_first, self.t_last = bytearray(data), t, t
        self.random_access = random_access


def parse_pes(data, faults, what):
    """(stream_id, pts, stuffing, payload) or None."""
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
    pts = (p[0] >> 1 & 7) << 30 | p[1] << 22 | p[2] >> 1 << 15 | p[3] << 7 | p[4] >> 1
    fields = 5 + (5 if data[7] & 0x40 else 0) + (17 if data[7] & 1 else 0)
    return data[3], pts, data[8] - fields, bytes(data[header:])


class TsCheck:
    """Demultiplexes; checks packets, tables, clock; hands on PES."""

    def __init__(self, faults, on_video, on_audio):
        self.faults, self.on_video, self.on_audio = faults, on_video, on_audio
        self.packets = 0
        self.pids = collections.Counter()
        self.cc = {}
        self.pmt_pid = self.pcr_pid = None
        self.pmt = None
        self.streams = {}
        self.pmt_versions = []
        self.psi_gap, self.pcr_gap, self.pcr_drift = Range(), Range(), Range()
        self.last_psi_t = None
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
        flags = 0
        if control & 2:
            length = packet[4]
            if length > (183 if control == 2 else 182):
                faults.add("ts-adaptation-length", length)
                return
            flags = packet[5] if length else 0
            at = 5 + length
            if flags & 0x10:
                self._pcr(pid, packet, t)
        if not control & 1:
            return
        self._continuity(pid, packet[3] & 15, flags)
        payload = packet[at:]
        if pid == 0:
            self._pat(payload, start, t)
        elif pid == self.pmt_pid:
            self._pmt(payload, start)
        elif pid in self.streams:
            self._payload(pid, payload, start, flags, t)
        elif pid != 0x1FFF:
            faults.add("ts-unknown-pid", f"{pid:#x}")

    def _continuity(self, pid, cc, flags):
        last = self.cc.get(pid)
        if last is not None and cc != (last + 1) & 15 and not flags & 0x80 and pid != 0x1FFF:
            self.faults.add("ts-continuity", f"pid {pid:#x}: {last} then {cc}")
        self.cc[pid] = cc

    def _section(self, payload, start, what):
        if not start or not payload:
            self.faults.add(f"{what}-without-start")
            return None
        body = payload[1 + payload[0]:]
        end = 3 + ((body[1] & 15) << 8 | body[2]) if len(body) > 3 else 0
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
        for i in range(8, len(body) - 3, 4):
            if int.from_bytes(body[i:i + 2], "big"):
                self.pmt_pid = int.from_bytes(body[i + 2:i + 4], "big") & 0x1FFF

    def _pmt(self, payload, start):
        body = self._section(payload, start, "pmt")
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

    def _pcr(self, pid, packet, t):
        if packet[4] < 7:
            self.faults.add("pcr-truncated")
            return
        if self.pcr_pid is not None and pid != self.pcr_pid:
            self.faults.add("pcr-pid", f"on {pid:#x}, PMT says {self.pcr_pid:#x}")
            return
        base = int.from_bytes(packet[6:10], "big") << 1 | packet[10] >> 7
        zero = t - base / 90000  # of the source's clock; delays only make it later
        self.pcr_base = zero if self.pcr_base is None else min(self.pcr_base, zero)
        pcr = base * 300 + ((packet[10] & 1) << 8 | packet[11])
        if self.pcr is not None:
            step = wrap_diff(pcr, self.pcr, WRAP_33 * 300)
            if step < 0:
                self.faults.add("pcr-back", step)
            self.pcr_gap.add(step / 27e3)
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
            "pcr_interval_ms": self.pcr_gap.report(), "pcr_drift_ms": self.pcr_drift.report()}


def _hex(value):
    return None if value is None else f"{value:#06x}"


class Media:
    """All of it: datagram() in, report() out; ES and sound are written to files that are given."""

    def __init__(self, video_file, audio_file, ts_file=None):
        self.faults = Faults()
        self.rtp = RtpCheck(self.faults)
        self.ts = TsCheck(self.faults, self._video, self._audio)
        self.video_file, self.audio_file, self.ts_file = video_file, audio_file, ts_file
        self.video_bytes = self.audio_bytes = 0
        self.units = []
        self.on_frame = None  # (Annex B bytes, t_last) as soon as the marker came
        self.parameters = h264.Parameters(self.faults)
        self.audio_pes = 0
        self.audio_pts = None
        self.audio_frames = []  # (PTS, pairs)
        self.audio_step, self.audio_lead = Range(), Range()
        self.video_stuffing, self.audio_stuffing = set(), set()
        self.pending_marker = False
        self.accept = True

    def datagram(self, data, t):
        payload, marker = self.rtp.feed(data, t)
        if not self.accept:
            self.faults.add("rtp-while-paused")
        if self.ts_file:
            self.ts_file.write(payload)
        video = self.ts.pid_of("H264")
        for at in range(0, len(payload) - TS_BYTES + 1, TS_BYTES):
            packet = payload[at:at + TS_BYTES]
            if self.pending_marker and video == ((packet[1] & 0x1F) << 8 | packet[2]):
                if packet[3] & 0x10:
                    if not packet[1] & 0x40:
                        self.faults.add("marker-inside-frame")
                    self.pending_marker = False
            self.ts.feed(packet, t)
        if marker:
            self.pending_marker = True
            if self.on_frame and video in self.ts.pes:
                pes = self.ts.pes[video]
                if len(pes.data) > 14:
                    self.on_frame(bytes(pes.data[9 + pes.data[8]:]), t)

    def _video(self, pes, pcr):
        parsed = parse_pes(pes.data, self.faults, "video")
        if parsed is None:
            return
        stream_id, pts, stuffing, payload = parsed
        if stream_id & 0xF0 != 0xE0:
            self.faults.add("video-stream-id", hex(stream_id))
        self.video_stuffing.add(stuffing)
        unit = AccessUnit(pts, pes.t_first, pes.t_last, len(payload), self.video_bytes)
        self.parameters.access_unit(payload, unit)
        if pts is not None and pcr is not None:
            unit.lead_ms = wrap_diff(pts * 300, int(pcr) % (WRAP_33 * 300), WRAP_33 * 300) / 27e3
        if unit.idr and not pes.random_access:
            self.faults.add("idr-without-random-access")
        if self.units and pts is not None and self.units[-1].pts is not None:
            if wrap_diff(pts, self.units[-1].pts, WRAP_33) <= 0:
                self.faults.add("video-pts-back")
        self.video_file.write(payload)
        self.video_bytes += len(payload)
        self.units.append(unit)

    def _audio(self, pid, pes, pcr):
        parsed = parse_pes(pes.data, self.faults, "audio")
        if parsed is None:
            return
        _, pts, stuffing, payload = parsed
        kind = STREAM_TYPES.get(self.ts.streams[pid]["type"])
        self.audio_stuffing.add(stuffing)
        self.audio_pes += 1
        if pts is not None:
            if self.audio_pts is not None:
                self.audio_step.add(wrap_diff(pts, self.audio_pts, WRAP_33))
            self.audio_pts = pts
            if pcr is not None:
                self.audio_lead.add(wrap_diff(pts * 300, int(pcr) % (WRAP_33 * 300),
                                              WRAP_33 * 300) / 27e3)
        if kind == "LPCM":
            payload = self._lpcm(payload)
        elif kind == "AAC":
            self._adts(payload)
        elif kind == "AC3":
            self._ac3(payload)
        self.audio_file.write(payload)
        self.audio_bytes += len(payload)
        if pts is not None:
            self.audio_frames.append((pts, FRAME_PAIRS.get(kind, len(payload) // 4)))

    def _lpcm(self, payload):
        """The samples; sub-stream a0, units of 80 sample pairs."""
        if len(payload) < 4 or payload[0] != 0xA0 or payload[3] not in (0x11, 0x09):
            self.faults.add("lpcm-header", payload[:4].hex())
        elif len(payload) - 4 != payload[1] * 320:
            self.faults.add("lpcm-length", f"{payload[1]} units, {len(payload) - 4} bytes")
        return payload[4:]

    def _adts(self, payload):
        if len(payload) < 7 or payload[0] != 0xFF or payload[1] & 0xF6 != 0xF0:
            self.faults.add("adts-header", payload[:7].hex())
            return
        if payload[2] & 0xC0 != 0x40 or payload[2] >> 2 & 15 != 3:
            self.faults.add("adts-not-lc-48k", payload[:7].hex())
        length = (payload[3] & 3) << 11 | payload[4] << 3 | payload[5] >> 5
        if length != len(payload):
            self.faults.add("adts-length", f"says {length}, has {len(payload)}")

    def _ac3(self, payload):
        """A/52 5.3: sync word, CRC, fscod 0 and frmsizecod, bsid 8, acmod 2."""
        if len(payload) < 7 or payload[:2] != b"\x0b\x77" or payload[5] >> 3 != 8:
            self.faults.add("ac3-header", payload[:7].hex())
            return
        if payload[4] >> 6 or payload[6] >> 5 != 2:
            self.faults.add("ac3-not-48k-stereo", payload[:7].hex())
        kbps = AC3_KBPS[(payload[4] & 63) // 2] if (payload[4] & 63) < 38 else 0
        if kbps * 4 != len(payload):  # of 32 ms
            self.faults.add("ac3-length", f"says {kbps} kbit/s, has {len(payload)}")

    def restart(self):
        """After a pause: silence on the wire is no fault."""
        self.rtp.resume()
        self.accept = True

    def finish(self):
        self.ts.finish()

    @property
    def audio_kind(self):
        pid = self.ts.pid_of("LPCM", "AAC", "AC3")
        return None if pid is None else STREAM_TYPES[self.ts.streams[pid]["type"]]

    def idr_after(self, t):
        """(latency ms, whole frames between) of the first IDR whose first byte came after t."""
        between = 0
        for unit in self.units:
            if unit.t_first > t:
                if unit.idr:
                    return round((unit.t_first - t) * 1e3, 2), between
                between += 1
        return None, between

    def video_report(self):
        units = self.units
        gap, pts_step, lead, size = Range(), Range(), Range(), Range()
        for before, unit in zip(units, units[1:]):
            gap.add((unit.t_last - before.t_last) * 1e3)
            if unit.pts is not None and before.pts is not None:
                pts_step.add(wrap_diff(unit.pts, before.pts, WRAP_33))
        for unit in units:
            size.add(unit.size)
            if unit.lead_ms is not None:
                lead.add(unit.lead_ms)
        span = units[-1].t_last - units[0].t_last if len(units) > 1 else 0
        start = units[0].t_first if units else 0
        return {"frames": len(units), "idr_frames": sum(u.idr for u in units),
                "idr_at_s": [round(u.t_first - start, 3) for u in units if u.idr][:100],
                "fps": round((len(units) - 1) / span, 2) if span > 0 else 0,
                "frame_interval_ms": gap.report(), "pts_step": pts_step.report(),
                "pts_lead_ms": lead.report(), "frame_bytes": size.report(0),
                "pes_stuffing": sorted(self.video_stuffing),
                "parameter_sets": self.parameters.report()}

    def audio_report(self):
        return {"codec": self.audio_kind, "pes": self.audio_pes, "bytes": self.audio_bytes,
                "pts_step": self.audio_step.report(), "pts_lead_ms": self.audio_lead.report(),
                "pes_stuffing": sorted(self.audio_stuffing)}
