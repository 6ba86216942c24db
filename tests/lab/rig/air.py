# SPDX-License-Identifier: MIT
"""The guest's world, for scripts that run in the rig: radios, name spaces, supplicants, devices.

Radio 0 (wlan0) is the source's and stays in the main name space; each other device has its radio and
its programs in a name space of its own.  Control sockets are files, so a script in the main name space
talks to every supplicant.  Nothing here sleeps where there is an event to wait for.
"""

import contextlib
import itertools
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import time

HOSTAPD_LIKE = """ctrl_interface=DIR=/run/wpa-{name}
device_name={device_name}
device_type={device_type}
config_methods={config_methods}
p2p_listen_reg_class=81
p2p_listen_channel={listen_channel}
persistent_reconnect={reconnect}
update_config=1
country={country}
"""
SINK_TYPE, SOURCE_TYPE = "7-0050F204-1", "1-0050F204-1"
SINK_WFD = "000600111c440032"  # device information: primary sink, available, port 7236, 50 Mbit/s
PATIENCE_S = 30
_numbers = itertools.count()
_start = time.monotonic()


class Lacking(Exception):
    """The case needs what is not installed."""


class Failure(Exception):
    """What was expected in the rig and did not come."""


def log(text):
    print(f"# {time.monotonic() - _start:7.3f} " + text.replace("\n", "\n#         "), flush=True)


def sh(command, check=True, quiet=False):
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL)
    if not quiet:
        log(f"$ {command} -> {done.returncode} {(done.stdout + done.stderr).strip()}")
    if check and done.returncode:
        raise Failure(f"{command}: {done.stderr.strip()}")
    return done.stdout


def until(condition, what, timeout=PATIENCE_S):
    """For what has no event: looks again every 50 ms.  Gives what the condition gave."""
    end = time.monotonic() + timeout
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Failure(f"not within {timeout} s: {what}")
        time.sleep(0.05)


def make_radios(count, p2p_device=True, channels=1):
    sh("rmmod mac80211_hwsim", check=False, quiet=True)
    sh(f"modprobe mac80211_hwsim radios={count} support_p2p_device={int(p2p_device)} channels={channels}")
    for number in range(count):
        until(lambda n=number: os.path.isdir(f"/sys/class/net/wlan{n}"), f"wlan{number}")


class Space:
    """A network name space, or with name None the main one."""

    def __init__(self, name=None):
        self.name = name
        self.prefix = ["ip", "netns", "exec", name] if name else []
        if name:
            sh(f"ip netns add {name} && ip -n {name} link set lo up", quiet=True)

    def words(self, argv):
        return self.prefix + [str(word) for word in argv]

    def sh(self, command, **more):
        return sh(" ".join(self.prefix + [command]), **more)

    def take_radio(self, number):
        if self.name:
            phy = pathlib.Path(f"/sys/class/net/wlan{number}/phy80211/name").read_text().strip()
            sh(f"iw phy {phy} set netns name {self.name}", quiet=True)

    def close(self):
        if self.name:
            sh(f"ip netns del {self.name}", check=False, quiet=True)


class Supplicant:
    """A wpa_supplicant and its control socket: commands on one socket, events on a second one."""

    def __init__(self, name, radio, space=None, device_name=None, device_type=SINK_TYPE,
                 config_methods="display keypad push_button virtual_push_button", listen_channel=6,
                 country="DE", reconnect=1, extra_config="", arguments=()):
        self.name, self.space, self.interface = name, space or Space(), f"wlan{radio}"
        self.ctrl_dir = f"/run/wpa-{name}"
        shutil.rmtree(self.ctrl_dir, ignore_errors=True)  # of one that was killed
        config = self.config = pathlib.Path(f"/run/wpa-{name}.conf")
        config.write_text(HOSTAPD_LIKE.format(
            name=name, device_name=device_name or name, device_type=device_type,
            config_methods=config_methods, listen_channel=listen_channel, country=country, reconnect=reconnect)
            + extra_config)
        self.log_path = f"/run/wpa-{name}.log"
        self.argv = self.space.words(["wpa_supplicant", "-Dnl80211", f"-i{self.interface}", f"-c{config}", "-t",
                                      f"-f{self.log_path}", *arguments])
        self.start()

    def start(self):
        name = self.name
        self.child = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
        # P2P commands go to the card's P2P device where the driver has one.
        until(lambda: os.path.exists(f"{self.ctrl_dir}/{self.interface}"), f"socket of {name}")
        device = f"{self.ctrl_dir}/p2p-dev-{self.interface}"
        phy = pathlib.Path("/sys/module/mac80211_hwsim/parameters/support_p2p_device").read_text()
        if phy.strip() == "Y":
            until(lambda: os.path.exists(device), f"P2P socket of {name}")
        self.path = device if os.path.exists(device) else f"{self.ctrl_dir}/{self.interface}"
        self.commands, self.events = self._open(self.path), self._open(self.path)
        self.events.send(b"ATTACH")
        if self.events.recv(64) != b"OK\n":
            raise Failure(f"{name}: no ATTACH")
        self.address = self.field("STATUS", "p2p_device_address")

    @staticmethod
    def _open(path):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind(f"/run/rig-{os.getpid()}-{next(_numbers)}")
        sock.connect(path)
        sock.settimeout(20)
        return sock

    def send(self, command, quiet=False):
        self.commands.send(command.encode())
        answer = self.commands.recv(65536).decode(errors="replace").strip()
        if not quiet:
            log(f"{self.name} > {command}\n< {answer}")
        return answer

    def command(self, command, want="OK"):
        answer = self.send(command)
        if answer != want:
            raise Failure(f"{self.name}: {command}: {answer}")

    def field(self, command, key):
        found = re.search(rf"^{key}=(\S*)", self.send(command), re.M)
        return found.group(1) if found else None

    def event(self, *patterns, timeout=PATIENCE_S, fail=()):
        """The match of the next event that has one of the patterns; one of `fail` raises."""
        end = time.monotonic() + timeout
        while select.select([self.events], [], [], max(0, end - time.monotonic()))[0]:
            text = self.events.recv(65536).decode(errors="replace").strip()
            log(f"{self.name} ! {text}")
            for pattern in patterns:
                found = re.search(pattern, text)
                if found:
                    return found
            if any(re.search(pattern, text) for pattern in fail):
                raise Failure(f"{self.name}: {text}")
        raise Failure(f"{self.name}: no {' or '.join(patterns)} in {timeout} s")

    def drain(self):
        while select.select([self.events], [], [], 0)[0]:
            self.events.recv(65536)

    def send_at(self, interface, command):
        """To another of its interfaces: a group's, the station's."""
        with contextlib.closing(self._open(f"{self.ctrl_dir}/{interface}")) as sock:
            sock.send(command.encode())
            answer = sock.recv(65536).decode(errors="replace").strip()
            os.unlink(sock.getsockname())
        log(f"{self.name} {interface} > {command}\n< {answer}")
        return answer

    def field_at(self, interface, command, key):
        found = re.search(rf"^{key}=(\S*)", self.send_at(interface, command), re.M)
        return found.group(1) if found else None

    def kill(self):
        """As a device whose plug is pulled: no goodbye on the air."""
        self.child.kill()
        self.child.wait()

    def restart(self):
        """Killed, and started again at once: the sockets that the dead one left are cleared away first."""
        self.kill()
        self._hang_up()
        shutil.rmtree(self.ctrl_dir)
        self.start()

    def _hang_up(self):
        for sock in (self.commands, self.events):
            path = sock.getsockname()
            sock.close()
            if path:
                os.unlink(path)

    def close(self):
        self._hang_up()
        if self.child.poll() is None:
            self.child.terminate()
            self.child.wait(20)


