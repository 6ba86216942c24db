#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs in the radio rig: test_rig.py MIRACAST CASE...  (through tests/lab/rig/run.py)

Each case makes its own radios and devices, so they don't hang on each other.  "quick" stands for those
that ./dev test runs, "all" for every one.
"""

import concurrent.futures
import functools
import json
import os
import pathlib
import re
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lab/rig"))
from air import Air, Failure, Lacking, SOURCE_TYPE, keep_logs, log, sh, until  # noqa: E402
from endings import ENDINGS, ending  # noqa: E402
import graphics  # noqa: E402
from manager import Manager  # noqa: E402
from room import Room, STARTED  # noqa: E402

FORMATION_FAILS = ("P2P-GROUP-FORMATION-FAILURE", "P2P-GO-NEG-FAILURE")
ROLE_OF_INTENT = {15: "GO", 0: "client"}  # the television's


# ---- the rig itself ----

def bare_group(source, sink, pin):
    """What the product is measured against: the commands a person would type."""
    sink.command("P2P_LISTEN 60")
    source.command("P2P_FIND 30 type=social")
    source.event(f"P2P-DEVICE-FOUND {sink.address} .*wfd_dev_info=0x00111c440032")
    source.command("P2P_STOP_FIND")
    if pin:
        source.command(f"P2P_PROV_DISC {sink.address} display")
        shown = sink.event(r"P2P-PROV-DISC-SHOW-PIN \S+ (\d+)").group(1)
        source.event("P2P-PROV-DISC-ENTER-PIN")
        sink.command(f"P2P_CONNECT {source.address} {shown} display auth go_intent=15")
        source.command(f"P2P_CONNECT {sink.address} {shown} keypad go_intent=0 freq=2412")
    else:
        source.command(f"P2P_CONNECT {sink.address} pbc go_intent=0 freq=2412")
        sink.event(f"P2P-GO-NEG-REQUEST {source.address}")
        sink.command(f"P2P_CONNECT {source.address} pbc go_intent=15 freq=2412")
    ours = source.event(STARTED, fail=FORMATION_FAILS).groups()
    theirs = sink.event(STARTED, fail=FORMATION_FAILS).groups()
    if (ours[1], theirs[1]) != ("client", "GO"):
        raise Failure(f"roles: {ours} {theirs}")
    sink.event("AP-STA-CONNECTED")
    return ours[0], theirs[0]


def bare(miracast):
    """Two supplicants, PBC and PIN, addresses, a ping, and the group's end."""
    with Air() as air:
        sink = air.sink()
        source = air.supplicant("source", 0, device_name="Lab Source", device_type=SOURCE_TYPE,
                                listen_channel=1)
        source.command("SET wifi_display 1")
        source.command("WFD_SUBELEM_SET 0 000600101c440032")
        for pin in (False, True):
            ours, theirs = bare_group(source, sink, pin)
            server = air.dhcp_server(theirs, sink.space)
            air.dhcp_client(ours)
            sh("busybox ping -c 1 -W 5 192.168.49.1")
            server.kill()
            server.wait()
            sink.command(f"P2P_GROUP_REMOVE {theirs}")
            source.event("P2P-GROUP-REMOVED")
            sink.event("P2P-GROUP-REMOVED")


# ---- what goes well ----

def discovers(miracast, words=(), bus=False, managed=False, source=None):
    """miracast discover lists the sink, by its name."""
    with world(bus) as air:
        room = Room(air, miracast, source=source, manager=Manager(air) if managed else None)
        room.listen()
        look = room.run("discover", "--link", "p2p", "--json", "--timeout", "20" if managed else "6", *words)
        look.ended(timeout=60)
        if "Lab Sink" not in look.text():
            raise Failure("the sink is not in the list")
        room.same_state()


