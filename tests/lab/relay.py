#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A link in user space: RTP and RTCP of one stream through a bottleneck with loss, delay and jitter
that follow a script.  Usage: relay.py --to ADDR:PORT --script 0:rate=8000,3:rate=4000 [--log FILE]

It prints the even port that it takes from; RTCP is the next one, at both ends.  rate is in kbit/s
(0: no limit), queue in ms (what does not fit is lost), loss in percent, delay and jitter in ms.
"""

import argparse
import collections
import heapq
import random
import select
import socket
import sys
import threading
import time

SLOT_S = 0.05  # of the log


def parse_script(text):
    """[(seconds, {name: value})], in order."""
    steps = []
    for part in text.split(","):
        at, colon, settings = part.partition(":")
        if not colon:
            raise ValueError(f"{part!r} is not SECONDS:NAME=VALUE[;NAME=VALUE]")
        values = {}
        for setting in settings.split(";"):
            name, _, value = setting.partition("=")
            if name not in Link.NAMES:
                raise ValueError(f"{name!r} is none of {', '.join(Link.NAMES)}")
            values[name] = float(value)
        steps.append((float(at), values))
    return sorted(steps, key=lambda step: step[0])


class Link:
    """A queue that empties at a rate; times in seconds, no sockets."""

    NAMES = ("rate", "queue", "loss", "delay", "jitter")

    def __init__(self, seed=1):
        self.rate, self.queue, self.loss, self.delay, self.jitter = 0.0, 100.0, 0.0, 0.0, 0.0
        self.free_at = 0.0  # when what is queued will have left
        self.last_out = 0.0
        self.random = random.Random(seed)

    def departure(self, size, now):
        """When a datagram that comes now arrives at the other end; None: lost."""
        if self.random.random() * 100 < self.loss:
            return None
        leaves = max(now, self.free_at)
        if self.rate:
            if (leaves - now) * 1e3 > self.queue:
                return None
            leaves += size * 8 / (self.rate * 1e3)
            self.free_at = leaves
        out = leaves + (self.delay + self.random.random() * self.jitter) / 1e3
        self.last_out = max(self.last_out, out)  # jitter delays, it does not reorder
        return self.last_out


class Relay:
    """Runs in a thread of its own from start() to stop()."""

    def __init__(self, to, steps=(), address="127.0.0.1", to_rtcp=None):
        self.to, self.steps = to, collections.deque(steps)
        self.to_rtcp = to_rtcp or (to[0], to[1] + 1)
        self.link = Link()
        self.rtp, self.rtcp = self._sockets(address)
        self.port = self.rtp.getsockname()[1]
        self.source_rtcp = None
        self.waiting = []  # (when, order, socket, bytes, to)
        self.order = 0
        self.start_t = None  # of the script: the first datagram
        self.slots = collections.defaultdict(lambda: [0, 0, 0])  # bytes in, bytes out, lost
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    @staticmethod
    def _sockets(address):
        for _ in range(64):
            rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            rtp.bind((address, 0))
            port = rtp.getsockname()[1]
            rtcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                if port % 2 == 0:
                    rtcp.bind((address, port + 1))
                    for sock in (rtp, rtcp):
                        sock.setblocking(False)
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
                    return rtp, rtcp
            except OSError:
                pass
            rtp.close()
            rtcp.close()
        raise OSError("no pair of ports")

    def start(self):
        self.thread.start()

    def stop(self):
        self.stopped.set()
        self.thread.join()
        self.rtp.close()
        self.rtcp.close()

    def _slot(self, now):
        return self.slots[int((now - self.start_t) / SLOT_S)]

    def _take(self, sock, to, data, now):
        out = self.link.departure(len(data) + 28, now)
        slot = self._slot(now)
        slot[0] += len(data)
        if out is None:
            slot[2] += 1
            return
        self.order += 1
        heapq.heappush(self.waiting, (out, self.order, sock, data, to))

    def _read(self, sock, now):
        while True:
            try:
                data, source = sock.recvfrom(65536)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if self.start_t is None:
                self.start_t = now
            if sock is self.rtp:
                self._take(self.rtp, self.to, data, now)
            elif source == self.to_rtcp:  # back to the source: that way is free
                if self.source_rtcp:
                    self.rtcp.sendto(data, self.source_rtcp)
            else:
                self.source_rtcp = source
                self._take(self.rtcp, self.to_rtcp, data, now)

    def _run(self):
        while not self.stopped.is_set():
            now = time.monotonic()
            while self.start_t is not None and self.steps and now - self.start_t >= self.steps[0][0]:
                for name, value in self.steps.popleft()[1].items():
                    setattr(self.link, name, value)
            while self.waiting and self.waiting[0][0] <= now:
                _, _, sock, data, to = heapq.heappop(self.waiting)
                self._slot(now)[1] += len(data)
                try:
                    sock.sendto(data, to)
                except OSError:
                    pass  # nobody receives (any more)
            wait = self.waiting[0][0] - now if self.waiting else 0.05
            ready, _, _ = select.select([self.rtp, self.rtcp], [], [], min(max(wait, 0), 0.05))
            for sock in ready:
                self._read(sock, time.monotonic())

    def series(self):
        """[(seconds since the first datagram, kbit/s in, kbit/s out, lost)]"""
        last = max(self.slots, default=-1)
        out = []
        for index in range(last + 1):
            taken, given, lost = self.slots.get(index, (0, 0, 0))
            out.append((index * SLOT_S, taken * 8e-3 / SLOT_S, given * 8e-3 / SLOT_S, lost))
        return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", required=True, metavar="ADDR:PORT")
    parser.add_argument("--script", default="", metavar="T:NAME=VALUE,...")
    parser.add_argument("--log", metavar="FILE", help="CSV, at the end (of input)")
    options = parser.parse_args()
    address, _, port = options.to.rpartition(":")
    relay = Relay((address, int(port)), parse_script(options.script) if options.script else ())
    relay.start()
    print(relay.port, flush=True)
    sys.stdin.read()
    relay.stop()
    if options.log:
        with open(options.log, "w", encoding="ascii") as out:
            out.write("t_s,in_kbps,out_kbps,lost\n")
            for row in relay.series():
                out.write("%.2f,%.1f,%.1f,%d\n" % row)


if __name__ == "__main__":
    main()
