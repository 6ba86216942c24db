#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A receiver of DTLS-SRTP before a sink that knows none: the program openssl shakes hands and says the
keys, srtp-open (libsrtp alone) opens what follows and sends it on.

usage: dtls_srtp.py OUTER INNER SRTP_OPEN cm|gcm|cm-begins|gcm-begins|gst
The kinds that begin wait for the source's RTP port on standard input, and are the client then.  With gst, GStreamer does all of it by itself, and "played" is said after thirty decoded pictures.
OUTER is where RTP is announced, INNER where the sink receives.  Says "fingerprint SHA256" when it can be
met, "keys" when both sides have them, and "N datagrams, M of RTCP, C in the clear" at SIGTERM.
"""

import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile

PROFILES = {"cm": ("SRTP_AES128_CM_SHA1_80", 14), "gcm": ("SRTP_AEAD_AES_128_GCM", 12)}
KEY = 16


def udp():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind(("127.0.0.1", 0))
    return sock


def free_port():
    with udp() as sock:
        return sock.getsockname()[1]


def wait_bound(port):
    """Until the kernel lists it: nothing else says when a datagram would be taken."""
    for _ in range(1000):
        with open("/proc/net/udp", encoding="ascii") as table:
            if any(line.split()[1].endswith(f":{port:04X}") for line in table):
                return
        select.select([], [], [], 0.02)
    raise SystemExit(f"nobody took port {port}")


class Receiver:
    def __init__(self, folder, outer, inner, opener, kind):
        self.inner, self.opener, self.kind = inner, opener, kind.partition("-")[0]
        self.begins = kind.endswith("-begins")
        self.profile, self.salt = PROFILES[self.kind]
        self.outer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.outer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.outer.bind(("127.0.0.1", outer))
        self.dtls, self.source = udp(), None
        self.text, self.open_port, self.child = "", 0, None
        self.waiting, self.media, self.rtcp, self.clear = [], 0, 0, 0
        self.server = self.start_openssl(folder)

    def start_openssl(self, folder):
        cert, key = folder / "cert.pem", folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=receiver", "-keyout", key, "-out", cert], check=True, capture_output=True)
        done = subprocess.run(["openssl", "x509", "-in", cert, "-noout", "-fingerprint", "-sha256"],
                              check=True, capture_output=True, text=True)
        print("fingerprint", done.stdout.strip().rpartition("=")[2], flush=True)
        port = self.dtls.getsockname()[1] if self.begins else free_port()
        role = ["s_client", "-connect", f"127.0.0.1:{port}"] if self.begins else \
            ["s_server", "-Verify", "1", "-accept", f"127.0.0.1:{port}"]
        if self.begins:
            self.source = "127.0.0.1", int(sys.stdin.readline())
        child = subprocess.Popen(
            ["openssl", *role, "-dtls1_2", "-cert", cert, "-key", key, "-use_srtp", self.profile,
             "-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", str(2 * (KEY + self.salt))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if self.begins:
            data, openssl = self.dtls.recvfrom(65536)
            self.dtls.connect(openssl)
            self.outer.sendto(data, self.source)
        else:
            self.dtls.connect(("127.0.0.1", port))
            wait_bound(port)
            print("ready", flush=True)
        return child

    def from_source(self):
        data, self.source = self.outer.recvfrom(65536)
        if 20 <= data[0] <= 63:
            self.dtls.send(data)
        elif 128 <= data[0] <= 191 and 192 <= data[1] <= 223:
            self.rtcp += 1
        else:
            self.media += 1
            self.clear += set(data[12::188]) == {0x47} and len(data) > 4 * 188
            self.pass_on(data)

    def pass_on(self, data):
        self.waiting.append(data)
        if self.child:
            for each in self.waiting:
                self.outer.sendto(each, ("127.0.0.1", self.open_port))
            self.waiting = []

    def from_server(self):
        piece = os.read(self.server.stdout.fileno(), 65536)
        self.text += piece.decode(errors="replace")
        found = re.search(r"Keying material: ([0-9A-F]+)\s", self.text)
        if found and not self.child:
            if f"profile={self.profile}" not in self.text:
                raise SystemExit("openssl says no SRTP profile:\n" + self.text)
            self.start_opener(bytes.fromhex(found[1]))
        return piece

    def start_opener(self, material):
        """Client's key, server's key, client's salt, server's salt: the source's are wanted."""
        keys, salts = material[:2 * KEY], material[2 * KEY:]
        secret = keys[KEY:] + salts[self.salt:] if self.begins else keys[:KEY] + salts[:self.salt]
        self.open_port = free_port()
        child = subprocess.Popen([self.opener, str(self.open_port), str(self.inner), self.kind,
                                  secret.hex()], stdout=subprocess.PIPE, text=True)
        child.stdout.readline()
        self.child = child
        print("keys", flush=True)

    def run(self):
        while True:
            ready, _, _ = select.select([self.outer, self.dtls, self.server.stdout], [], [])
            if self.outer in ready:
                self.from_source()
            if self.dtls in ready:
                self.outer.sendto(self.dtls.recv(65536), self.source)
            if self.server.stdout in ready and not self.from_server():
                return

    def end(self):
        print(f"{self.media} datagrams, {self.rtcp} of RTCP, {self.clear} in the clear", flush=True)
        for child in filter(None, (self.server, self.child)):
            child.kill()
            child.wait()


class Player:
    """GStreamer sends from another port than it listens on: we stand between it and the source."""

    PICTURES = 30

    def __init__(self, outer):
        self.outer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.outer.bind(("127.0.0.1", outer))
        self.back, self.port = udp(), free_port()
        self.child = subprocess.Popen(
            ["gst-launch-1.0", "-q", "dtlssrtpenc", "name=answer", "connection-id=one", "is-client=false",
             "!", "udpsink", "host=127.0.0.1", f"port={self.back.getsockname()[1]}", "sync=false",
             "async=false", "udpsrc", "address=127.0.0.1", f"port={self.port}", "!", "dtlssrtpdec",
             "name=in", "connection-id=one", "in.rtcp_src", "!", "fakesink", "sync=false", "async=false",
             "in.rtp_src", "!",
             "application/x-rtp,media=video,clock-rate=90000,encoding-name=MP2T,payload=33", "!",
             "rtpmp2tdepay", "!", "tsdemux", "!", "h264parse", "!", "avdec_h264", "!", "identity",
             f"error-after={self.PICTURES}", "!", "fakesink", "sync=false"],  # an error, because EOS waits for all sinks
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_bound(self.port)
        print("ready", flush=True)

    def run(self):
        source = None
        while self.child.poll() is None:
            ready, _, _ = select.select([self.outer, self.back], [], [], 0.1)
            if self.outer in ready:
                data, source = self.outer.recvfrom(65536)
                self.back.sendto(data, ("127.0.0.1", self.port))
            if self.back in ready:
                self.outer.sendto(self.back.recv(65536), source)
        text = self.child.stdout.read()
        print("played" if "after iterations as requested" in text else text, flush=True)

    def end(self):
        self.child.kill()
        self.child.wait()


def main():
    outer, inner, opener, kind = sys.argv[1:]

    def stop(*_):
        sys.exit(0)
    signal.signal(signal.SIGTERM, stop)
    with tempfile.TemporaryDirectory() as folder:
        receiver = Player(int(outer)) if kind == "gst" else \
            Receiver(pathlib.Path(folder), int(outer), int(inner), opener, kind)
        try:
            receiver.run()
        finally:
            receiver.end()


if __name__ == "__main__":
    main()
