#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Protected content in whole sessions, against the lab's sink and HDCP receiver on loopback.
usage: test_hdcp.py MIRACAST [CASE...]"""

import json
import pathlib
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lab"))
import hdcp_receiver  # noqa: E402
import hdcp_ts  # noqa: E402
from harness import ROOT, check, main, need_programs, run  # noqa: E402
from test_cast import EXIT_OK, refuse_keys  # noqa: E402

DATA = ROOT / "tests" / "data" / "hdcp"
WIDTH, HEIGHT = 160, 90


class Receiver:
    """The lab's receiver; a word of it on standard output is a line of JSON."""

    def __init__(self, bed, *options):
        self.program = bed.start([sys.executable, ROOT / "tests/lab/hdcp_receiver.py", *options],
                                 name="hdcp receiver", stdin=subprocess.PIPE)
        self.port = self.program.wait_line(r"listening (\d+)").group(1)

    def events(self, name):
        found = (json.loads(line) for line in self.program.lines if line.startswith("{"))
        return [event for event in found if event["event"] == name]


def test_keys(bed):
    keys = bed.folder / "keys"
    keys.write_text((DATA / "test-keys.txt").read_text())
    keys.chmod(0o600)
    return keys


def start(bed, receiver, *options, duration=1.5, kind="HDCP2.1", keys=True, env=None,
          sink_options=()):
    need_programs("ffmpeg", "openssl")
    if keys:
        options += ("--hdcp-keys", test_keys(bed), "--hdcp-pairings", bed.folder / "pairings")
    source, port = bed.cast("--capture", "test", "--fps", "30", *options, env=env)
    words = ("--set", f"wfd_content_protection={kind} port={receiver.port}") if receiver else ()
    sink = bed.sink(port, "--save-ts", bed.folder / "out.ts", "--no-decode", *words, *sink_options,
                    duration=duration)
    return source, sink


def end(bed, source, sink):
    """The PES packets and PMTs that came; the sink's own judgement cannot see through encryption."""
    sink.wait()
    check(source.wait() == EXIT_OK, source.text())
    packs, tables = hdcp_ts.read((bed.folder / "out.ts").read_bytes())
    check(all(pes.aligned for pes in packs if pes.private), "a packet without whole blocks")
    return packs, tables


def pictures(bed, payloads):
    """Grey pictures, decoded, of WIDTH x HEIGHT."""
    stream = bed.folder / "es.h264"
    stream.write_bytes(b"".join(payloads))
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "h264", "-i", stream, "-vf",
                           f"scale={WIDTH}:{HEIGHT},format=gray", "-vsync", "passthrough", "-f",
                           "rawvideo", "-"], check=True, capture_output=True)
    check(not done.stderr, done.stderr.decode()[-300:])
    size = WIDTH * HEIGHT
    return [done.stdout[at:at + size] for at in range(0, len(done.stdout), size)]


def is_notice(picture):
    """Dark grey paper (luma 40) with some letters on it."""
    paper = sum(1 for value in picture if abs(value - 28) < 10)
    return WIDTH * HEIGHT * 0.5 < paper < WIDTH * HEIGHT * 0.98


def video(packs, payloads=None):
    return [payload for pes, payload in zip(packs, payloads or [p.payload for p in packs])
            if pes.pid == hdcp_ts.VIDEO]


def opened(receiver, packs):
    key = receiver.events("session-key")[-1]
    return hdcp_ts.decrypt(packs, key["key"], key["riv"])


def variant(*options, kind="HDCP2.1", twice=False):
    """All is encrypted, and opens to the picture and the sound."""
    def case(bed):
        for stored in (False, True)[:1 + twice]:
            receiver = Receiver(bed, *options)
            source, sink = start(bed, receiver, "--protect", "0", kind=kind)
            packs, tables = end(bed, source, sink)
            check(receiver.events("km")[-1]["stored"] == stored, source.text())
            check(hdcp_ts.HDCP in tables[-1], "the PMT has no HDCP descriptor")
            hidden = [pes for pes in packs if pes.private]
            check(len(hidden) > 60 and any(p.pid == hdcp_ts.AUDIO for p in hidden), len(hidden))
            bare = [pes for pes in packs if not pes.private and pes.pid == hdcp_ts.VIDEO]
            check(len(bare) <= 1, f"{len(bare)} pictures in the clear")
            plain = opened(receiver, packs)
            seen = pictures(bed, video(packs, plain))
            check(len(seen) >= 30 and not any(is_notice(picture) for picture in seen), len(seen))
            sound = [data for pes, data in zip(packs, plain) if pes.pid == hdcp_ts.AUDIO]
            check(all(data[:2] in (b"\xff\xf9", b"\xff\xf1") for data in sound), "no ADTS")
            receiver.program.close()
        pairings = bed.folder / "pairings"
        check(pairings.stat().st_mode & 0o077 == 0, "others may read the pairings")
    return case


