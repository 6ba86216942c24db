#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An HDCP 2.0/2.1/2.2 receiver for the lab, with cryptography of its own (hashlib and big integers).

As a program: listens on 127.0.0.1, says "listening PORT", serves one connection after the other and
prints one JSON object a line for each thing that happens.  Commands on standard input:
    reauth                      asks the transmitter to authenticate again
    list N                      (repeater) says that N devices are connected now
    fault NAME                  has that fault from now on
    slow SECONDS COUNT          so late is each L' of the next tries
    close                       hangs up
    decrypt PRIVATE PAYLOAD     PES private data and payload in hex; prints {"event": "decrypted"}
    quit
As a module: HdcpReceiver(keys).feed(bytes) returns [(delay in seconds, bytes to send)].

The keys were made for tests (tests/data/hdcp); lc128 is the facsimile value of the specification.
"""
import argparse
import hashlib
import hmac
import json
import os
import pathlib
import selectors
import socket
import struct
import sys
import time

E = 65537
FACSIMILE_LC128 = bytes.fromhex("93ce5a56a0a1f4f73c658a1bd2aef0f7")
(AKE_INIT, SEND_CERT, NO_STORED_KM, STORED_KM, SEND_RRX, SEND_H, SEND_PAIRING, LC_INIT, SEND_L, SEND_EKS,
 ID_LIST, RTT_READY, RTT_CHALLENGE, LIST_ACK, STREAM_MANAGE, STREAM_READY, AUTH_STATUS, TX_INFO,
 RX_INFO) = range(2, 21)


# ---- AES-128, forward only: counter mode and the key derivations need no more ----

def _make_sbox():
    sbox, p, q = [0] * 256, 1, 1
    while True:
        p ^= (p << 1 & 0xff) ^ (0x1b if p & 0x80 else 0)  # times 3
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xff
        if q & 0x80:
            q ^= 0x09  # divided by 3
        rot = [(q << n | q >> 8 - n) & 0xff for n in (1, 2, 3, 4)]
        sbox[p] = q ^ rot[0] ^ rot[1] ^ rot[2] ^ rot[3] ^ 0x63
        if p == 1:
            break
    sbox[0] = 0x63
    return bytes(sbox)


SBOX = _make_sbox()
XTIME = bytes((x << 1 ^ (0x1b if x & 0x80 else 0)) & 0xff for x in range(256))
SHIFT = [(i + 4 * (i % 4)) % 16 for i in range(16)]


def _expand(key):
    words, rcon = [list(key[i:i + 4]) for i in range(0, 16, 4)], 1
    for i in range(4, 44):
        word = list(words[-1])
        if i % 4 == 0:
            word = [SBOX[b] for b in word[1:] + word[:1]]
            word[0] ^= rcon
            rcon = XTIME[rcon]
        words.append([a ^ b for a, b in zip(words[-4], word)])
    return [sum(words[i:i + 4], []) for i in range(0, 44, 4)]


def aes(key, block):
    rounds = _expand(key)
    state = [a ^ b for a, b in zip(block, rounds[0])]
    for number, round_key in enumerate(rounds[1:], 1):
        state = [SBOX[state[i]] for i in SHIFT]
        if number < 10:
            mixed = []
            for c in range(0, 16, 4):
                column = state[c:c + 4]
                total = column[0] ^ column[1] ^ column[2] ^ column[3]
                mixed += [column[i] ^ total ^ XTIME[column[i] ^ column[(i + 1) % 4]] for i in range(4)]
            state = mixed
        state = [a ^ b for a, b in zip(state, round_key)]
    return bytes(state)


def xor(a, b):
    """Aligned to the end, as long as a."""
    b = bytes(len(a) - len(b)) + b
    return bytes(x ^ y for x, y in zip(a, b))


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


# ---- RSA ----

def _mgf1(seed, length):
    out = b""
    for counter in range((length + 31) // 32):
        out += hashlib.sha256(seed + struct.pack(">I", counter)).digest()
    return out[:length]


def oaep_decrypt(modulus, exponent, cipher):
    em = pow(int.from_bytes(cipher, "big"), exponent, modulus).to_bytes(128, "big")
    seed = xor(em[1:33], _mgf1(em[33:], 32))
    data = xor(em[33:], _mgf1(seed, 95))
    if em[0] or data[:32] != hashlib.sha256(b"").digest():
        raise ValueError("OAEP")
    end = data.index(b"\x01", 32)
    if any(data[32:end]):
        raise ValueError("OAEP padding")
    return data[end + 1:]


def pkcs1_sign(modulus, exponent, data):
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(data).digest()
    em = b"\x00\x01" + b"\xff" * (384 - 3 - len(digest)) + b"\x00" + digest
    return pow(int.from_bytes(em, "big"), exponent, modulus).to_bytes(384, "big")


class Keys:
    """The receiver's key and a certificate of it, signed by the test root."""

    def __init__(self, directory):
        receiver, root = self._read(directory, "receiver.txt"), self._read(directory, "root.txt")
        self.modulus, self.exponent = (int(receiver[n], 16) for n in ("modulus", "private_exponent"))
        self.id = bytes.fromhex(receiver["receiver_id"])
        self.kh = hashlib.sha256(self.exponent.to_bytes(128, "big")).digest()[16:]
        body = self.id + self.modulus.to_bytes(128, "big") + E.to_bytes(3, "big") + b"\x00\x00"
        self.cert = body + pkcs1_sign(int(root["modulus"], 16), int(root["private_exponent"], 16), body)

    @staticmethod
    def _read(directory, name):
        lines = (pathlib.Path(directory) / name).read_text().splitlines()
        pairs = (line.split("=") for line in lines if "=" in line and not line.startswith("#"))
        return {name.strip(): value.strip() for name, value in pairs}


