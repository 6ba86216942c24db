# SPDX-License-Identifier: MIT
"""Between a program and wpa_supplicant's control socket: hands everything on, and writes down what passes,
in the lines that tests/unit/p2p/controller-play.h plays:

    + ms    so much later   > command   < reply   ! event

"|" is a new line within a reply.  Keys are left out and PINs replaced, so that a record can be published;
what is asked for the program's own sake (how things were before, whether somebody is there) is left out.
"""

import contextlib
import os
import pathlib
import re
import selectors
import shutil
import socket
import threading
import time

OWN = re.compile(r"ATTACH|DETACH|PING|STATUS|GET |WFD_SUBELEM_GET")
REPLY_KEYS = ("pri_dev_type", "device_name", "manufacturer", "model_name", "config_methods", "dev_capab",
              "group_capab", "level", "persistent", "listen_freq", "oper_freq", "wfd_subelems")
PIN = "12345670"


def public(text):
    """Without keys; a PIN's place is kept."""
    for pattern, instead in ((r"\bpsk=[0-9a-f]{64}", "psk=" + 64 * "0"),
                             (r'\bpassphrase="[^"]*"', 'passphrase="12345678"'),
                             (r"(P2P_CONNECT \S+ |SHOW-PIN \S+ )\d{8}\b", rf"\g<1>{PIN}"), (r"^\d{8}$", PIN)):
        text = re.sub(pattern, instead, text)
    return text


def short(command, reply):
    """A reply to P2P_PEER has forty lines, of which the program reads twelve."""
    if not command.startswith("P2P_PEER "):
        return reply
    lines = reply.split("\n")
    return "\n".join(line for line in lines if line == lines[0] or line.split("=")[0] in REPLY_KEYS)


class Record:
    """`real` is the supplicant's socket; `folder` is what a program is given instead of the socket's folder."""

    def __init__(self, name, real, path):
        self.folder = pathlib.Path(f"/run/record-{name}")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.real = real
        for other in pathlib.Path(real).parent.iterdir():
            if str(other) != real:
                (self.folder / other.name).symlink_to(other)
        self.out = open(path, "w", encoding="utf-8")  # noqa: SIM115 - closed by close()
        self.last = time.monotonic()
        self.sockets = {}  # of the supplicant's side, by the address of the program's
        self.commands = self.events = None  # the program's two; later ones undo what is left
        self.asked, self.busy = "", False
        self.waiting = []  # events from before the reply: the program reads them after it
        self.poll = selectors.DefaultSelector()
        self.front = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.front.bind(str(self.folder / pathlib.Path(real).name))
        self.front.setblocking(False)  # as the supplicant: a program that does not read loses events
        self.poll.register(self.front, selectors.EVENT_READ, None)
        self.wake, self.waker = socket.socketpair()
        self.poll.register(self.wake, selectors.EVENT_READ, None)
        self.thread = threading.Thread(target=self.relay, daemon=True)
        self.thread.start()

    def write(self, kind, text):
        now = time.monotonic()
        passed = round((now - self.last) * 1000)
        if passed:
            self.out.write(f"+ {passed}\n")
            self.last = now
        self.out.write(f"{kind} {public(text.strip()).replace(chr(10), '|')}\n")
        self.out.flush()

    def upstream(self, path):
        if path not in self.sockets:
            made = self.sockets[path] = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            made.bind(str(self.folder / f"up-{len(self.sockets)}"))
            made.connect(self.real)
            self.poll.register(made, selectors.EVENT_READ, path)
        return self.sockets[path]

    def relay(self):
        while True:
            for key, _ in self.poll.select():
                if key.fileobj is self.wake:
                    return
                if key.fileobj is self.front:
                    self.down()
                else:
                    self.up(key.fileobj, key.data)

    def down(self):
        data, path = self.front.recvfrom(65536)
        command = data.decode(errors="replace")
        if command == "ATTACH":
            self.events = self.events or path
        else:
            self.commands = self.commands or path
        if path == self.commands:
            self.asked, self.busy = command, True
            if not OWN.match(command):
                self.write(">", command)
        with contextlib.suppress(OSError):  # the supplicant is gone
            self.upstream(path).send(data)

    def up(self, upstream, path):
        data = upstream.recv(65536)
        text = data.decode(errors="replace").strip()
        if path == self.events and text.startswith("<"):
            self.waiting.append(text)
        elif path == self.commands:
            self.busy = False
            if not OWN.match(self.asked):
                self.write("<", short(self.asked, text))
        while self.waiting and not self.busy:
            self.write("!", self.waiting.pop(0))
        with contextlib.suppress(OSError):  # the program is gone, or does not read
            self.front.sendto(data, path)

    def close(self):
        self.waker.send(b"x")
        self.thread.join()
        self.front.close()
        for upstream in self.sockets.values():
            upstream.close()
        self.out.close()
        os.unlink(self.folder / pathlib.Path(self.real).name)