def casts(miracast, intent, words=(), seconds=1, bus=False, managed=False, source=None, radio=False,
          **air_options):
    """From P2P_FIND to decoded pictures and the end; the intent settles who owns the group."""
    with world(bus, **air_options) as air:
        room = Room(air, miracast, source=source, manager=Manager(air) if managed else None)
        room.listen()
        stats = pathlib.Path(f"/run/{room.source.name}-stats.jsonl")
        cast = room.run("cast", "Lab Sink", "--quiet", "--capture", "test", "--mode", "640x480@60", "--bitrate",
                        "800", "--audio", "none", "--stats", stats, *words)
        address, role, _ = room.come_together(cast, intent)
        room.watch_to_the_end(address, seconds)
        cast.ended(timeout=60)
        if role != ROLE_OF_INTENT[intent]:
            raise Failure(f"the television's role is {role}")
        if radio:
            air_was_measured(stats)
        if managed and "by NetworkManager, device p2p-dev-wlan0: it manages" not in cast.text():
            raise Failure("NetworkManager was not chosen")
        room.same_state()


def air_was_measured(stats):
    """The driver was told the radio's rate and frames, as nl80211 counts them."""
    told = [json.loads(line) for line in stats.read_text().splitlines()]
    best = max(told, key=lambda line: line["radio_kbps"], default=None)
    log(f"of the radio: {best and {key: best[key] for key in best if key.startswith('radio')}}")
    if not best or not 1000 <= best["radio_kbps"] <= 10_000_000 or not best["radio_sent"]:
        raise Failure(f"the driver knows nothing of the radio: {told}")


def world(bus=False, **air_options):
    """With a system bus where it is asked for."""
    air = Air(**air_options)
    if bus:
        pathlib.Path("/run/dbus").mkdir(exist_ok=True)
        air.start(["dbus-daemon", "--system", "--nofork", "--nopidfile"], out="/run/dbus.log")
        until(lambda: pathlib.Path("/run/dbus/system_bus_socket").exists(), "the system bus")
    return air


def pin(miracast, shown_by, intent):
    """Pairing by a PIN that one side shows and the other's person types."""
    with Air() as air:
        room = Room(air, miracast)
        room.listen()
        cast = room.cast("--pairing", "enter-pin" if shown_by == "sink" else "show-pin", "--pin", "-", typed=True)
        pair_by_pin(room, cast, shown_by, intent)
        room.come_together(cast, intent, "pin")
        cast.interrupt()
        cast.ended(timeout=60)
        room.same_state()


def pair_by_pin(room, cast, shown_by, intent):
    if shown_by == "sink":
        found = room.sink.event(r"P2P-PROV-DISC-SHOW-PIN (\S+) (\d+)")
        room.sink.command(f"P2P_CONNECT {found.group(1)} {found.group(2)} display auth go_intent={intent}")
        cast.type(found.group(2))
    else:
        peer = room.sink.event(r"P2P-PROV-DISC-ENTER-PIN (\S+)").group(1)
        code = cast.said(r"type this PIN at the sink: (\d+)").group(1)
        room.sink.command(f"P2P_CONNECT {peer} {code} keypad go_intent={intent}")


def joins(miracast):
    """A television that runs a group already: it is joined, not negotiated with."""
    with Air() as air:
        room = Room(air, miracast)
        room.sink.command("P2P_GROUP_ADD freq=2437")
        interface = room.sink.event(STARTED).group(1)
        cast = room.cast()
        room.sink.event("P2P-PROV-DISC-PBC-REQ")
        room.sink.send_at(interface, "WPS_PBC")
        room.give_or_take_address(interface, "GO")
        cast.said("listening on ")
        if re.search(r"^miracast: negotiating", cast.text(), re.M):
            raise Failure("it negotiated with the owner of a group")
        cast.interrupt()
        cast.ended(timeout=60)
        room.same_state()


def cycles(room, number=10, seconds=0):
    """Find, join, cast, leave, again and again: nothing fails, nothing is left, and one group is
    remembered, into which the television comes back without a button from the second time on."""
    for cycle in range(number):
        room.listen()
        cast = room.cast("--capture", "test" if seconds else "test:still")
        address, _, _ = room.come_together(cast, 0, by="memory" if cycle else "button")
        if seconds:
            room.watch_to_the_end(address, seconds)
        else:
            cast.interrupt()
        cast.ended(timeout=60)
        room.same_state()
        room.after_cast()
        log(f"cycle {cycle + 1} of {number}")
    known = re.findall(r"^\d+\t.*P2P-PERSISTENT", room.source.send("LIST_NETWORKS"), re.M)
    if len(known) != 1:
        raise Failure(f"remembered: {known}")