def byte_for_byte(bed):
    """The same access units with the cipher and without it: what the receiver opens is what the clear
    stream carries, byte for byte, in every shape of stream."""
    need_programs("openssl")
    tool = pathlib.Path(bed.miracast).parent.parent / "tests/integration/hdcp-mux"
    for flavour in ("android", "pcr-video", "filled", "unbounded"):
        for sound in ("aac", "lpcm"):
            key, riv = run([tool, bed.folder, flavour, sound]).stdout.split()
            clear, _ = hdcp_ts.read((bed.folder / "clear.ts").read_bytes())
            hidden, tables = hdcp_ts.read((bed.folder / "hidden.ts").read_bytes())
            check(len(clear) == len(hidden) > 200 and hdcp_ts.HDCP in tables[0], len(hidden))
            check(all(pes.private and pes.aligned for pes in hidden), "a PES without protection")
            check(not any(pes.private for pes in clear), "a clear PES with private data")
            opened_now = hdcp_ts.decrypt(hidden, key, riv)
            for number, (pes, seen, sealed) in enumerate(zip(clear, opened_now, hidden)):
                check(pes.pid == sealed.pid and pes.payload == seen,
                      f"{flavour}, {sound}: PES {number} of {len(pes.payload)} bytes differs")
            same = sum(pes.payload == sealed.payload for pes, sealed in zip(clear, hidden)
                       if len(pes.payload) >= 4)
            check(same == 0, f"{flavour}, {sound}: {same} PES are as in the clear")


def made_units(path):
    """{(PID, PTS): bytes} of what the encoders made, in their order; see encoder-tap.c."""
    data, at, units = path.read_bytes(), 0, {}
    while at < len(data):
        kind, pts, size = struct.unpack_from("<cQI", data, at)
        at += 13
        units[hdcp_ts.VIDEO if kind == b"V" else hdcp_ts.AUDIO, pts & (1 << 33) - 1] = data[at:at + size]
        at += size
    return units


def whole_session(*options, sink_options=()):
    """All that the encoders made in a session is what the receiver opens, byte for byte: the picture
    before there is a key, the content under it, the sound.  A datagram that the machine loses takes
    only the units with it whose packets are missing."""
    def case(bed):
        receiver = Receiver(bed)
        module = pathlib.Path(bed.miracast).parent.parent / "tests/integration/tapped-umd.so"
        tap = bed.folder / "units"
        source, sink = start(bed, receiver, "--protect", "0", "--umd", module, *options, duration=3,
                             env={"MC_ENCODER_TAP": str(tap)}, sink_options=sink_options)
        packs, _ = end(bed, source, sink)
        check(receiver.events("session-key"), source.text() + sink.text())
        made = made_units(tap)
        for pid in (hdcp_ts.VIDEO, hdcp_ts.AUDIO):
            seen = [(pes, data) for pes, data in zip(packs, opened(receiver, packs)) if pes.pid == pid]
            whole = [(pes, data) for pes, data in seen if pes.whole]
            check(sum(bool(pes.private) for pes, _ in whole) > 20, f"{pid:#x}: {len(whole)} units")
            for pes, data in whole:
                check(made.get((pid, pes.pts)) == data, f"{pid:#x}: the unit at {pes.pts} differs")
            sealed = [pes for pes, _ in whole if pes.private]
            check(all(made[pid, pes.pts] != pes.payload for pes in sealed), f"{pid:#x}: in the clear")
            if len(whole) == len(seen) - 1:  # nothing was lost: nothing may be missing in between
                times = [pts for number, pts in made if number == pid]
                first, last = times.index(whole[0][0].pts), times.index(whole[-1][0].pts)
                missing = set(times[first:last + 1]) - {pes.pts for pes, _ in whole}
                check(not missing, f"{pid:#x}: {len(missing)} units never came")
    return case


def on_and_off(bed):
    receiver = Receiver(bed)
    # The first picture of a busy machine may come more than a second after the stream has begun.
    source, sink = start(bed, receiver, "--protect", "3-4.5", duration=6)
    packs, tables = end(bed, source, sink)
    marks = [bool(pes.private) for pes in packs if pes.pid == hdcp_ts.VIDEO]
    changes = [now for before, now in zip(marks, marks[1:]) if before != now]
    check(changes == [True, False], changes)
    check([hdcp_ts.HDCP in table for table in tables] == [False, True, False], len(tables))
    seen = pictures(bed, video(packs, opened(receiver, packs)))
    check(len(seen) > 50 and not any(is_notice(picture) for picture in seen), len(seen))


