#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A Miracast over Infrastructure sink for the lab: the control channel (TCP 7250), its security, and
the lab's sink behind it.  Own TLV code; DTLS by the program openssl.

usage: mice_sink.py --port P [--mode open|encrypt|request|pin] [--pin PIN] [--misbehave NAME] -- SINK ARGUMENTS
"""

import argparse
import ctypes
import hashlib
import os
import pathlib
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading

SINK = pathlib.Path(__file__).resolve().parent / "sink"
READY, STOP, HANDSHAKE, REQUEST, CHALLENGE, RESPONSE = 1, 2, 3, 4, 5, 6
NAME, PORT, ID, TOKEN, OPTIONS, HASH, REASON = 0, 2, 3, 4, 5, 6, 7


class MiceError(Exception):
    """The source broke the rules."""


def message(command, tlvs):
    return struct.pack(">HBB", 4 + len(tlvs), 1, command) + tlvs


def tlv(kind, value):
    return struct.pack(">BH", kind, len(value)) + value


MISBEHAVIOURS = ("silent", "hang-up", "garbage", "bad-size", "stop", "trickle", "never-dial",
                 "close-later", "wrong-proof", "tired", "renegotiate", "replay-token", "reorder-token",
                 "trickle-pin", "clear-response", "garbled-response", "replay-response",
                 "replay-input")
GARBLED = {  # TLVs that no parser may take, in a message that is otherwise the handshake's
    "empty": tlv(TOKEN, b""), "cut": tlv(TOKEN, bytes(40))[:-1], "longer": b"\4\xff\xff\0",
    "twice": tlv(TOKEN, b"x") * 2, "short-id": tlv(ID, bytes(15)), "no-token": tlv(ID, bytes(16)),
    "header-alone": b"\4\0"}


def parse_tlvs(data):
    out = {}
    while data:
        if len(data) < 3:
            raise MiceError("a TLV is cut short")
        kind, length = struct.unpack(">BH", data[:3])
        if length < 1 or len(data) < 3 + length or kind in out:
            raise MiceError(f"TLV {kind} of {length} bytes")
        out[kind] = data[3:3 + length]
        data = data[3 + length:]
    return out


CHANGE_CIPHER_SPEC = 20


def records(data):
    """type(1) version(2) epoch(2) sequence(6) length(2) content, one after the other."""
    out = []
    while data:
        size = 13 + int.from_bytes(data[11:13], "big")
        out.append(data[:size])
        data = data[size:]
    return out


def end_with_parent():
    ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL: whatever ends this program


class Dtls:
    """openssl s_server on a loopback UDP port; we carry its datagrams in tokens and RTP."""

    def __init__(self, folder):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        cert, key = folder / "cert.pem", folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", key, "-out", cert], check=True,
                       capture_output=True)
        self.child = subprocess.Popen(
            ["openssl", "s_server", "-dtls1_2", "-accept", f"127.0.0.1:{port}", "-cert", cert,
             "-key", key, "-quiet"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, preexec_fn=end_with_parent)
        self.socket.connect(("127.0.0.1", port))
        self.lock = threading.Lock()
        self._await_port()

    def _await_port(self):
        """Until the kernel lists it: nothing else says when a datagram would be taken."""
        wanted = f":{self.socket.getpeername()[1]:04X}"
        for _ in range(500):
            with open("/proc/net/udp", encoding="ascii") as table:
                if any(line.split()[1].endswith(wanted) for line in table):
                    return
            select.select([], [], [], 0.02)
        raise MiceError("openssl s_server did not start")

    def send(self, records):
        self.socket.send(records)

    def receive(self, wait):
        """Datagrams that come within the time after the last one, as one token."""
        out = b""
        while select.select([self.socket], [], [], wait)[0]:
            out += self.socket.recv(65536)
            wait = 0.05
        return out

    def plain(self, wait):
        if not select.select([self.child.stdout], [], [], wait)[0]:
            return b""
        return os.read(self.child.stdout.fileno(), 65536)

    def seal(self, data):
        self.child.stdin.write(data)
        self.child.stdin.flush()
        return self.receive(2)

    def close(self):
        self.child.kill()
        self.child.wait()


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def address(host, port):
    """As sockets want it, with the scope of a link-local one."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][4]