def forgotten(miracast):
    """The television has forgotten the group that we remember: we forget it, too, and pair again."""
    with Air() as air:
        room = Room(air, miracast)
        for again in (False, True):
            room.listen()
            cast = room.cast()
            if again:
                cast.said(r"link.invitation-stale", 60)
            room.come_together(cast, 0)
            cast.interrupt()
            cast.ended(timeout=60)
            room.same_state()
            room.after_cast()
            room.sink.command("REMOVE_NETWORK all")


def invited(miracast, intent, words=(), bus=False, source=None):
    """A television that is asked into the group that both remember, and asks its user; who then calls us
    into it."""
    with world(bus) as air:
        room = Room(air, miracast, source=source, sink={"reconnect": 0})
        room.listen()
        cast = room.cast(*words)
        room.come_together(cast, intent)
        interrupted_cast(room, cast)
        room.same_state()
        room.after_cast()
        room.listen()
        cast = room.cast(*words)
        found = room.sink.event(r"P2P-INVITATION-RECEIVED sa=(\S+) persistent=(\d+)", timeout=60)
        cast.said(r"asks its user", 60)
        room.sink.command(f"P2P_INVITE persistent={found.group(2)} peer={found.group(1)}")
        room.come_together(cast, intent, by="memory")
        interrupted_cast(room, cast)
        room.same_state()


def is_connected(room):
    return room.source.field_at("wlan0", "STATUS", "wpa_state") == "COMPLETED"


def connected_room(air, miracast, arguments=()):
    """The computer's card is connected to an access point on 2462 MHz."""
    network = "network={\n ssid=\"home\"\n key_mgmt=NONE\n%s}\n"
    point = air.supplicant("point", 2, space=air.space("point", 2), listen_channel=1,
                           extra_config=network % " mode=2\n frequency=2462\n")
    until(lambda: point.field_at(point.interface, "STATUS", "wpa_state") == "COMPLETED", "the access point", 60)
    room = Room(air, miracast, source={"extra_config": network % " scan_freq=2462\n", "arguments": arguments})
    until(lambda: is_connected(room), "the station", 60)
    room.before = room.state()
    room.listen()
    return room


def station_channel(miracast, intent):
    """A card with one channel whose station is connected: the group comes to that channel, whoever
    owns it, and the connection stays."""
    with Air(radios=3) as air:
        room = connected_room(air, miracast)
        cast = room.cast()
        _, role, freq = room.come_together(cast, intent)
        cast.interrupt()
        cast.ended(timeout=60)
        if (role, freq) != (ROLE_OF_INTENT[intent], 2462):
            raise Failure(f"the television is {role} on {freq} MHz")
        if not is_connected(room):
            raise Failure("the station lost its connection")
        room.same_state()


def station_dropped(miracast, words=(), bus=False, source=None):
    """On another channel than the station's, with one channel for both: only by leave, and the
    connection comes back, however the program ends."""
    with world(bus, radios=3) as air:
        room = connected_room(air, miracast, **(source or {}))
        cast = room.cast("--channel", "2412", *words)
        cast.ended("link.radio-busy", timeout=60)
        for act in (interrupted_cast, killed_cast):
            cast = room.cast("--channel", "2412", "--drop-wifi", *words)
            _, _, freq = room.come_together(cast, 0)
            if freq != 2412 or is_connected(room):
                raise Failure(f"the group is on {freq} MHz, the station connected: {is_connected(room)}")
            act(room, cast)
            room.same_state()
            until(lambda: is_connected(room), "the station's connection", 15)
            room.after_cast()
            room.forget_groups()
            room.listen()


KEYS_NET = "192.168.42"


def address_with_keys(miracast, words=(), bus=False, source=None):
    """The television owns the group and gives the address with the keys (EAPOL-Key); nothing serves DHCP."""
    pool = "".join(f"ip_addr_{name}={value}\n" for name, value in (
        ("go", f"{KEYS_NET}.1"), ("mask", "255.255.255.0"), ("start", f"{KEYS_NET}.10"), ("end", f"{KEYS_NET}.19")))
    with world(bus) as air:
        room = Room(air, miracast, source=source, sink={"extra_config": pool})
        room.listen()
        cast = room.cast(*words)
        interface, _, _ = room.press_button(15)
        given = room.sink.event(r"AP-STA-CONNECTED .*\bip_addr=(\S+)", timeout=60).group(1)
        room.sink.space.sh(f"ip addr add {KEYS_NET}.1/24 dev {interface}")
        address = cast.said(r"listening on ([0-9.]+):", 90).group(1)
        if address != given or not 10 <= int(address.removeprefix(f"{KEYS_NET}.")) <= 19:
            raise Failure(f"given: {given}, taken: {address}")
        room.sink.space.sh(f"busybox ping -c 1 -W 5 {address}")
        cast.interrupt()
        cast.ended(timeout=60)
        room.same_state()