def make_srm(directory, ids):
    """A revocation list of these receivers, signed by the test root."""
    root = Keys._read(directory, "root.txt")
    body = b"\x91\x00\x00\x01\x01" + (7 + 5 * len(ids) + 384).to_bytes(3, "big") + \
        (len(ids) << 22).to_bytes(4, "big") + b"".join(ids)
    return body + pkcs1_sign(int(root["modulus"], 16), int(root["private_exponent"], 16), body)


# ---- derivations ----

def dkey(km, rtx, rrx, i, rn, rules22):
    counter = i.to_bytes(8, "big")
    return aes(xor(km, rn), rtx + (xor(counter, rrx) if rules22 else counter))


def derive_kd(km, rtx, rrx, rules22):
    return b"".join(dkey(km, rtx, rrx, i, b"", rules22) for i in (0, 1))


def content_cipher(ks, riv, lc128, stream_ctr, input_ctr, data):
    key, out = xor(ks, lc128), b""
    high = xor(riv, stream_ctr.to_bytes(4, "big"))
    for at in range(0, len(data), 16):
        pad = aes(key, high + (input_ctr + at // 16).to_bytes(8, "big"))
        out += bytes(a ^ b for a, b in zip(data[at:at + 16], pad))
    return out


def read_private(data):
    """streamCtr and inputCtr out of PES private data; None when a marker bit is missing."""
    words = struct.unpack(">8H", data)
    if not all(w & 1 for w in words):
        return None
    words = [w >> 1 for w in words]
    stream = words[0] << 30 | words[1] << 15 | words[2]
    return stream, words[3] << 60 | words[4] << 45 | words[5] << 30 | words[6] << 15 | words[7]


class Malformed(Exception):
    pass


class HdcpReceiver:
    """One connection.  version: 0 (2.0), 1 (2.1), 2 (2.2).  Faults are names in a set:
    wrong-h, wrong-l, wrong-v, wrong-m, bad-cert, silent."""

    LENGTHS = {AKE_INIT: 9, NO_STORED_KM: 129, STORED_KM: 33, LC_INIT: 9, SEND_EKS: 25, RTT_CHALLENGE: 17,
               LIST_ACK: 17, TX_INFO: 6}

    def __init__(self, keys, version=2, precompute=True, repeater=False, faults=(), slow_l=0.0, slow_count=0,
                 on_event=lambda name, **details: None):
        self.keys, self.version, self.repeater = keys, version, repeater
        self.can_precompute, self.faults, self.slow_l, self.slow_count = precompute, faults, slow_l, slow_count
        self.on_event = on_event
        self.buffer, self.out, self.ks = b"", [], None
        self.devices, self.seq_num_v = [bytes([0x11, 0x22, 0x33, 0x44, 0x55])], 0
        self.tx_version = self.tx_mask = 0
        self.lc128 = FACSIMILE_LC128

    # What both sides can.
    @property
    def rules20(self):
        return not (self.version and self.tx_version)

    @property
    def rules22(self):
        return self.version >= 2 and self.tx_version >= 2

    @property
    def precompute(self):
        return not self.rules20 and self.can_precompute and bool(self.tx_mask & 1)

    def say(self, message, fields=b"", delay=0.0):
        self.out.append((delay, bytes([message]) + fields))

    def _length(self):
        message = self.buffer[0]
        if message == STREAM_MANAGE:
            return 6 if len(self.buffer) < 6 else 6 + 7 * int.from_bytes(self.buffer[4:6], "big")
        if message not in self.LENGTHS:
            raise Malformed("message id %d" % message)
        return self.LENGTHS[message]

    def feed(self, data):
        self.buffer += data
        while self.buffer and len(self.buffer) >= self._length():
            length = self._length()
            message, fields = self.buffer[0], self.buffer[1:length]
            self.buffer = self.buffer[length:]
            if "silent" not in self.faults:
                self._take(message, fields)
        out, self.out = self.out, []
        return out

    def _take(self, message, fields):
        {AKE_INIT: self._on_init, TX_INFO: self._on_tx_info, NO_STORED_KM: self._on_no_stored_km,
         STORED_KM: self._on_stored_km, LC_INIT: self._on_lc_init, RTT_CHALLENGE: self._on_challenge,
         SEND_EKS: self._on_eks, LIST_ACK: self._on_ack, STREAM_MANAGE: self._on_manage}[message](fields)

    def _on_init(self, rtx):
        self.rtx, self.ks, self.tx_version, self.tx_mask = rtx, None, 0, 0
        cert = self.keys.cert
        if "bad-cert" in self.faults:
            cert = cert[:300] + bytes([cert[300] ^ 1]) + cert[301:]
        self.on_event("init")
        self.say(SEND_CERT, bytes([self.repeater]) + cert)

    def _on_tx_info(self, fields):
        if fields[:2] != b"\x00\x06":
            raise Malformed("LENGTH of AKE_Transmitter_Info")
        if not self.version:
            return  # 2.0 does not know the message; lenient ones pass it over
        self.tx_version, self.tx_mask = fields[2], int.from_bytes(fields[3:], "big")
        self.say(RX_INFO, b"\x00\x06" + bytes([self.version, 0, self.can_precompute]))

    def _answer_h(self):
        self.rrx = os.urandom(8)
        self.kd = derive_kd(self.km, self.rtx, self.rrx, self.rules22)
        if self.rules22:
            words = bytes([self.repeater, self.version, 0, self.can_precompute, self.tx_version])
            words += self.tx_mask.to_bytes(2, "big")
        else:
            words = bytes([self.repeater])
        h = mac(self.kd, xor(self.rtx, words))
        self.say(SEND_RRX, self.rrx)
        self.say(SEND_H, xor(h, b"\x01") if "wrong-h" in self.faults else h)

    def _on_no_stored_km(self, cipher):
        self.km = oaep_decrypt(self.keys.modulus, self.keys.exponent, cipher)
        if len(self.km) != 16:
            raise Malformed("km")
        self._answer_h()
        m = self.rtx + (self.rrx if self.rules22 else bytes(8))
        self.on_event("km", stored=False)
        self.say(SEND_PAIRING, xor(self.km, aes(self.keys.kh, m)))

    def _on_stored_km(self, fields):
        self.km = xor(fields[:16], aes(self.keys.kh, fields[16:]))
        self.on_event("km", stored=True)
        self._answer_h()

    def _on_lc_init(self, rn):
        self.rn = rn
        self.l = mac(xor(self.kd, self.rrx), rn + rn if self.rules22 else rn)
        if self.precompute:
            self.say(RTT_READY)
        else:
            self._answer_l(self.l)

    def _answer_l(self, l):
        delay = 0.0
        if self.slow_count:
            self.slow_count -= 1
            delay = self.slow_l
        self.on_event("locality")
        self.say(SEND_L, xor(l, b"\x01") if "wrong-l" in self.faults else l, delay)

    def _on_challenge(self, low):
        if hmac.compare_digest(low, self.l[16:]):
            self._answer_l(self.l[:16])
        else:
            self.on_event("wrong-challenge")

    def _on_eks(self, fields):
        mask = xor(dkey(self.km, self.rtx, self.rrx, 2, self.rn, self.rules22), self.rrx)
        self.ks, self.riv = xor(fields[:16], mask), fields[16:]
        self.seq_num_v = 0
        self.on_event("session-key", version=self.version, rules22=self.rules22, precompute=self.precompute,
                      key=xor(self.ks, self.lc128).hex(), riv=self.riv.hex())  # of the lab alone
        if self.repeater:
            self.send_list()

    def send_list(self):
        ids, count = b"".join(self.devices), len(self.devices)
        old = self.rules20
        seq = self.seq_num_v.to_bytes(3, "big")
        tail = b"" if old else b"\x00\x00" + seq
        self.v = mac(self.kd, ids + bytes([1, count, 0, 0]) + tail)
        v = xor(self.v, b"\x01") if "wrong-v" in self.faults and old else self.v
        v = v if old else v[:16]
        if "wrong-v" in self.faults and not old:
            v = xor(v, b"\x01")
        self.say(ID_LIST, bytes([0, 0, count, 1]) + tail + v + ids)
        self.seq_num_v += 1

    def _on_ack(self, low):
        self.on_event("ack", right=hmac.compare_digest(low, self.v[16:]))

    def _on_manage(self, fields):
        seq, streams = fields[:3], fields[5:]
        m = mac(hashlib.sha256(self.kd).digest(), streams + seq)
        self.on_event("streams", streams=[list(struct.unpack(">IHB", streams[i:i + 7]))
                                          for i in range(0, len(streams), 7)])
        self.say(STREAM_READY, xor(m, b"\x01") if "wrong-m" in self.faults else m)

    def ask_reauth(self):
        self.say(AUTH_STATUS, b"\x00\x04\x01")

    def decrypt(self, private, payload):
        """None: not encrypted for us (no key, or no counters)."""
        counters = read_private(private)
        if not self.ks or counters is None:
            return None
        return content_cipher(self.ks, self.riv, self.lc128, *counters, payload)


# ---- the program ----

def emit(name, **details):
    print(json.dumps({"event": name, **details}), flush=True)


class Server:
    def __init__(self, options):
        self.options, self.keys = options, Keys(options.data)
        self.selector, self.connection, self.receiver = selectors.DefaultSelector(), None, None
        self.due, self.commands, self.action_at = [], b"", None
        self.listener = socket.create_server(("127.0.0.1", options.port))
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        self.selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self._read_commands)
        print("listening", self.listener.getsockname()[1], flush=True)

    def _on_event(self, name, **details):
        emit(name, **details)
        if name == "session-key" and self.options.after_key:
            seconds, self.action = self.options.after_key.split(":")
            self.action_at, self.options.after_key = time.monotonic() + float(seconds), ""

    def _act(self):
        self.action_at = None
        if self.action == "close":
            self._close()
        elif self.connection:
            self.receiver.ask_reauth()
            self._queue(self.receiver.feed(b""))

    def _accept(self):
        self._close()
        self.connection, _ = self.listener.accept()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        o = self.options
        self.receiver = HdcpReceiver(self.keys, o.version, not o.no_precompute, o.repeater, set(o.fault),
                                     o.slow_l, o.slow_count, self._on_event)
        self.selector.register(self.connection, selectors.EVENT_READ, self._read)
        emit("connected")

    def _close(self):
        if self.connection:
            self.selector.unregister(self.connection)
            self.connection.close()
            emit("disconnected")
        self.connection, self.due = None, []

    def _read(self):
        try:
            data = self.connection.recv(4096)
            if data:
                self._queue(self.receiver.feed(data))
            else:
                self._close()
        except (OSError, Malformed, ValueError) as error:
            emit("error", text=str(error))
            self._close()

    def _queue(self, messages):
        for delay, data in messages:  # in order: nothing overtakes
            at = max([time.monotonic() + delay] + [when for when, _ in self.due[-1:]])
            self.due.append((at, data))
        self._flush()

    def _flush(self):
        while self.due and self.due[0][0] <= time.monotonic():
            data = self.due.pop(0)[1]
            try:
                self.connection.sendall(data)
            except OSError:
                self._close()

    def _read_commands(self):
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            sys.exit(0)
        self.commands += data
        while b"\n" in self.commands:
            line, self.commands = self.commands.split(b"\n", 1)
            self._command(line.decode().split())

    def _command(self, words):
        if words[0] == "quit":
            sys.exit(0)
        if not self.receiver or not self.connection:
            emit("error", text="no connection")
        elif words[0] == "reauth":
            self.receiver.ask_reauth()
            self._queue(self.receiver.feed(b""))
        elif words[0] == "list":
            self.receiver.devices = [bytes([9, 9, 9, 9, i]) for i in range(int(words[1]))]
            self.receiver.send_list()
            self._queue(self.receiver.feed(b""))
        elif words[0] == "fault":
            self.receiver.faults.add(words[1])
        elif words[0] == "slow":
            self.receiver.slow_l, self.receiver.slow_count = float(words[1]), int(words[2])
        elif words[0] == "close":
            self._close()
        elif words[0] == "decrypt":
            plain = self.receiver.decrypt(bytes.fromhex(words[1]), bytes.fromhex(words[2]))
            emit("decrypted", payload=plain.hex() if plain is not None else None)

    def run(self):
        while True:
            times = [when for when, _ in self.due[:1]] + [self.action_at] * (self.action_at is not None)
            wait = max(0, min(times) - time.monotonic()) if times else None
            for key, _ in self.selector.select(wait):
                key.data()
            self._flush()
            if self.action_at is not None and self.action_at <= time.monotonic():
                self._act()


def self_test(path):
    """The published vectors of the facsimile receivers, as tests/data/hdcp/vectors.json has them."""
    vectors = json.loads(pathlib.Path(path).read_text())
    assert aes(bytes(range(16)), bytes.fromhex("00112233445566778899aabbccddeeff")).hex() == \
        "69c4e0d86a7b0430d8cdb78070b4c55a"  # FIPS 197, C.1
    for v in vectors["receivers"]:
        km, rtx, rrx, rn, ks = (bytes.fromhex(v[n]) for n in ("km", "rtx", "rrx", "rn", "ks"))
        kd = derive_kd(km, rtx, rrx, False)
        assert kd.hex() == v["kd"]
        assert mac(kd, xor(rtx, bytes([v["repeater"]]))).hex() == v["h"]
        assert mac(xor(kd, rrx), rn).hex() == v["l"]
        assert xor(ks, xor(dkey(km, rtx, rrx, 2, rn, False), rrx)).hex() == v["edkey"]
        assert derive_kd(km, rtx, rrx, True).hex() == v["kd22"]
        assert xor(ks, xor(dkey(km, rtx, rrx, 2, rn, True), rrx)).hex() == v["edkey22"]
    c = {k: bytes.fromhex(v) for k, v in vectors["content"].items()}
    assert content_cipher(c["ks"], c["riv"], c["lc128"], 0, 0, c["plain"]) == c["cipher"]
    assert read_private(bytes.fromhex("000100010003000112352b3d26af9bdf")) == (1, 0x0123456789abcdef)
    print("self-test passed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    data = pathlib.Path(__file__).resolve().parent.parent / "data" / "hdcp"
    parser.add_argument("--data", default=data, help="folder of receiver.txt and root.txt")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--version", type=int, choices=(0, 1, 2), default=2, help="HDCP 2.x")
    parser.add_argument("--no-precompute", action="store_true")
    parser.add_argument("--repeater", action="store_true")
    parser.add_argument("--fault", action="append", default=[],
                        choices=("wrong-h", "wrong-l", "wrong-v", "wrong-m", "bad-cert", "silent"))
    parser.add_argument("--slow-l", type=float, default=0.05, help="seconds before L' ...")
    parser.add_argument("--slow-count", type=int, default=0, help="... of so many tries")
    parser.add_argument("--after-key", metavar="SECONDS:reauth|close", default="",
                        help="once, so long after the first session key")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--write-srm", nargs=2, metavar=("FILE", "ID"), help="revokes that receiver; ends")
    options = parser.parse_args()
    if options.self_test:
        self_test(pathlib.Path(options.data) / "vectors.json")
    elif options.write_srm:
        path, revoked = options.write_srm
        pathlib.Path(path).write_bytes(make_srm(options.data, [bytes.fromhex(revoked)]))
    else:
        Server(options).run()


if __name__ == "__main__":
    main()