def numeric(end):
    """The host of a socket's address: 192.0.2.7, fe80::1%eth0"""
    return socket.getnameinfo(end, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0]


class MediaRelay(threading.Thread):
    """DTLS records that come to a port go to s_server; RTP that it prints goes to the sink."""

    def __init__(self, dtls, host):
        super().__init__(daemon=True)
        self.dtls = dtls
        self.outer = socket.socket(family_of(host), socket.SOCK_DGRAM)
        self.outer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.outer.bind(address(host, 0))
        self.host, self.inner = host, pick_even()
        self.clear = self.records = 0
        self.held = b""

    def run(self):
        out = socket.socket(family_of(self.host), socket.SOCK_DGRAM)
        sources = [self.outer, self.dtls.child.stdout]
        while True:
            ready, _, _ = select.select(sources, [], [])
            if self.outer in ready:
                data = self.outer.recv(65536)
                if data[:1] == b"\x17":
                    self.records += 1
                    self.dtls.send(data)
                else:
                    self.clear += 1
            if self.dtls.child.stdout in ready:
                data = os.read(self.dtls.child.stdout.fileno(), 65536)
                if not data:
                    return
                self.held += data
                for packet in self.packets():
                    out.sendto(packet, address(self.host, self.inner))

    def packets(self):
        """RTP again: a header, then TS packets, which begin with 47, up to the next header."""
        while True:
            end = 12
            while len(self.held) >= end + 188 and self.held[end] == 0x47:
                end += 188
            # the next byte says whether this datagram goes on; seven packets are the most
            if end == 12 or (end < 12 + 7 * 188 and len(self.held) <= end):
                if end == 12 or not self.held[end:] and self.more():
                    return
            packet, self.held = self.held[:end], self.held[end:]
            yield packet

    def more(self):
        """True when s_server prints more at once: the datagram may not be whole yet."""
        return bool(select.select([self.dtls.child.stdout], [], [], 0.002)[0])


class SealServer(threading.Thread):
    """The lab's sink asks here for the records of what it sends as input: length(2) body, each way."""

    def __init__(self, dtls, replays):
        super().__init__(daemon=True)
        self.dtls, self.replays, self.made = dtls, replays, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def run(self):
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rb") as asked:
            while head := asked.read(2):
                self.made.append(self.dtls.seal(asked.read(int.from_bytes(head, "big"))))
                sealed = self.made[0 if self.replays and len(self.made) == 4 else -1]
                connection.sendall(len(sealed).to_bytes(2, "big") + sealed)


def pick_even():
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        if port % 2 == 0:
            return port