# ---- graphics cards ----

def kms_cast(miracast):
    """What a program shows on a graphics card's screen is what the television shows, to the last picture."""
    card, _ = graphics.load()
    with Air() as air:
        screen = graphics.Screen(air, miracast, card, (640, 480))
        screen.show(1)
        room = Room(air, miracast)
        room.listen()
        stats, seen = pathlib.Path("/run/kms-stats.jsonl"), pathlib.Path("/run/seen.png")
        cast = room.cast("--capture", f"kms:{card}", "--bitrate", "3000", "--stats", stats)
        address, _, _ = room.come_together(cast, 15)
        tv, report = room.watch(address, "--no-teardown", "--save-png", seen)
        until(lambda: "first picture" in report.with_suffix(".log").read_text(), "the first picture", 120)
        for picture in range(2, 6):
            screen.show(picture)

        def seconds():
            return len(stats.read_text().splitlines())
        begun = seconds()
        until(lambda: seconds() > begun + 2, "two seconds of stream", 120)
        cast.interrupt()
        cast.ended(timeout=60)
        room.report_of(tv, report, "source")
        screen.is_seen(seen, least_db=25)
        room.same_state()


# ---- what ends badly, and what can stand beside it ----

def side_by_side(miracast, names):
    """Endings and other acts, each in a room of its own: what has to be waited out is waited out together."""
    def act(room, name):
        start = time.monotonic()
        ACTS[name](room) if name in ACTS else ending(room, name)
        log(f"{name}: well after {time.monotonic() - start:.1f} s")
    with Air(radios=2 * len(names)) as air:
        rooms = [Room(air, miracast, number, apart=True, sink=ENDINGS[name][3] if name in ENDINGS else None)
                 for number, name in enumerate(names)]
        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            ends = {name: pool.submit(act, room, name) for room, name in zip(rooms, names)}
        faults = {name: end.exception() for name, end in ends.items() if end.exception()}
        if faults:
            raise Failure("; ".join(f"{name}: {fault}" for name, fault in faults.items()))


ACTS = {
    "cycles": cycles,
    "cycles-with-pictures": functools.partial(cycles, seconds=1),
}


def discovery_ends(miracast):
    """The supplicant ends under a lasting discovery; the next discovery uses the new one."""
    with Air() as air:
        room = Room(air, miracast)
        room.listen()
        look = room.run("discover", "--link", "p2p", "--watch")
        look.said("Lab Sink")
        room.source.kill()
        look.ended("link.supplicant-gone", timeout=60)


def supplicant_restarts(miracast, words=(), bus=False, source=None):
    """Killed in a session and started again, as an init system does; what the dead one left is gone then."""
    with world(bus) as air:
        room = Room(air, miracast, source=source)
        for intent in (15, 0):
            room.listen()
            cast = room.cast(*words)
            room.come_together(cast, intent)
            room.source.restart()
            cast.ended("link.supplicant-gone", timeout=120)
            room.same_state()
            room.after_cast()


# ---- kill -9 ----

# step: what the television does before, which word of the product says that it is there
STEPS = {
    "searching": (None, r"searching "),
    "negotiating": (None, r"negotiating "),
    "forming": (0, r"forming "),
    "associating": (0, r"associating "),
    "listening": (0, r"listening on "),
    "addressing": (15, r"addressing "),
}