def withheld(code, *options, keys=True, receiver=True, more=()):
    """Never more than the notice; the session goes on to its end."""
    def case(bed):
        hdcp = Receiver(bed, *options) if receiver else None
        source, sink = start(bed, hdcp, "--protect", "0", *[m(bed) if callable(m) else m for m in more],
                             keys=keys)
        packs, tables = end(bed, source, sink)
        check(code in source.text(), source.text())
        check(not any(pes.private for pes in packs), "encrypted without a receiver")
        check(not any(hdcp_ts.HDCP in table for table in tables), "HDCP was announced")
        seen = pictures(bed, video(packs))
        first = next((i for i, picture in enumerate(seen) if is_notice(picture)), None)
        check(first is not None and first <= 1, f"the notice comes at {first}")
        check(all(is_notice(picture) for picture in seen[first:]), "something was seen")
        sound = [pes for pes in packs if pes.pid == hdcp_ts.AUDIO]
        check(len(sound) < 10, f"{len(sound)} of sound were heard")
    return case


def lost(bed):
    """The receiver hangs up while protected content runs: from then on nothing but the notice."""
    receiver = Receiver(bed, "--after-key", "2:close")
    source, sink = start(bed, receiver, "--protect", "0", duration=3.5)
    source.wait_line(r"hdcp\.disconnected")
    packs, _ = end(bed, source, sink)
    marks = [bool(pes.private) for pes in packs if pes.pid == hdcp_ts.VIDEO]
    last = max(i for i, mark in enumerate(marks) if mark)
    check(sum(marks) > 5 and len(marks) - last > 10, f"{sum(marks)} of {len(marks)}")
    seen = pictures(bed, video(packs)[last + 1:])
    check(seen and all(is_notice(picture) for picture in seen), "something was seen")


def reauthentication(bed):
    """Asked for in the middle: a key of its own, and in between nothing that could be seen."""
    receiver = Receiver(bed, "--after-key", "2:reauth")
    source, sink = start(bed, receiver, "--protect", "0", duration=3.5)
    packs, _ = end(bed, source, sink)
    keys = receiver.events("session-key")
    check(len(keys) == 2 and keys[0]["key"] != keys[1]["key"], keys)
    bare = [pes.payload for pes in packs if not pes.private and pes.pid == hdcp_ts.VIDEO]
    check(all(is_notice(picture) for picture in pictures(bed, bare)) if bare else True, "a leak")
    hidden = [pes for pes in packs if pes.private]
    starts = [i for i, pes in enumerate(hidden)
              if pes.pid == hdcp_ts.VIDEO and hdcp_ts.counters(pes.private)[1] == 0]
    check(len(starts) == 2, f"the pictures' counter began {len(starts)} times")
    turn = starts[1]
    plain = hdcp_ts.decrypt([p for p in hidden[turn:] if p.pid == hdcp_ts.VIDEO], keys[1]["key"],
                            keys[1]["riv"])
    check(len(pictures(bed, plain)) > 10, "the second key opens nothing")


def revocation_list(bed):
    path = bed.folder / "srm"
    path.write_bytes(hdcp_receiver.make_srm(DATA, [hdcp_receiver.Keys(DATA).id]))
    return path


def bad_keys(bed):
    refuse_keys(bed, "--hdcp-keys", "lc128 = 00\n", "hdcp.keys-unsafe", "hdcp.keys")


CASES = {
    "hdcp-2.2": variant(twice=True), "hdcp-2.2-plain": variant("--no-precompute"),
    "hdcp-2.1": variant("--version", "1"),
    "hdcp-2.0": variant("--version", "0", kind="HDCP2.0"),
    "hdcp-2.0-said-2.1": variant("--version", "0"),
    "hdcp-repeater": variant("--repeater"),
    "hdcp-repeater-2.0": variant("--repeater", "--version", "0", kind="HDCP2.0"),
    "hdcp-byte-for-byte": byte_for_byte,
    "hdcp-session": whole_session(),
    "hdcp-session-lpcm": whole_session("--ts-flavour", "pcr-video", sink_options=(
        "--set", "wfd_audio_codecs=LPCM 00000003 00")),
    "hdcp-on-off": on_and_off, "hdcp-lost": lost, "hdcp-reauth": reauthentication,
    "hdcp-wrong-h": withheld("hdcp.h-prime", "--fault", "wrong-h"),
    "hdcp-wrong-v": withheld("hdcp.v-prime", "--repeater", "--fault", "wrong-v"),
    "hdcp-wrong-m": withheld("hdcp.m-prime", "--repeater", "--fault", "wrong-m"),
    "hdcp-bad-cert": withheld("hdcp.certificate", "--fault", "bad-cert"),
    "hdcp-silent": withheld("hdcp.timeout", "--fault", "silent"),
    "hdcp-late-l": withheld("HDCP is not established", "--slow-l", "0.02", "--slow-count", "9999"),
    "hdcp-revoked": withheld("hdcp.revoked", more=("--hdcp-srm", revocation_list)),
    "hdcp-no-keys": withheld("no HDCP keys", keys=False),
    "hdcp-no-receiver": withheld("no HDCP 2 receiver", receiver=False),
    "hdcp-bad-keys": bad_keys,
}


if __name__ == "__main__":
    sys.exit(main(CASES))
