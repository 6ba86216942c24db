#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The judge judged: streams with one thing wrong, which it must tell.  Usage: test_judge.py"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lab"))
from sink import rtp, tally, ts, tstd  # noqa: E402


def audio(gap_s, packets, lead_s, kind="AAC", frames=20):
    """The report on frames of sound, so many packets each, sent right behind every PCR."""
    decoder = tstd.Decoder()
    decoder.sound(kind)
    for i in range(frames):
        decoder.packet(None, 0)
        decoder.clock(i * gap_s)
        for j in range(packets):
            decoder.packet("audio", 184, i * gap_s + lead_s if j == 0 else None)
    return decoder.report()["audio"]


def test_fine():
    report = audio(0.02, 2, 0.05)
    assert not report["tb_overflows"] and not report["overflows"] and not report["underflows"], report
    assert 20 < report["delay_ms"]["min"] <= report["delay_ms"]["max"] < 50, report


def test_late():
    """A PTS before the last byte is there by PCR."""
    report = audio(0.02, 2, 0.01)
    assert report["underflows"] == 18 and report["late_ms"] > 3, report


def test_transport_buffer():
    """Four packets in a millisecond do not leak away at 2 Mbit/s."""
    assert audio(0.001, 4, 0.05)["tb_overflows"], "not seen"


def test_buffer():
    """More than 3584 bytes wait for their PTS."""
    report = audio(0.02, 2, 0.5)
    assert report["overflows"] and report["peak"] > 3584, report


def order_of(*arrivals, first=0, hold_s=0.05):
    """(numbers in their order, the receiver) of datagrams (number, when); then time goes by."""
    order = rtp.RtpOrder(hold_s)
    out = []
    for number, at in (*arrivals, (None, 9)):
        due = order.due(at) if number is None else order.feed(
            bytes((0x80, 33)) + ((first + number) % (1 << 16)).to_bytes(2, "big") + bytes(8), at)
        out += [(int.from_bytes(data[2:4], "big") - first) % (1 << 16) for data in due]
    return out, order.report()


def test_order():
    """Sent twice, in both orders and over the numbers' end: once each; what fills a hole in time is no loss."""
    for first in 0, 65533:
        out, found = order_of((0, 0), (2, .001), (3, .002), (1, .01), (2, .011), (1, .012), (4, .02), first=first)
        assert out == [0, 1, 2, 3, 4] and found == {"duplicates": 2, "reordered": 0, "filled": 1}, (out, found)


def test_order_late():
    """Nothing waits longer than it shall, and what comes after that is no use to anyone."""
    out, found = order_of((0, 0), (2, .001), (3, .06), (1, .061), (5, .07), (7, .07))
    assert out == [0, 2, 3, 5, 7] and found == {"duplicates": 0, "reordered": 1, "filled": 0}, (out, found)


def packet(pid, cc, payload, start=False, adaptation=b""):
    field = bytes([len(adaptation)]) + adaptation if adaptation else b""
    assert len(field) + len(payload) == 184
    return bytes([0x47, (0x40 if start else 0) | pid >> 8, pid & 0xFF,
                  (0x20 if field else 0) | (0x10 if payload else 0) | cc]) + field + payload


def fault_of(*packets):
    faults = tally.Faults()
    check = ts.TsCheck(faults, lambda *_: None, lambda *_: None)
    for number, one in enumerate(packets):
        check.feed(one, number / 1000)
    return set(faults)


def pat(change=lambda section: section):
    section = bytes.fromhex("00b00d0000c300000001e100")
    section += ts.crc32_mpeg(section).to_bytes(4, "big")
    return packet(0, 0, (b"\0" + change(section)).ljust(184, b"\xff"), start=True)


def test_packets():
    fill = b"\0" * 182
    cases = {
        "ts-continuity": (packet(0x1FF0, 0, b"\0" * 184), packet(0x1FF0, 2, b"\0" * 184)),
        "ts-adaptation-stuffing": (packet(0x1FF0, 0, fill[1:], adaptation=b"\0\0"),),
        "ts-discontinuity": (packet(0x1FF0, 0, fill, adaptation=b"\x80"),),
        "ts-scrambled": (bytes([0x47, 0x1F, 0xF0, 0x90]) + b"\0" * 184,),
        "pat-crc": (pat(lambda s: s[:9] + b"\x02" + s[10:]),),
        "pat-syntax": (pat(lambda s: s[:6] + b"\x01" + s[7:]),),
        "pcr-reserved": (packet(0x1FF0, 0, b"\0" * 176, adaptation=b"\x10" + b"\0" * 6),),
    }
    for fault, packets in cases.items():
        found = fault_of(*packets)
        assert fault in found, f"{fault}: found {found}"
    assert not fault_of(pat()), fault_of(pat())


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    print(f"1..{len(tests)}")
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} {name}")
        except AssertionError as error:
            failed += 1
            print(f"not ok {number} {name}\n# {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