def killed(miracast, steps, words=(), bus=False, source=None):
    """The machine is as before, item by item, whatever the program was at."""
    with world(bus) as air:
        room = Room(air, miracast, source=source)
        for step in steps:
            intent, word = STEPS[step]
            room.listen()
            cast = room.cast(*words)
            if intent is not None:
                peer = room.sink.event(r"P2P-GO-NEG-REQUEST (\S+)", timeout=60).group(1)
                room.sink.command(f"P2P_CONNECT {peer} pbc go_intent={intent}")
            cast.said(word)
            cast.kill()
            log(f"killed at: {step}")
            room.same_state()
            room.after_cast()
            room.forget_groups()  # it may have been there already, and would be joined without a request


def killed_streaming(miracast):
    with Air() as air:
        room = Room(air, miracast)
        room.listen()
        cast = room.cast()
        address, _, _ = room.come_together(cast, 15)
        room.watch(address, "--duration", "900", "--no-decode")
        cast.said(r"^miracast: streaming", 120)
        cast.kill()
        room.same_state()


# ---- NetworkManager ----

def managed(miracast, act, intents=(15, 0)):
    """What happens to a group of NetworkManager's, and what is left of it."""
    with world(bus=True) as air:
        room = Room(air, miracast, manager=Manager(air))
        for intent in intents:
            room.listen()
            cast = room.cast("--wait", "80")  # a NetworkManager that has just begun scans much else first
            room.come_together(cast, intent)
            act(room, cast)
            room.same_state()
            room.after_cast()


def interrupted_cast(room, cast):
    cast.interrupt()
    cast.ended(timeout=60)


def killed_cast(room, cast):
    cast.kill()


def vanished_manager(room, cast):
    """Killed, it leaves its group to wpa_supplicant, and its own rules to whoever comes; a new one comes."""
    room.manager.child.kill()
    room.manager.child.wait()
    cast.ended("link.supplicant-gone", timeout=120)
    until(lambda: "p2p-wlan0" not in sh("ip -o link", quiet=True), "the group's end", 10)
    for table in re.findall(r"^table (\S+ nm-shared-p2p-\S+)", sh("nft list ruleset", quiet=True), re.M):
        sh(f"nft delete table {table}")
    sh("pkill -f 'dnsmasq.*--listen-address=10[.]42'", check=False)  # of the machine that is this guest
    room.manager.start()


