# SPDX-License-Identifier: MIT
"""RTSP/1.0 codec of the lab: strict about what it notes, lenient in what it reads.  No I/O."""

REASONS = {200: "OK", 303: "See Other", 400: "Bad Request", 404: "Not Found", 405:
           "Method Not Allowed", 406: "Not Acceptable", 415: "Unsupported Media Type", 451:
           "Parameter Not Understood", 454: "Session Not Found", 455:
           "Method Not Valid in This State", 461: "Unsupported Transport", 501: "Not Implemented",
           503: "Service Unavailable", 551: "Option not supported"}
MAX_MESSAGE = 1 << 20


class RtspError(Exception):
    """The peer's bytes are no RTSP."""


class Message:
    """A request (method, uri) or a response (status); headers keep order and spelling."""

    def __init__(self, method=None, uri=None, status=None, reason="", headers=(), body=b""):
        self.method, self.uri, self.status, self.reason = method, uri, status, reason
        self.headers = list(headers)
        self.body = body
        self.notes = []  # what a strict reader would complain about

    @property
    def is_request(self):
        return self.method is not None

    def get(self, name, default=None):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return default

    @property
    def cseq(self):
        value = self.get("CSeq", "")
        return int(value) if value.isdigit() else None

    def params(self):
        """Body lines as (name in lower case, value or None)."""
        out = []
        for line in self.body.decode("utf-8", "replace").splitlines():
            name, colon, value = line.partition(":")
            if name.strip():
                out.append((name.strip().lower(), value.strip() if colon else None))
        return out

    def param(self, name):
        for key, value in self.params():
            if key == name:
                return value
        return None

    def encode(self):
        if self.is_request:
            start = f"{self.method} {self.uri} RTSP/1.0"
        else:
            start = f"RTSP/1.0 {self.status} {self.reason or REASONS.get(self.status, 'Unknown')}"
        lines = [start] + [f"{k}: {v}" for k, v in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


def body_of(*lines):
    return "".join(line + "\r\n" for line in lines).encode()


class Parser:
    """feed() bytes, get Messages.  Raises RtspError where no reader could go on."""

    def __init__(self):
        self.buffer = bytearray()

    def feed(self, data):
        self.buffer += data
        out = []
        while True:
            message = self._next()
            if message is None:
                return out
            out.append(message)

    def _next(self):
        stray = 0
        while self.buffer[:2] == b"\r\n" or self.buffer[:1] == b"\n":
            del self.buffer[:2 if self.buffer[:1] == b"\r" else 1]
            stray += 1
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > MAX_MESSAGE:
                raise RtspError("no end of headers in 1 MB")
            return None
        message = parse_head(bytes(self.buffer[:end]))
        if stray:
            message.notes.append("stray-crlf")
        length = content_length(message)
        if len(self.buffer) < end + 4 + length:
            return None
        message.body = bytes(self.buffer[end + 4:end + 4 + length])
        del self.buffer[:end + 4 + length]
        if message.body and not message.body.endswith(b"\r\n"):
            message.notes.append("body-without-final-crlf")
        return message


def content_length(message):
    values = [v for k, v in message.headers if k.lower() == "content-length"]
    if not values:
        return 0
    if len(values) > 1:
        message.notes.append("duplicate-content-length")
    if not values[0].isdigit() or int(values[0]) > MAX_MESSAGE:
        raise RtspError(f"Content-Length: {values[0][:40]}")
    return int(values[0])


def parse_head(head):
    try:
        lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError as error:
        raise RtspError("headers are not text") from error
    message = parse_start(lines[0])
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise RtspError(f"header line {line[:60]!r}")
        message.headers.append((name, value.strip()))
    if not message.headers or message.headers[0][0] != "CSeq":
        message.notes.append("cseq-not-first")
    return message


def parse_start(line):
    words = line.split(" ")
    if line.startswith("RTSP/1.0 ") and len(words) >= 2 and words[1].isdigit():
        return Message(status=int(words[1]), reason=" ".join(words[2:]))
    if len(words) == 3 and words[2] == "RTSP/1.0" and words[0].isupper():
        return Message(method=words[0], uri=words[1])
    raise RtspError(f"start line {line[:60]!r}")
