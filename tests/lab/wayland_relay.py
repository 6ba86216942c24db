#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stands between xdg-desktop-portal-wlr and a compositor that has no graphics card.

That portal (0.7.0, 0.7.1) casts no screen whose frames come with no DMA-BUF format, although it goes
on with shared memory where there is no card: so each frame is told to have one.  All else passes as
it is.  Usage: wayland_relay.py OWN-SOCKET COMPOSITOR-SOCKET"""

import array
import os
import selectors
import socket
import struct
import sys

BYTES = 65536
FDS = 28  # libwayland's own bound for one message
MANAGER = b"zwlr_screencopy_manager_v1\0"
BIND, CAPTURE_OUTPUT, CAPTURE_REGION = 0, 0, 1  # requests
BUFFER, LINUX_DMABUF = 0, 5  # events of a frame
FOURCC = {0: 0x34325241, 1: 0x34325258}  # wl_shm's own numbers: AR24, XR24


class Way:
    """One direction: whole messages go on, descriptors with them."""

    def __init__(self, source, target, look):
        self.source, self.target, self.look = source, target, look
        self.rest, self.fds = b"", []

    def messages(self):
        """Those that have come whole: object(4), opcode(2), size(2), the rest."""
        while len(self.rest) >= 8:
            size = struct.unpack_from("=I", self.rest, 4)[0] >> 16
            if size < 8 or len(self.rest) < size:
                break
            message, self.rest = self.rest[:size], self.rest[size:]
            yield message

    def forward(self):
        data, fds, *_ = socket.recv_fds(self.source, BYTES, FDS)
        self.fds += fds
        self.rest += data
        out = b"".join(message + self.look(message) for message in self.messages())
        if out:
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", self.fds))]
            self.target.sendall(out[self.target.sendmsg([out], rights if self.fds else []):])
            for fd in self.fds:
                os.close(fd)
            self.fds = []
        return bool(data)


class Relay:
    def __init__(self, client, compositor):
        self.manager, self.frames = None, set()
        self.ways = [Way(client, compositor, self.request), Way(compositor, client, self.event)]

    def request(self, message):
        """Notes which objects are frames; what is to follow the message: nothing."""
        target, head = struct.unpack_from("=II", message)
        opcode = head & 0xffff
        if opcode == BIND and MANAGER in message:
            self.manager = struct.unpack("=I", message[-4:])[0]
        elif target == self.manager and opcode in (CAPTURE_OUTPUT, CAPTURE_REGION):
            self.frames.add(struct.unpack_from("=I", message, 8)[0])
        elif target in self.frames and opcode == 1:  # destroy
            self.frames.discard(target)
        return b""

    def event(self, message):
        """After a frame's buffer event one of its DMA-BUF format."""
        target, head = struct.unpack_from("=II", message)
        if target not in self.frames or head & 0xffff != BUFFER:
            return b""
        code, width, height = struct.unpack_from("=III", message, 8)
        return struct.pack("=IIIII", target, 20 << 16 | LINUX_DMABUF, FOURCC.get(code, code), width,
                           height)

    def run(self):
        with selectors.DefaultSelector() as selector:
            for way in self.ways:
                selector.register(way.source, selectors.EVENT_READ, way)
            while all(key.data.forward() for key, _ in selector.select()):
                pass


def main(own, path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(own)
        listener.listen(1)
        print("listening", flush=True)
        client, _ = listener.accept()
    with client, socket.socket(socket.AF_UNIX) as compositor:
        compositor.connect(path)
        Relay(client, compositor).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
