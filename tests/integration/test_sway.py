#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Wayland with nothing of our own but the relay: a headless sway with real programs, PipeWire,
xdg-desktop-portal and its wlroots part, and the lab's sink.  Usage: test_sway.py MIRACAST CASE"""

import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import ROOT, Skipped, check, main, need_programs, psnr, run, until  # noqa: E402
from test_cast import EXIT_CAPTURE, expect_error, finish  # noqa: E402

SIZE = (1280, 720)
SERVICES = {  # the bus starts them when they are called, as on a desktop
    "org.freedesktop.portal.Desktop": "xdg-desktop-portal",
    "org.freedesktop.impl.portal.desktop.wlr": "xdg-desktop-portal-wlr",
    "org.freedesktop.impl.portal.PermissionStore": "xdg-permission-store",
}
BUS = """<busconfig><type>session</type><listen>unix:path={bus}</listen><servicedir>{services}</servicedir>
<policy context='default'><allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/><allow own='*'/></policy>
</busconfig>"""
CHOOSER = """[screencast]
chooser_type=none
output_name=HEADLESS-1
"""
SWAY = """output HEADLESS-1 mode --custom {width}x{height} transform {turn} bg {picture} stretch
for_window [app_id="foot"] floating enable, border none, resize set 200 200, move position {right} 100
exec foot -e sh -c 'while :; do date +%N; sleep 0.1; done'
"""


class Desktop:
    """Everything runs in folders of its own; env is what programs of this desktop need."""

    def __init__(self, bed, turn=0):
        self.bed, self.folder, self.turn = bed, bed.folder / "desktop", turn
        self.programs = {name: pathlib.Path("/usr/libexec") / name for name in SERVICES.values()}
        need_programs("sway", "swaybg", "swaymsg", "foot", "pipewire", "wireplumber", "dbus-daemon", "ffmpeg")
        for path in self.programs.values():
            if not path.exists():
                raise Skipped(f"the program {path} is not installed")
        self.folder.mkdir(mode=0o700)
        self.picture = bed.folder / "shown.png"
        self.env = {**dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"),
                                    str(self.folder)),
                    "XDG_CURRENT_DESKTOP": "sway", "DISPLAY": "", "WAYLAND_DISPLAY": "relayed",
                    "SWAYSOCK": str(self.folder / "sway"), "WLR_BACKENDS": "headless",
                    "WLR_RENDERER": "pixman", "WLR_LIBINPUT_NO_DEVICES": "1",
                    "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.folder}/bus"}

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def start_program(self, *argv, until_there):
        program = self.bed.start(argv, self.env)

        def there():
            check(program.child.poll() is None, f"{argv[0]} ended:\n{program.text()}")
            return (self.folder / until_there).exists()
        until(f"{argv[0]}'s {until_there}", there)
        return program

    def start_bus(self):
        for name, program in SERVICES.items():
            self.write(f"services/{name}.service",
                       f"[D-BUS Service]\nName={name}\nExec={self.programs[program]}\n")
        config = self.write("bus.conf", BUS.format(bus=self.folder / "bus",
                                                   services=self.folder / "services"))
        self.bus = self.start_program("dbus-daemon", f"--config-file={config}", "--nofork",
                                      until_there="bus")

    def start_sway(self):
        """sway does not run as root: there it is somebody else, in a user namespace."""
        words = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.getuid() == 0 else []
        if words and subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
            raise Skipped("sway does not run as root, and user namespaces are not allowed")
        run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
             "smptehdbars=size={}x{}".format(*SIZE), "-frames:v", "1", self.picture])
        config = self.write("sway.conf", SWAY.format(width=SIZE[0], height=SIZE[1],
                                                     picture=self.picture, turn=self.turn,
                                                     right=450 if self.turn else 800))
        self.sway = self.start_program(*words, "sway", "-c", config, until_there="wayland-1")

    def start(self):
        self.write("xdg-desktop-portal-wlr/config", CHOOSER)
        self.start_bus()
        self.start_program("pipewire", until_there="pipewire-0")
        self.bed.start(["wireplumber"], self.env)
        self.start_sway()
        until("the screen", lambda: f'"width": {SIZE[0]}' in self.command("-t", "get_outputs"))
        self.start_program(sys.executable, ROOT / "tests/lab/wayland_relay.py", self.folder / "relayed",
                           self.folder / "wayland-1", until_there="relayed")
        return self

    def command(self, *words):
        return run(["swaymsg", *words], env={**os.environ, **self.env}).stdout


def left_half(path, fit="null"):
    """Without the terminal."""
    half = path.with_suffix(".half.png")
    run(["ffmpeg", "-v", "error", "-y", "-i", path, "-vf", f"{fit},crop=iw/2:ih:0:0", half])
    return half


def expect_picture(desktop, seen, fit="null"):
    value = psnr(left_half(desktop.picture, fit), left_half(seen))
    print(f"# PSNR {value} dB")
    check(value > 30, f"PSNR is {value} dB")


def begin(bed, desktop, *options):
    return bed.cast("--capture", "portal", "--audio", "test", "--fps", "30", *options,
                    env={**desktop.env, "WAYLAND_DISPLAY": ""})


def test_sway(bed):
    """The desktop's picture is the sink's."""
    desktop, seen = Desktop(bed).start(), bed.folder / "seen.png"
    source, port = begin(bed, desktop)
    sink = bed.sink(port, "--save-png", seen, duration=2)
    finish(bed, source, sink)
    expect_picture(desktop, seen)


def test_sway_turned(bed):
    """A screen that is hung sideways is shown upright, between borders, in a mode that is high enough."""
    desktop, seen = Desktop(bed, 90).start(), bed.folder / "seen.png"
    source, port = begin(bed, desktop)
    sink = bed.sink(port, "--save-png", seen, duration=2)
    finish(bed, source, sink)
    expect_picture(desktop, seen, "scale=675:1200,pad=1600:1200:462:0")


def test_sway_changes(bed):
    """Another size, then the end of the compositor."""
    desktop = Desktop(bed).start()
    source, port = begin(bed, desktop)
    sink = bed.sink(port, "--no-decode", duration=60)
    source.wait_line("streaming ")
    desktop.command("--", "output", "HEADLESS-1", "mode", "--custom", "960x540")
    source.wait_line("mode .*960x540")
    desktop.sway.send(signal.SIGKILL)
    expect_error(source, "capture.ended", EXIT_CAPTURE)
    sink.wait()


CASES = {"sway": test_sway, "sway-turned": test_sway_turned, "sway-changes": test_sway_changes}

if __name__ == "__main__":
    sys.exit(main(CASES))
