# SPDX-License-Identifier: MIT
"""What a sink does on purpose: actions at times after PLAY, and misbehaviour in the handshake."""

ACTIONS = ("touch", "key", "idr", "pause", "play", "teardown", "vanish", "close", "rst", "standby", "route",
           "connector", "uibc", "keepalive", "options", "garbage", "half")
MISBEHAVIOURS = ("garbage-first", "big-header", "negative-length", "half-first", "silent-after-m1",
                 "silent-after-m3", "silent-after-m4", "never-setup", "never-play", "refuse-m4", "wrong-cseq")


class ScriptError(Exception):
    """A word that is not in the vocabulary."""


def parse(text):
    """[(seconds after PLAY, action, argument)] of '2:idr,3.5:route=secondary'."""
    out = []
    for part in filter(None, (text or "").split(",")):
        when, colon, what = part.partition(":")
        action, _, argument = what.partition("=")
        try:
            seconds = float(when)
        except ValueError:
            seconds = -1
        if not colon or seconds < 0 or action not in ACTIONS:
            raise ScriptError(f"{part!r} is not SECONDS:ACTION, with one of {', '.join(ACTIONS)}")
        out.append((seconds, action, argument))
    return sorted(out)


def parse_misbehaviour(text):
    """{name: argument} of 'refuse-m4=303,never-play'."""
    out = {}
    for part in filter(None, (text or "").split(",")):
        name, _, argument = part.partition("=")
        if name not in MISBEHAVIOURS:
            raise ScriptError(f"{name!r} is none of {', '.join(MISBEHAVIOURS)}")
        out[name] = argument
    return out


BAD_BYTES = {
    "garbage-first": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 4
                     + b"\r\n\r\n",
    "big-header": b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nX-Long: " + b"a" * (1 << 20) + b"\r\n\r\n",
    "negative-length": b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: -17\r\n\r\n",
    "half-first": b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: org.wfa",
}
