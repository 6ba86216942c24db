# SPDX-License-Identifier: MIT
"""Judges what arrives: RTP, MPEG-TS, PES, H.264 access units and sound.  No sockets, no programs.

Times are CLOCK_MONOTONIC in seconds.  Faults are counted by name; report.py decides what they mean.
"""

from . import h264
from .rtp import TS_BYTES, RtpCheck
from .tally import WRAP_33, Faults, Range, wrap_diff
from .ts import STREAM_TYPES, TsCheck, parse_pes

AC3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
FRAME_PAIRS = {"AAC": 1024, "AC3": 1536}  # of a frame; LPCM: as many as there are


class AccessUnit:
    """One video PES.  holed: something is missing in it, or between it and the next one."""
    __slots__ = ("pts", "t_first", "t_last", "size", "at", "idr", "slices", "sps", "lead_ms", "holed")

    def __init__(self, pts, t_first, t_last, size, at):
        self.pts, self.t_first, self.t_last, self.size, self.at = pts, t_first, t_last, size, at
        self.idr, self.slices, self.sps, self.lead_ms, self.holed = False, 0, None, None, False


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
        self.lost = 0  # datagrams, when the last picture came
        self.gaps = 0  # of the video's packets, likewise
        self.accept = True
        self.rtp_ahead, self.rtp_pcr = None, Range()

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
            clock = self.ts.pcr
            self.ts.feed(packet, t)
            if self.ts.pcr != clock:
                self._rtp_clock()
        if marker:
            self.pending_marker = True
            if self.on_frame and video in self.ts.pes:
                pes = self.ts.pes[video]
                if len(pes.data) > 14:
                    self.on_frame(bytes(pes.data[9 + pes.data[8]:]), t)

    def _rtp_clock(self):
        """RTP's time stamp and PCR are the same clock (RFC 2250, 2): their difference stays."""
        ahead = (self.rtp.timestamp - self.ts.pcr // 300) % (1 << 32)
        if self.rtp_ahead is None:
            self.rtp_ahead = ahead
        self.rtp_pcr.add(wrap_diff(ahead, self.rtp_ahead, 1 << 32) / 90)

    def _video(self, pes, pcr):
        parsed = parse_pes(pes.data, self.faults, "video")
        if parsed is None:
            return
        stream_id, pts, stuffing, payload = parsed
        if stream_id & 0xF0 != 0xE0:
            self.faults.add("video-stream-id", hex(stream_id))
        self.video_stuffing.add(stuffing)
        if self.rtp.lost != self.lost:  # the network's: pictures may be missing
            self.lost = self.rtp.lost
            self.parameters.frame_num = None
        unit = AccessUnit(pts, pes.t_first, pes.t_last, len(payload), self.video_bytes)
        gaps = self.ts.gaps[self.ts.pid_of("H264")]
        unit.holed, self.gaps = gaps != self.gaps, gaps
        self.parameters.access_unit(payload, unit)
        if pts is not None and pcr is not None:
            unit.lead_ms = wrap_diff(pts * 300, int(pcr) % (WRAP_33 * 300), WRAP_33 * 300) / 27e3
        if unit.idr != pes.random_access:
            self.faults.add("idr-without-random-access" if unit.idr else "random-access-without-idr")
        sps = self.parameters.sps
        if sps and unit.idr:
            self.ts.tstd.video(sps["profile_idc"], sps["level_idc"])
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
        stream_id, pts, stuffing, payload = parsed
        kind = STREAM_TYPES.get(self.ts.streams[pid]["type"])
        if stream_id & 0xE0 != 0xC0 if kind == "AAC" else stream_id != 0xBD:
            self.faults.add("audio-stream-id", hex(stream_id))
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
        if payload[2] & 0xC0 != 0x40 or payload[2] >> 2 & 15 != 3 or payload[6] & 3 or \
                (payload[2] & 1) << 2 | payload[3] >> 6 != 2:
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
        self.ts.tstd.forget()
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
