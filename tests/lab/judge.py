#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Judges a stream by the sink's report: each rule of RTP, MPEG-TS and H.264 that real sinks are known to
insist on, with the figure that was found.  Usage: judge.py REPORT.json [--strict] [--frames FILE.csv --kbps N]

Rules about intervals depend on how busy both machines are; without --strict they are told and do not
count.  With the pictures of the same session (the sink's --frames) and the rate that the encoder was
asked for, the buffer that a decoder at that rate needs is judged too.
"""

import argparse
import csv
import json
import sys

# MaxBR in kbit/s of baseline and high, MaxMBPS, MaxFS (H.264 table A-1).
LEVELS = {31: (14000, 17500, 108000, 3600), 32: (20000, 25000, 216000, 5120),
          40: (20000, 25000, 245760, 8192), 41: (50000, 62500, 245760, 8192),
          42: (50000, 62500, 522240, 8704), 50: (135000, 168750, 589824, 22080),
          51: (240000, 300000, 983040, 36864), 52: (240000, 300000, 2073600, 36864)}
MAX_DPB_MBS = {31: 18000, 32: 20480, 40: 32768, 41: 32768, 42: 34816, 50: 110400, 51: 184320,
               52: 184320}
# A key picture may be as large as this much of the asked rate: all of it is through before its PTS.
BUCKET_MS = 100
PROFILES = {"CBP": (66, "c0"), "CHP": (100, "0c")}


class Judge:
    def __init__(self, report):
        self.report = report
        self.rules = []  # (name, holds, figure, hard)

    def rule(self, name, holds, figure, hard=True):
        self.rules.append((name, bool(holds), figure, hard))

    def bounded(self, name, found, low, high, hard=False):
        """A minimum/maximum record of the report."""
        if found is None:
            self.rule(name, False, "nothing was seen", hard)
            return
        holds = (low is None or found["min"] >= low) and (high is None or found["max"] <= high)
        self.rule(name, holds, f"{found['min']} to {found['max']}", hard)

    def no_fault(self, name, *faults):
        found = {fault: self.report["faults"][fault]["count"] for fault in faults
                 if fault in self.report["faults"]}
        self.rule(name, not found, found or "none")

    def rtp(self):
        rtp = self.report["rtp"]
        self.no_fault("RTP: version 2, type 33, one source", "rtp-header", "rtp-payload-type",
                      "rtp-ssrc-changed")
        self.no_fault("RTP: one to seven whole packets", "rtp-size")
        self.no_fault("RTP: time stamps never go back", "rtp-timestamp-back")
        self.no_fault("RTP: one time stamp for all datagrams of a picture", "rtp-timestamp-in-frame")
        self.no_fault("RTP: seven packets in all but the last of a picture", "rtp-not-filled")
        # What fills a hole late is no fault of order where datagrams are sent twice: it is the other one.
        late = rtp["reordered"] + (0 if rtp["duplicates"] else rtp["filled"])
        self.rule("RTP: in sequence", rtp["lost"] == 0 and late == 0,
                  f"{rtp['lost']} lost, {late} out of order, {rtp['duplicates']} twice")
        self.no_fault("RTP: the marker ends a picture", "marker-inside-frame")
        self.rule("RTP: a marker for each picture",
                  abs(rtp["markers"] - self.report["video"]["frames"]) <= 1,
                  f"{rtp['markers']} markers, {self.report['video']['frames']} pictures")
        self.bounded("RTP: time stamps run with the PCR", rtp["pcr_ms"], -5, 5)

    def ts(self):
        ts = self.report["ts"]
        self.no_fault("TS: sync, continuity, adaptation fields", "ts-sync", "ts-continuity",
                      "ts-adaptation-length", "ts-error-indicator", "ts-adaptation-reserved",
                      "ts-adaptation-fields", "ts-adaptation-stuffing")
        self.no_fault("TS: no discontinuity, no scrambling", "ts-discontinuity", "ts-scrambled")
        self.rule("TS: PAT, PMT and PCR before all else", ts["order"] == ["pat", "pmt", "pcr", "pes"]
                  or (ts["order"] == ["pat", "pmt", "pes", "pcr"] and self._pcr_on_video()),
                  ts["order"])
        self.no_fault("TS: no packet outside the program", "ts-unknown-pid")
        self.no_fault("PSI: CRC and versions", "pat-crc", "pmt-crc", "pat-without-start",
                      "pmt-without-start", "pmt-changed-without-version")
        self.no_fault("PSI: fields, lengths, descriptors, stuffing", "pat-syntax", "pmt-syntax",
                      "pat-stuffing", "pmt-stuffing", "pmt-reserved", "pmt-length",
                      "pmt-descriptors")
        self.bounded("PSI: PAT at most 100 ms apart", ts["psi_interval_ms"], None, 100)
        self.bounded("PSI: PMT at most 100 ms apart", ts["pmt_interval_ms"], None, 100)
        self.no_fault("PCR: on the PID that the PMT names, never back", "pcr-pid", "pcr-back",
                      "pcr-truncated", "pcr-reserved")
        self.bounded("PCR: at most 100 ms apart", ts["pcr_interval_ms"], None, 100)
        self.bounded("PCR: within 5 ms of arrival", ts["pcr_drift_ms"], -5, 5)

    def _pcr_on_video(self):
        ts = self.report["ts"]
        return ts["streams"].get(ts["pcr_pid"], {}).get("type") == "H264"

    def tstd(self):
        """The buffers of ISO/IEC 13818-1's receiver; they live by PCR, which a busy machine writes
        late."""
        for name, stream in sorted(self.report["ts"]["tstd"].items()):
            self.rule(f"T-STD: transport buffer of {name}", not stream["tb_overflows"],
                      f"{stream['tb_peak']} of 512 bytes, {stream['tb_overflows']} times over", False)
            if stream["delay_ms"] is None:
                continue
            self.rule(f"T-STD: {name} is whole before it is decoded", not stream["underflows"],
                      f"{stream['underflows']} times late, {stream['late_ms']} ms at most; "
                      f"{stream['delay_ms']['min']} to {stream['delay_ms']['max']} ms ahead", False)
            self.rule(f"T-STD: {name} waits a second at most", stream["delay_ms"]["max"] <= 1000,
                      f"{stream['delay_ms']['max']} ms")
            if stream["size"]:
                self.rule(f"T-STD: buffer of {name}", not stream["overflows"],
                          f"{stream['peak']} of {stream['size']:.0f} bytes", False)

    def cpb(self, frames, kbps):
        """Bytes come at the asked rate while there are any, and go with their picture (C.1)."""
        level = peak = 0.0
        last = None
        for row in frames:
            pts = int(row["pts_90k"])
            if last is not None:
                level = max(0.0, level - kbps * ((pts - last) % (1 << 33)) / 90)
            last = pts
            level += int(row["bytes"]) * 8
            peak = max(peak, level)
        self.rule(f"CPB: at {kbps} kbit/s", peak / kbps <= BUCKET_MS,
                  f"{peak / kbps:.0f} of {BUCKET_MS} ms ({peak / 8000:.1f} kB)", False)

    def pes(self):
        video, audio = self.report["video"], self.report["audio"]
        self.no_fault("PES: headers, lengths, a PTS each", "video-pes-header", "audio-pes-header",
                      "video-pes-length", "audio-pes-length", "audio-pes-unbounded",
                      "video-pes-without-pts", "audio-pes-without-pts")
        self.no_fault("PES: marker bits, stuffing, stream ids, no scrambling", "video-pts-markers",
                      "audio-pts-markers", "video-pes-stuffing", "audio-pes-stuffing",
                      "video-pes-scrambled", "audio-pes-scrambled", "video-stream-id",
                      "audio-stream-id")
        self.no_fault("PES: data alignment is said", "video-pes-unaligned", "audio-pes-unaligned")
        self.no_fault("PES: PTS of pictures only grow", "video-pts-back")
        self.bounded("PES: pictures are there before their PTS", video["pts_lead_ms"], 0, 250)
        if audio["pes"]:
            self.bounded("PES: sound is there before its PTS", audio["pts_lead_ms"], 0, 250)
            step = {"AAC": 1920, "AC3": 2880}.get(audio["codec"], 900)
            self.bounded("PES: sound is even", audio["pts_step"], step - 1, step + 1)
            self.no_fault("sound: its own framing", "lpcm-header", "lpcm-length", "adts-header",
                          "adts-not-lc-48k", "adts-length", "ac3-header", "ac3-not-48k-stereo",
                          "ac3-length")

    def h264(self):
        self.no_fault("H.264: each access unit begins with an AUD", "h264-without-aud")
        self.no_fault("H.264: one slice a picture, no B", "h264-many-slices", "h264-without-slice",
                      "h264-b-slice")
        self.no_fault("H.264: SPS and PPS before each IDR, and only there",
                      "idr-without-parameter-sets", "sps-without-idr")
        self.no_fault("H.264: IDR says random access, and no other", "idr-without-random-access",
                      "random-access-without-idr")
        self.no_fault("H.264: units begin with a start code, kinds and their importance are right",
                      "h264-no-start-code", "h264-nal-kind", "h264-nal-ref-idc", "h264-nal-order")
        self.no_fault("H.264: no picture is missing, consecutive IDR differ", "h264-frame-num",
                      "h264-idr-pic-id")
        self.no_fault("H.264: decodes without complaint", "decode-errors")
        first = self.report["video"]["idr_at_s"][:1]
        self.rule("H.264: begins with an IDR", first == [0.0], first)
        for mode, sps in zip(self.report["modes"], self.report["video"]["parameter_sets"]):
            self._parameters(mode, sps)

    def _parameters(self, mode, sps):
        what = f"{mode['width']}x{mode['height']}"
        profile, constraints = PROFILES[mode["profile"]]
        self.rule(f"SPS {what}: size", (sps["width"], sps["height"]) ==
                  (mode["width"], mode["height"]), f"{sps['width']}x{sps['height']}")
        self.rule(f"SPS {what}: profile and level as negotiated",
                  (sps["profile_idc"], sps["constraints"], sps["level_idc"]) ==
                  (profile, constraints, mode["level_idc"]),
                  f"{sps['profile_idc']} {sps['constraints']} {sps['level_idc']}")
        self.rule(f"SPS {what}: CAVLC in baseline", profile != 66 or not sps["cabac"], sps["cabac"])
        vui = sps["vui"] or {}
        self.rule(f"VUI {what}: BT.709 in limited range",
                  vui.get("matrix") == 1 and vui.get("full_range") == 0, vui)
        self.rule(f"VUI {what}: no reordering, no more buffering than references",
                  vui.get("reorder_frames") == 0 and
                  vui.get("dec_frame_buffering") == sps["ref_frames"], vui)
        level = LEVELS.get(sps["level_idc"])
        if level:
            blocks = -(-sps["width"] // 16) * -(-sps["height"] // 16)
            self.rule(f"level {what}: macroblocks a picture and a second",
                      blocks <= level[3] and blocks * mode["fps"] <= level[2],
                      f"{blocks}, {blocks * mode['fps']}")
            fit = min(16, MAX_DPB_MBS[sps["level_idc"]] // blocks)
            self.rule(f"level {what}: reference pictures", sps["ref_frames"] <= fit,
                      f"{sps['ref_frames']} of {fit}")
            limit = level[profile == 100]
            self.rule(f"level {what}: bit rate", self.report["rtp"]["kbps"] <= limit * 1.25,
                      f"{self.report['rtp']['kbps']} of {limit} kbit/s")

    def all(self):
        self.rtp()
        self.ts()
        self.tstd()
        self.pes()
        self.h264()
        return self.rules


def failures(report, strict=False):
    """Words for each rule that does not hold."""
    return [f"{name}: {figure}" for name, holds, figure, hard in Judge(report).all()
            if not holds and (hard or strict)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report")
    parser.add_argument("--frames", metavar="FILE.csv", help="of the same session, by the sink")
    parser.add_argument("--kbps", type=int, help="that the encoder was asked for")
    parser.add_argument("--strict", action="store_true", help="intervals count too")
    options = parser.parse_args()
    with open(options.report, encoding="utf-8") as text:
        report = json.load(text)
    judge = Judge(report)
    judge.all()
    if options.frames and options.kbps:
        with open(options.frames, encoding="ascii", newline="") as rows:
            judge.cpb(csv.DictReader(rows), options.kbps)
    for name, holds, figure, hard in judge.rules:
        print(f"{'fine ' if holds else 'WRONG' if hard or options.strict else 'late '} {name}: "
              f"{figure}")
    return 1 if any(not holds and (hard or options.strict)
                    for _, holds, _, hard in judge.rules) else 0


if __name__ == "__main__":
    sys.exit(main())