class Channel:
    def __init__(self, connection, options, spare):
        """spare: a Dtls for the case that the source wants it."""
        self.connection, self.options, self.spare = connection, options, spare
        self.buffer = b""
        self.dtls = None
        self.requested = self.accepted = self.finished = False
        self.count = 0  # messages that came
        self.timer = None
        self.relay = None

    def next(self):
        """(command, TLV bytes); (None, b'') at the end of the connection."""
        while True:
            if len(self.buffer) >= 4:
                size, version, command = struct.unpack(">HBB", self.buffer[:4])
                if size < 4 or version != 1:
                    raise MiceError(f"size {size}, version {version}")
                if len(self.buffer) >= size:
                    body, self.buffer = self.buffer[4:size], self.buffer[size:]
                    return command, body
            data = self.connection.recv(65536)
            if not data:
                return None, b""
            self.buffer += data

    def opened(self, body):
        if not self.requested:
            return parse_tlvs(body)
        self.dtls.send(body)
        return parse_tlvs(self.dtls.plain(2))

    def send(self, command, tlvs):
        self.connection.sendall(message(command, self.dtls.seal(tlvs) if self.requested else tlvs))

    def on_handshake(self, body):
        self.dtls = self.spare
        if self.dtls is None:
            raise MiceError("a handshake with a sink that has no security")
        self.dtls.send(parse_tlvs(body)[TOKEN])
        token = self.dtls.receive(2)
        self.finished = any(record[0] == CHANGE_CIPHER_SPEC for record in records(token))
        for part in self.tokens(token):
            self.connection.sendall(message(HANDSHAKE, tlv(TOKEN, part)))
        if self.options.misbehave == "tired" and not self.timer:  # the person does not come
            self.timer = threading.Timer(5, self.connection.shutdown, [socket.SHUT_RDWR])
            self.timer.start()

    def tokens(self, token):
        """What is sent for the records of one answer: they themselves, as a rule."""
        flight = token and token[13:14] == b"\2"  # ServerHello: more of the handshake follows
        if flight and self.options.misbehave == "replay-token":
            return [token + token]
        if flight and self.options.misbehave == "reorder-token":
            return [b"".join(reversed(records(token)))]
        return [token] if token else []

    def trickle(self):
        """A message that begins and goes on for ever."""
        for byte in message(STOP, tlv(NAME, bytes(4000))):
            try:
                self.connection.sendall(bytes((byte,)))
            except OSError:
                return
            if select.select([self.connection], [], [], 1)[0]:
                return

    def on_challenge(self, body):
        tlvs = self.opened(body)
        source, own = (socket.inet_pton(self.connection.family, end[0].partition("%")[0]) for end in
                       (self.connection.getpeername(), self.connection.getsockname()))
        pin = self.options.pin.encode()
        right = tlvs[HASH] == hashlib.sha256(pin + source).digest()
        if not right:
            self.send(RESPONSE, tlv(ID, tlvs[ID]) + tlv(REASON, b"\1"))
            return
        proof = hashlib.sha256((b"x" if self.options.misbehave == "wrong-proof" else b"")
                               + pin + own).digest()
        self.accepted = True
        answer = tlv(ID, tlvs[ID]) + tlv(HASH, proof) + tlv(REASON, b"\0")
        sealed = message(RESPONSE, self.dtls.seal(answer))
        self.connection.sendall({
            "clear-response": message(RESPONSE, answer),
            "garbled-response": message(RESPONSE, self.dtls.seal(answer[:-1])),
            "replay-response": sealed + sealed}.get(self.options.misbehave, sealed))

    def on_ready(self, body):
        tlvs = self.opened(body)
        if self.options.mode == "pin" and not self.accepted:
            raise MiceError("SOURCE_READY before the PIN")
        if len(tlvs[ID]) != 16 or (NAME in tlvs) == self.requested:
            raise MiceError("SOURCE_READY has the wrong TLVs")
        port = struct.unpack(">H", tlvs[PORT])[0]
        if self.options.misbehave == "never-dial":
            return None
        return self.dial(port)

    def dial(self, port):
        words = list(self.options.sink)
        if self.dtls:
            self.relay = MediaRelay(self.dtls, numeric(self.connection.getsockname()))
            self.relay.start()
            print(f"mice: media comes to {self.relay.outer.getsockname()[1]}, goes on to "
                  f"{self.relay.inner}", flush=True)
            seal = SealServer(self.dtls, self.options.misbehave == "replay-input")
            seal.start()
            words += ["--seal", str(seal.port), "--announce", str(self.relay.outer.getsockname()[1]), "--receive",
                      str(self.relay.inner)]
        host = numeric(self.connection.getpeername())
        if ":" in host:
            host = f"[{host}]"
        return subprocess.Popen([sys.executable, SINK, "--connect", f"{host}:{port}", *words])

    def run(self):
        """The sink's exit code; 3 where the control channel was not as it should be."""
        child = None
        while True:
            wait = [self.connection]
            if child and not select.select(wait, [], [], 0.1)[0]:
                if child.poll() is not None:
                    break
                continue
            command, body = self.next()
            if command is None or command == STOP:
                break
            self.count += 1
            if self.count == self.options.close_after:
                return child.wait() if child else 0
            if command == REQUEST:
                tlvs = parse_tlvs(body)
                wanted = 3 if self.options.mode == "pin" else 1
                if tlvs[OPTIONS][0] & 3 != wanted or NAME not in tlvs:
                    raise MiceError("SESSION_REQUEST has the wrong TLVs")
                self.requested = True
                if self.options.mode == "pin":
                    print(f"mice: PIN {self.options.pin}", flush=True)
            elif command == HANDSHAKE:
                self.on_handshake(body)
                if self.options.misbehave == "trickle-pin" and self.finished:
                    self.trickle()
            elif command == CHALLENGE:
                self.on_challenge(body)
            elif command == READY:
                if self.options.mode != "open" and not self.dtls:
                    return 3  # wants security: hangs up
                if self.options.misbehave == "renegotiate":
                    child = self.on_ready(body)
                    select.select([], [], [], 1.5)
                    self.connection.sendall(message(HANDSHAKE, tlv(TOKEN, bytes(20))))
                    continue
                if self.options.misbehave == "close-later":
                    child = self.on_ready(body)
                    select.select([], [], [], 1.5)
                    return 0
                child = self.on_ready(body)
            else:
                raise MiceError(f"command {command}")
        if self.relay:
            print(f"mice: {self.relay.records} records, {self.relay.clear} in the clear", flush=True)
        return child.wait() if child else 3


