# SPDX-License-Identifier: MIT
"""The guest's graphics cards, and a program that shows pictures on one."""

import pathlib
import re
import shutil
import subprocess
import sys

from air import Failure, log, sh, until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
from harness import psnr  # noqa: E402

BUILD_OF_TESTS = "tests/unit/kmd-shim/test-kmd-shim-kms-cards"
# With a cursor and dma-bufs, with neither: how the drivers of their devices begin (virtio-pci or virtio_gpu).
WITH_CURSOR, BARE = "virtio", "bochs"
TESTS_S = 900


def cards():
    """{"virtio": "card0", ...}"""
    found = {}
    for card in pathlib.Path("/sys/class/drm").glob("card?"):
        driver = re.match(r"[a-z]+", (card / "device/driver").resolve().name)
        found[driver.group() if driver else ""] = card.name
    return found


def load():
    """Both drivers; the bare card may have been pulled out by an earlier case."""
    sh("modprobe virtio-gpu && modprobe bochs && echo 1 >/sys/bus/pci/rescan")
    found = until(lambda: {WITH_CURSOR, BARE} <= set(cards()) and cards(), f"both cards; there are {cards()}")
    for card in found.values():
        until(lambda name=card: pathlib.Path("/dev/dri", name).exists(), f"/dev/dri/{card}")
    return found[WITH_CURSOR], found[BARE]


def run_tests(miracast):
    """The unit tests that take the cards for themselves."""
    program = pathlib.Path(miracast).resolve().parents[1] / BUILD_OF_TESTS
    done = subprocess.run([program, *load()], capture_output=True, text=True, timeout=TESTS_S, check=False,
                          stdin=subprocess.DEVNULL)
    log(done.stdout + done.stderr)
    if done.returncode or "\nok 7 " not in "\n" + done.stdout:
        raise Failure(f"{program.name} ended with {done.returncode}")


class Screen:
    """The program, and what it drew last."""

    def __init__(self, air, miracast, card, size):
        self.drawn, self.words = pathlib.Path("/run/drawn.ppm"), pathlib.Path("/run/screen.log")
        program = pathlib.Path(miracast).resolve().parents[1] / "tests/lab/rig/screen"
        self.child = air.start([program, f"/dev/dri/{card}", *size, self.drawn], out=self.words,
                               stdin=subprocess.PIPE, text=True)

    def show(self, picture):
        self.child.stdin.write(f"{picture}\n")
        self.child.stdin.flush()
        until(lambda: f"shown: {picture}\n" in self.words.read_text(), f"picture {picture} on the screen")

    def is_seen(self, picture, least_db):
        """picture: what the television decoded last."""
        found = psnr(picture, self.drawn)
        log(f"the television's picture against what was drawn: {found:.1f} dB")
        if found < least_db:
            for path in (picture, self.drawn):
                shutil.copy(path, "/rig/out")
            raise Failure(f"the television shows another picture: {found:.1f} dB")
