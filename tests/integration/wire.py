# SPDX-License-Identifier: MIT
"""A loopback of its own for one test's programs, and all that passed over it, as tcpdump wrote it."""

import os
import signal
import struct
import subprocess

from harness import Skipped, check, need_programs

ETHERNET_BYTES, TS_BYTES = 14, 188
RTP_MPEG_TS = 33


def own_loopback(bed):
    """All ports are free in it; bed.start() runs programs inside from here on."""
    need_programs("unshare", "nsenter", "ip")
    root = os.geteuid() == 0
    make = ["unshare", "--net"] + ([] if root else ["--map-root-user"])
    if subprocess.run([*make, "true"], capture_output=True, check=False).returncode:
        raise Skipped("no network namespace can be made here")
    holder = bed.start([*make, "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"],
                       name="namespace")
    holder.wait_line("up")
    bed.inside = ["nsenter", "--target", str(holder.child.pid), "--net"] + \
        ([] if root else ["--user", "--preserve-credentials"])


class Wire:
    """Enter it before the programs start: bed.start() then runs them inside."""

    def __init__(self, bed):
        need_programs("tcpdump")
        own_loopback(bed)
        self.bed, self.path = bed, bed.folder / "wire.pcap"
        self.dump = bed.start(["tcpdump", "-i", "lo", "-n", "-U", "-s", "0", "-B", "65536", "-Z", "root",
                               "-w", self.path, "udp"], name="tcpdump")
        self.dump.wait_line("listening on")

    def datagrams(self):
        """[(source port, destination port, payload)] of the whole session; ends the recording."""
        self.dump.send(signal.SIGINT)
        self.dump.wait()
        check("\n0 packets dropped by kernel" in self.dump.text(), self.dump.text())
        return list(read_pcap(self.path.read_bytes()))


def read_pcap(data):
    order = {0xA1B2C3D4: "<", 0xD4C3B2A1: ">"}[struct.unpack("<I", data[:4])[0]]
    at = 24
    while at + 16 <= len(data):
        captured, length = struct.unpack(order + "II", data[at + 8:at + 16])
        frame = data[at + 16 + ETHERNET_BYTES:at + 16 + captured]
        check(captured == length, "a packet was recorded in part")
        at += 16 + captured
        head = (frame[0] & 15) * 4 if frame[0] >> 4 == 4 else 40
        source, dest, size = struct.unpack(">HHH", frame[head:head + 6])
        yield source, dest, frame[head + 8:head + size]


def is_clear_media(payload):
    """RTP of MPEG-TS by its header, or transport packets by their sync bytes wherever they begin."""
    if len(payload) > 12 and payload[0] >> 6 == 2 and payload[1] & 0x7F == RTP_MPEG_TS and \
            payload[12] == 0x47:
        return True
    return any(set(payload[at::TS_BYTES]) == {0x47}  # four of them: no cipher text looks like that
               for at in range(min(TS_BYTES, max(0, len(payload) - 4 * TS_BYTES))))