class Air:
    """One test's radios, name spaces and programs; all of it ends with the block."""

    def __init__(self, radios=2, p2p_device=True, channels=1):
        self.stack = contextlib.ExitStack()
        make_radios(radios, p2p_device, channels)
        self.phys = [pathlib.Path(f"/sys/class/net/wlan{number}/phy80211/name").read_text().strip()
                     for number in range(radios)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def hear(self, radio, group):
        """Radios hear each other where the masks overlap; all are in group 0 until told otherwise."""
        self._mask(self.phys[radio], 1 << group)

    def silence(self, phy):
        """Neither heard nor hearing."""
        self._mask(phy, 1 << 31)

    @staticmethod
    def _mask(phy, mask):
        pathlib.Path(f"/sys/kernel/debug/ieee80211/{phy}/hwsim/group").write_text(f"{mask:#x}")

    def space(self, name, radio):
        space = Space(name)
        self.stack.callback(space.close)
        space.take_radio(radio)
        return space

    def supplicant(self, name, radio, **more):
        made = Supplicant(name, radio, **more)
        self.stack.callback(made.close)
        return made

    def sink(self, name="sink", radio=1, wfd=SINK_WFD, **more):
        """A supplicant in its own name space that says that it is a Wi-Fi Display sink."""
        more.setdefault("device_name", "Lab Sink")
        made = self.supplicant(name, radio, space=self.space(name, radio), **more)
        made.command("SET wifi_display 1")
        if wfd:
            made.command(f"WFD_SUBELEM_SET 0 {wfd}")
        return made

    def start(self, argv, space=None, out=None, **more):
        """A program in a name space; killed at the end if it still runs."""
        argv = (space or Space()).words(argv)
        log("& " + " ".join(argv))
        with open(out or "/dev/null", "w", encoding="utf-8") as stream:
            more.setdefault("stdin", subprocess.DEVNULL)
            child = subprocess.Popen(argv, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True,
                                     **more)
        self.stack.callback(end, child)
        return child

    def dhcp_server(self, interface, space=None, net="192.168.49"):
        """The GO's side: an address and dnsmasq, without its three seconds of ping."""
        space = space or Space()
        space.sh(f"ip addr add {net}.1/24 dev {interface}")
        leases = f"/run/leases-{next(_numbers)}"
        return self.start(["dnsmasq", "-k", "-C", "/dev/null", "-p0", "-i", interface,
                           "--bind-interfaces", "--user=root", "--no-ping", "--dhcp-option=3", "-F",
                           f"{net}.20,{net}.60,255.255.255.0,1h", f"--dhcp-leasefile={leases}"], space,
                          f"/run/dnsmasq-{next(_numbers)}.log")

    def dhcp_client(self, interface, space=None):
        """The client's side, as a TV does it; the address it was given."""
        space = space or Space()
        script = pathlib.Path(f"/run/dhcp-bound-{next(_numbers)}")
        script.write_text('#!/bin/sh\n[ "$1" = bound ] && ip addr add "$ip/24" dev "$interface"\n'
                          'exit 0\n')
        script.chmod(0o755)
        space.sh(f"busybox udhcpc -f -q -n -t 20 -T 1 -i {interface} -s {script}")
        return re.search(r"inet ([0-9.]+)", space.sh(f"ip -4 -o addr show dev {interface}")).group(1)


def end(child):
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def keep_logs(folder="/rig/out"):
    for path in pathlib.Path("/run").glob("*.log"):
        shutil.copy(path, folder)