def misbehave(connection, name):
    bad = {"garbage": b"GET / HTTP/1.1\r\n\r\n", "bad-size": b"\0\2\1\1",
           "stop": message(STOP, tlv(NAME, b"x\0") + tlv(ID, bytes(16)))}
    if name == "hang-up":
        return
    if name in bad:
        connection.sendall(bad[name])
    if name.startswith("tlv-"):
        connection.sendall(message(HANDSHAKE, GARBLED[name[4:]]))
    if name == "trickle":
        for byte in message(HANDSHAKE, tlv(TOKEN, bytes(200))):
            try:
                connection.sendall(bytes((byte,)))
            except OSError:
                return
            select.select([], [], [], 0.2)
    while connection.recv(4096):
        pass


AT_ONCE = ("silent", "hang-up", "garbage", "bad-size", "stop", "trickle",
           *("tlv-" + name for name in GARBLED))


def serve(connection, options, spare):
    """The code of this connection's end; 3: another one may come."""
    if options.misbehave in AT_ONCE:
        misbehave(connection, options.misbehave)
        return 3
    channel = Channel(connection, options, spare)
    try:
        return channel.run()
    except MiceError as error:
        print(f"mice: {error}", flush=True)
        return 4


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mode", choices=("open", "encrypt", "request", "pin"), default="open")
    parser.add_argument("--pin", default="12345678")
    parser.add_argument("--misbehave", choices=tuple(dict.fromkeys(MISBEHAVIOURS + AT_ONCE)))
    parser.add_argument("--close-after", type=int, help="hang up at this message instead of answering")
    parser.add_argument("sink", nargs="*")
    options = parser.parse_args()
    with socket.socket(family_of(options.host)) as listener, tempfile.TemporaryDirectory() as folder:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address(options.host, options.port))
        # Before the source may come: its patience is short, and a busy machine slow to make keys.
        spare = Dtls(pathlib.Path(folder)) if options.mode != "open" else None
        listener.listen()
        print(f"mice: port {listener.getsockname()[1]}", flush=True)
        code = 3
        while code == 3:
            connection, _ = listener.accept()
            with connection:
                code = serve(connection, options, spare)
        if spare:
            spare.close()
        return code


if __name__ == "__main__":
    sys.exit(main())
