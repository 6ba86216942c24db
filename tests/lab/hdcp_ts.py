# SPDX-License-Identifier: MIT
"""The protected transport stream as a receiver sees it: PES packets, their HDCP counters, and what they
hold once decrypted.  AES is the program openssl's; all else is this file's."""

import collections
import pathlib
import struct
import subprocess
import tempfile

VIDEO, AUDIO, PMT = 0x1011, 0x1100, 0x0100
HDCP = bytes.fromhex("05054844435020")
Pes = collections.namedtuple("Pes", "pid payload private aligned pts whole")


def packets(data):
    """(pid, start, continuity counter, payload) of each packet with payload."""
    for at in range(0, len(data) - 187, 188):
        packet = data[at:at + 188]
        if packet[0] != 0x47:
            raise ValueError(f"no sync byte at {at}")
        begin = 5 + packet[4] if packet[3] & 0x20 else 4
        if packet[3] & 0x10:
            yield (packet[1] & 0x1F) << 8 | packet[2], bool(packet[1] & 0x40), packet[3] & 0x0F, packet[begin:]


def read_pes(pid, parts, whole):
    """aligned: every packet but the last carries whole blocks of 16 bytes.  whole: nothing was lost."""
    data = b"".join(parts)
    head = 9 + data[8]
    private = None
    if data[7] & 1:  # extension, behind PTS
        at = 14
        if data[at] != 0x8E:
            raise ValueError("PES extension without private data alone")
        private = data[at + 1:at + 17]
    sizes = [len(parts[0]) - head] + [len(part) for part in parts[1:-1]]
    aligned = len(parts) == 1 or all(size % 16 == 0 for size in sizes)
    words = struct.unpack(">BHH", data[9:14])
    pts = (words[0] >> 1 & 7) << 30 | words[1] >> 1 << 15 | words[2] >> 1
    return Pes(pid, data[head:], private, aligned, pts, whole)


def read(data):
    """(PES packets in the order of their beginnings, the PMT sections that differ)."""
    open_pes, order, tables, counts = {}, [], [], {}
    for pid, start, count, payload in packets(data):
        if pid == PMT and start:
            section = payload[1:4 + ((payload[2] & 0x0F) << 8 | payload[3])]
            if not tables or tables[-1] != section:
                tables.append(section)
        elif pid in (VIDEO, AUDIO):
            gap = count != counts.get(pid, count - 1 & 15) + 1 & 15
            counts[pid] = count
            if gap and pid in open_pes:
                open_pes[pid]["whole"] = False
            if start:
                open_pes[pid] = {"pid": pid, "parts": [payload], "whole": True}
                order.append(open_pes[pid])
            elif pid in open_pes:
                open_pes[pid]["parts"].append(payload)
    for last in open_pes.values():
        last["whole"] = False  # nothing says that it ended
    return [read_pes(**pes) for pes in order], tables


def counters(private):
    words = [word >> 1 for word in struct.unpack(">8H", private)]
    if not all(word & 1 for word in struct.unpack(">8H", private)):
        raise ValueError("a marker bit is missing")
    stream = words[0] << 30 | words[1] << 15 | words[2]
    return stream, words[3] << 60 | words[4] << 45 | words[5] << 30 | words[6] << 15 | words[7]


def key_stream(key, blocks):
    with tempfile.TemporaryDirectory() as folder:
        source, sink = pathlib.Path(folder, "in"), pathlib.Path(folder, "out")
        source.write_bytes(blocks)
        subprocess.run(["openssl", "enc", "-aes-128-ecb", "-nopad", "-K", key, "-in", source, "-out",
                        sink], check=True, capture_output=True)
        return sink.read_bytes()


def decrypt(packs, key, riv):
    """The payloads in the clear, encrypted ones decrypted; counters may not be used twice."""
    blocks, riv = bytearray(), int(riv, 16)
    used = set()
    for pes in packs:
        if pes.private:
            stream, first = counters(pes.private)
            count = (len(pes.payload) + 15) // 16
            if (stream & 1) != (pes.pid == AUDIO):
                raise ValueError(f"stream counter {stream} on PID {pes.pid:#x}")
            if (stream, first) in used:
                raise ValueError("a counter came twice")
            used.add((stream, first))
            high = struct.pack(">Q", riv ^ stream)
            for i in range(count):
                blocks += high + struct.pack(">Q", first + i)
    pad, at, out = key_stream(key, bytes(blocks)), 0, []
    for pes in packs:
        if pes.private:
            size = len(pes.payload)
            plain = int.from_bytes(pes.payload, "big") ^ int.from_bytes(pad[at:at + size], "big")
            out.append(plain.to_bytes(size, "big"))
            at += (size + 15) // 16 * 16
        else:
            out.append(pes.payload)
    return out