def plain_user(miracast):
    """Who may not use NetworkManager's Wi-Fi Direct is told so, and nothing is touched."""
    with world(bus=True) as air:
        room = Room(air, miracast, manager=Manager(air))
        room.manager.ask_polkit()
        room.listen()
        for words in ((), ("--p2p-backend", "dbus"), ("--p2p-backend", "wpas", "--wpa-control", room.control)):
            cast = room.cast(*words, user=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
            cast.ended("link.no-permission", timeout=120)
            room.same_state()


def direct(miracast, words):
    """wpa_supplicant driven directly on a card that NetworkManager manages: it lends it, and has it back."""
    with world(bus=True) as air:
        room = Room(air, miracast, manager=Manager(air))
        for intent, act in ((15, interrupted_cast), (0, interrupted_cast), (0, killed_cast)):
            room.listen()
            cast = room.cast(*words)
            _, role, _ = room.come_together(cast, intent)
            if role != ROLE_OF_INTENT[intent] or "NetworkManager lends wlan0 until the end" not in cast.text():
                raise Failure(f"{role}: {cast.text()}")
            act(room, cast)
            room.same_state()
            room.after_cast()


def disconnected_cast(room, cast):
    room.manager.deactivate()
    cast.ended("link.group-removed", "link.lost", timeout=120)


# ---- which ones there are ----

BUS = {"bus": True, "source": {"arguments": ("-u",)}}
OVER_BUS = ("--p2p-backend", "dbus")
MANAGED = {"bus": True, "managed": True}
case = functools.partial
CASES = {
    "bare": bare,
    "discover": discovers,
    "cast-client": case(casts, intent=15),
    "cast-owner": case(casts, intent=0),
    "pin-entered": case(pin, shown_by="sink", intent=15),
    "killed": case(killed, steps=("searching", "negotiating", "listening")),
    "vanishes-and-cycles": case(side_by_side, names=("vanishes-wps-owner", "vanishes-dhcp-client", "cycles")),
    # Those above are the quick ones.
    "pin-shown": case(pin, shown_by="source", intent=0),
    "wrong-pins": case(side_by_side, names=("wrong-pin-entered", "wrong-pin-shown")),
    "joins": joins,
    "forgotten": forgotten,
    "invited-owner": case(invited, intent=0),
    "invited-client": case(invited, intent=15),
    "no-p2p-device": case(casts, intent=0, p2p_device=False),
    "station-channel-client": case(station_channel, intent=0),
    "station-channel-owner": case(station_channel, intent=15),
    "station-dropped": station_dropped,
    "dbus-discover": case(discovers, words=OVER_BUS, **BUS),
    "radio": case(casts, intent=15, seconds=5, radio=True),
    "dbus-killed": case(killed, steps=("searching", "negotiating", "forming", "listening"), words=OVER_BUS, **BUS),
    "dbus-cast-owner": case(casts, intent=0, words=OVER_BUS, **BUS),
    "dbus-cast-client": case(casts, intent=15, words=OVER_BUS, **BUS),
    "dbus-station-dropped": case(station_dropped, words=OVER_BUS, **BUS),
    "dbus-invited-owner": case(invited, intent=0, words=OVER_BUS, **BUS),
    "dbus-invited-client": case(invited, intent=15, words=OVER_BUS, **BUS),
    "address-with-keys": address_with_keys,
    "dbus-address-with-keys": case(address_with_keys, words=OVER_BUS, **BUS),
    "kms": graphics.run_tests,
    "kms-cast": kms_cast,
    "nm-discover": case(discovers, **MANAGED),
    "nm-cast-owner": case(casts, intent=0, **MANAGED),
    "nm-cast-client": case(casts, intent=15, **MANAGED),
    "nm-interrupted": case(managed, act=interrupted_cast),
    "nm-killed": case(managed, act=killed_cast),
    "nm-disconnected": case(managed, act=disconnected_cast),
    "nm-vanishes": case(managed, act=vanished_manager),
    "nm-plain-user": plain_user,
    "nm-direct": case(direct, words=("--p2p-backend", "wpas", "--wpa-control", "/run/wpa-source")),
    "nm-direct-dbus": case(direct, words=OVER_BUS),
    "vanishes-early": case(side_by_side, names=("vanishes-found", "vanishes-negotiation", "vanishes-wps-client")),
    "vanishes-late": case(side_by_side, names=("vanishes-dhcp-owner", "vanishes-rtsp-owner", "vanishes-rtsp-client")),
    "vanishes-streaming": case(side_by_side, names=("vanishes-session-owner", "vanishes-session-client")),
    "refusals": case(side_by_side, names=("no-address", "never-dials", "nobody-presses", "refused", "busy")),
    "supplicant-ends": case(side_by_side, names=("supplicant-ends",)),
    "supplicant-restarts": supplicant_restarts,
    "dbus-supplicant-restarts": case(supplicant_restarts, words=OVER_BUS, **BUS),
    "discovery-ends": discovery_ends,
    "killed-forming": case(killed, steps=("forming", "associating", "addressing")),
    "killed-streaming": killed_streaming,
    "cycles-with-pictures": case(side_by_side, names=("cycles-with-pictures",)),
}
QUICK = list(CASES)[:list(CASES).index("vanishes-and-cycles") + 1]
GROUPS = {"quick": QUICK, "all": list(CASES)}


def find(name):
    """A case, or one ending alone."""
    return CASES.get(name) or case(side_by_side, names=(name,))


def main(miracast, names):
    failed = 0
    names = [name for word in names for name in GROUPS.get(word, [word])]
    known = list(dict.fromkeys([*GROUPS, *CASES, *ACTS, *ENDINGS]))
    unknown = set(names) - set(known)
    if unknown:
        print(f"no such case: {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    print(f"1..{len(names)}", flush=True)
    for number, name in enumerate(names, 1):
        start = time.monotonic()
        if "RIG_RECORD" in os.environ:
            os.environ["RIG_RECORD"] = name
        try:
            find(name)(miracast)
            result = "ok"
        except Lacking as lacking:
            result, name = "ok", f"{name} # SKIP {lacking}"
        except Exception:  # a case must not take the others with it
            log(traceback.format_exc())
            failed += 1
            result = "not ok"
            keep_logs()  # the next one's programs write to the same files
        print(f"{result} {number} {name} ({time.monotonic() - start:.1f} s)", flush=True)
    keep_logs()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
