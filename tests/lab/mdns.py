#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A multicast DNS responder for the lab: announces sinks as _display._tcp and answers for them.

usage: mdns.py NAME=ADDRESS:PORT...    [ADDRESS] with colons is IPv6; prints "ready" once it announced them
"""

import socket
import struct
import sys

GROUP = ("224.0.0.251", 5353)
SERVICE = ["_display", "_tcp", "local"]
A, PTR, TXT, AAAA, SRV, ANY = 1, 12, 16, 28, 33, 255
UNIQUE = 0x8001  # class IN, these records replace older ones


def name(labels):
    return b"".join(bytes((len(label.encode()),)) + label.encode() for label in labels) + b"\0"


def record(labels, kind, data, cls=UNIQUE):
    return name(labels) + struct.pack(">HHIH", kind, cls, 120, len(data)) + data


def records(sink):
    """PTR, SRV, TXT and A or AAAA of one sink."""
    title, address, port = sink
    instance, host = [title] + SERVICE, [f"lab{port}", "local"]
    text = b"container_id={00000000-0000-0000-0000-000000000001}"
    return [record(SERVICE, PTR, name(instance), 1),
            record(instance, SRV, struct.pack(">HHH", 0, 0, port) + name(host)),
            record(instance, TXT, bytes((len(text),)) + text),
            record(host, AAAA, socket.inet_pton(socket.AF_INET6, address)) if ":" in address else
            record(host, A, socket.inet_aton(address))]


def message(sinks):
    body = [part for sink in sinks for part in records(sink)]
    return struct.pack(">HHHHHH", 0, 0x8400, 0, len(body), 0, 0) + b"".join(body)


def parse(word):
    title, place = word.rsplit("=", 1)
    address, port = place.rsplit(":", 1)
    return title, address.strip("[]"), int(port)


def main():
    sinks = [parse(word) for word in sys.argv[1:]]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(("", GROUP[1]))
        local = socket.inet_aton("127.0.0.1")
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, local)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                        socket.inet_aton(GROUP[0]) + local)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        sock.sendto(message(sinks), GROUP)
        print("ready", flush=True)
        while True:
            query = sock.recv(9000)
            if len(query) > 12 and not query[2] & 0x80:  # a question: answered with all we have
                sock.sendto(message(sinks), GROUP)


if __name__ == "__main__":
    main()
