# SPDX-License-Identifier: MIT
"""What ends badly, each with a code and with nothing left: a table of what the television or its person
does, from a room where it listens, to the product that is casting to it."""

import functools

from air import Failure


def request(room, cast):
    room.sink.event("P2P-GO-NEG-REQUEST", timeout=60)


def vanishes_when_found(room, cast):
    room.sink.event("P2P-DEVICE-FOUND", timeout=60)
    room.pull_plug()


def vanishes_in_negotiation(room, cast):
    request(room, cast)
    room.pull_plug()


def vanishes_in_wps(room, cast, intent):
    peer = room.sink.event(r"P2P-GO-NEG-REQUEST (\S+)", timeout=60).group(1)
    room.sink.command(f"P2P_CONNECT {peer} pbc go_intent={intent}")
    room.sink.event("P2P-GO-NEG-SUCCESS", timeout=60)
    room.pull_plug()


def vanishes_before_dhcp(room, cast, intent):
    _, role, _ = room.press_button(intent)
    if role == "GO":
        room.sink.event("AP-STA-CONNECTED", timeout=60)
    cast.said(r"^miracast: addressing" if role == "GO" else "listening on ", 60)
    room.pull_plug()


def vanishes_before_rtsp(room, cast, intent):
    room.come_together(cast, intent)
    room.pull_plug()


def vanishes_in_session(room, cast, intent):
    address, _, _ = room.come_together(cast, intent)
    room.watch(address, "--duration", "900", "--no-decode")
    cast.said(r"^miracast: streaming", 120)
    room.pull_plug()


def gives_no_address(room, cast):
    """Nor the second time, when its group still runs and is joined."""
    interface, _, _ = room.press_button(15)
    room.sink.event("P2P-PROV-DISC-PBC-REQ", timeout=120)
    room.sink.send_at(interface, "WPS_PBC")


def never_dials(room, cast):
    room.come_together(cast, 0)


def refuses(room, cast):
    peer = room.sink.event(r"P2P-GO-NEG-REQUEST (\S+)", timeout=60).group(1)
    room.sink.command(f"P2P_REJECT {peer}")
    room.sink.command("P2P_LISTEN 120")  # says so when it is asked the next time


def pair_in_vain(room, command):
    """Until the PIN itself is refused; a negotiation that was not agreed upon is begun again."""
    for _ in range(4):
        room.sink.command(command)
        if room.sink.event("P2P-GROUP-FORMATION-(FAILURE)", "P2P-GO-NEG-FAILURE()", timeout=90).group(1):
            room.sink.command("P2P_LISTEN 120")
            return
    raise Failure("no negotiation was agreed upon")


def wrong_pin(room, cast, shown_by):
    if shown_by == "sink":  # and another one when it is asked again
        found = room.sink.event(r"P2P-PROV-DISC-SHOW-PIN (\S+) (\d+)", timeout=60)
        pair_in_vain(room, f"P2P_CONNECT {found.group(1)} {found.group(2)} display auth go_intent=15")
    else:
        for _ in range(3):
            peer = room.sink.event(r"P2P-PROV-DISC-ENTER-PIN (\S+)", timeout=90).group(1)
            pair_in_vain(room, f"P2P_CONNECT {peer} 12345670 keypad go_intent=0")


def supplicant_ends(room, cast):
    request(room, cast)
    room.source.kill()


# name: (what the television or its person does, the code, more of the command line, of the television)
ENDINGS = {
    "vanishes-found": (vanishes_when_found, ("link.lost", "link.provision-timeout"),
                       ("--pairing", "enter-pin", "--pin", "12345670"), {}),
    "vanishes-negotiation": (vanishes_in_negotiation, ("link.lost",), (), {}),
    "vanishes-wps-owner": (functools.partial(vanishes_in_wps, intent=0), ("link.lost",), (), {}),
    "vanishes-wps-client": (functools.partial(vanishes_in_wps, intent=15), ("link.lost",), (), {}),
    "vanishes-dhcp-owner": (functools.partial(vanishes_before_dhcp, intent=0), ("link.lost",), (), {}),
    "vanishes-dhcp-client": (functools.partial(vanishes_before_dhcp, intent=15), ("link.lost",), (), {}),
    "vanishes-rtsp-owner": (functools.partial(vanishes_before_rtsp, intent=0), ("link.no-dial",), (), {}),
    "vanishes-rtsp-client": (functools.partial(vanishes_before_rtsp, intent=15), ("link.lost",), (), {}),
    "vanishes-session-owner": (functools.partial(vanishes_in_session, intent=0), ("rtsp.keepalive-lost",),
                               (), {}),
    "vanishes-session-client": (functools.partial(vanishes_in_session, intent=15), ("link.lost",), (), {}),
    "no-address": (gives_no_address, ("link.address-timeout",), (), {}),
    "never-dials": (never_dials, ("link.no-dial",), (), {}),
    "nobody-presses": (request, ("link.no-answer",), (), {}),
    "refused": (refuses, ("link.rejected",), (), {}),
    "busy": (lambda room, cast: None, ("link.peer-busy",), ("--wait", "8"), {"wfd": "000600011c440032"}),
    "wrong-pin-entered": (functools.partial(wrong_pin, shown_by="sink"), ("link.wrong-pin",),
                          ("--pairing", "enter-pin", "--pin", "12345670"), {}),
    "wrong-pin-shown": (functools.partial(wrong_pin, shown_by="source"), ("link.wrong-pin",),
                        ("--pairing", "show-pin"), {}),
    "supplicant-ends": (supplicant_ends, ("link.supplicant-gone",), (), {}),
}


def ending(room, name):
    act, codes, words, _ = ENDINGS[name]
    room.listen()
    cast = room.cast(*words)
    act(room, cast)
    cast.ended(*codes)
    if name != "supplicant-ends":  # what that one leaves is not ours
        room.same_state()
