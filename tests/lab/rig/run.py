#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run.py [options] COMMAND...: runs a command in the radio rig and gives its output and exit status.

The rig is a virtual machine with the distribution's kernel and this machine's files (read-only, with
memory over them), where simulated Wi-Fi radios can be made.  Own exit status: 77 the rig can't be had
here (the reason is printed), 124 time ran out or nothing was said, 125 the guest ended without a status.
"""

import argparse
import math
import os
import pathlib
import selectors
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import kernel as rig_kernel  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BOOT_S = 900  # emulated boots take 5 to 10 s on an idle machine; on one that builds in every corner, minutes
BOOT_KVM_S = 20
BEGIN = b"rig: the command's words\n"  # guest-init.sh: what stands before it is somebody else's


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", help="folder the guest sees as /rig/out (default: a temporary one)")
    parser.add_argument("--cache", default=os.environ.get("MIRACAST_RIG_CACHE", ROOT / "build/rig"),
                        help="folder of the kernel (default: build/rig)")
    parser.add_argument("--timeout", type=float, default=180, help="seconds for all")
    parser.add_argument("--silence", type=float, default=math.inf, metavar="SECONDS",
                        help="end where the command says nothing for so long (default: only --timeout counts)")
    parser.add_argument("--memory", type=int, default=2048, help="MiB")
    parser.add_argument("--accel", choices=("auto", "kvm", "tcg"),
                        default=os.environ.get("MIRACAST_RIG_ACCEL", "auto"))
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--record", action="store_true",
                        help="a case's first program's dialogue with wpa_supplicant, in --out (see record.py)")
    parser.add_argument("--tap", action="store_true", help="say a skip in TAP's words, status 0")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    parsed = parser.parse_args()
    if not parsed.command:
        parser.error("no command")
    return parsed


def write_command(out, opts):
    lines = [f"cd {shlex.quote(os.getcwd())} || exit 125"]
    for pair in opts.env + (["RIG_RECORD=record"] if opts.record else []):
        lines.append(f"export {shlex.quote(pair)}")
    lines.append("exec " + shlex.join(opts.command))
    (out / "command").write_text("\n".join(lines) + "\n")


def qemu_argv(kernel, out, accel, opts):
    # Emulated, the guest's clock counts its own instructions (one is a nanosecond) and follows the real
    # one only while it is idle: protocol timers don't notice how busy this machine is.
    processor = {"kvm": ["-accel", "kvm", "-cpu", "host", "-smp", "2"],
                 "tcg": ["-accel", "tcg,thread=single,tb-size=512", "-icount", "shift=0,sleep=on",
                         "-cpu", "max", "-smp", "1"]}[accel]
    words = ["console=ttyS0", "quiet", "panic=-1", "mitigations=off",
             f"rig.init={HERE / 'guest-init.sh'}", f"rig.modules={kernel.modules}"]
    return [rig_kernel.find("qemu-system-x86_64"), *processor, "-machine", "pc", "-m",
            str(opts.memory), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-monitor", "none", "-serial", f"file:{out / 'console.log'}", "-serial", "stdio",
            "-kernel", str(kernel.image), "-initrd", str(kernel.initramfs),
            "-fsdev", "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap",
            "-device", "virtio-9p-pci,fsdev=root,mount_tag=root",
            "-fsdev", f"local,id=out,path={out},security_model=none",
            "-device", "virtio-9p-pci,fsdev=out,mount_tag=out",
            "-object", "rng-random,id=rng0,filename=/dev/urandom",
            "-device", "virtio-rng-pci,rng=rng0",
            # Graphics cards; nothing looks at them before a case loads their drivers.
            "-device", "virtio-gpu-pci,xres=640,yres=480", "-device", "bochs-display,xres=800,yres=600",
            "-append", " ".join(words)]


def console(out):
    path = out / "console.log"
    return path.read_text(errors="replace") if path.exists() else ""


class Words:
    """The command's words to stdout, what came before them to stderr: whoever reads TAP takes no other line."""

    def __init__(self):
        self.before = b""  # None: the command speaks

    def take(self, data):
        if self.before is not None:
            self.before += data
            stray, begin, data = self.before.partition(BEGIN)
            if not begin:
                return
            sys.stderr.buffer.write(stray)
            self.before = None
        sys.stdout.buffer.write(data)
        sys.stdout.flush()

    def end(self):
        sys.stderr.buffer.write(self.before or b"")


def follow(child, out, boot_s, end, silence_s):
    """Copies the command's words to stdout; "ended", "no boot", "late" or "silent"."""
    up, boot_end, heard, words = False, time.monotonic() + boot_s, time.monotonic(), Words()
    with selectors.DefaultSelector() as poll:
        poll.register(child.stdout, selectors.EVENT_READ)
        while True:
            limit, how = min((end, "late"), (heard + silence_s, "silent")) if up else (min(boot_end, end), "no boot")
            if time.monotonic() > limit:
                words.end()
                return how
            if poll.select(timeout=0.5):
                data = os.read(child.stdout.fileno(), 65536)
                if not data:
                    child.wait()
                    words.end()
                    return "ended"
                words.take(data)
                up, heard = True, time.monotonic()
            up = up or "rig: guest is up" in console(out)


def attempt(kernel, out, accel, opts):
    """The guest's exit status, or None where it did not come up."""
    for name in ("status", "console.log"):
        (out / name).unlink(missing_ok=True)
    end = time.monotonic() + opts.timeout
    with open(out / "qemu.log", "w", encoding="utf-8") as errors:
        child = subprocess.Popen(qemu_argv(kernel, out, accel, opts), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=errors)
    try:
        how = follow(child, out, BOOT_KVM_S if accel == "kvm" else BOOT_S, end, opts.silence)
    finally:
        child.kill()
        child.wait()
    status = out / "status"
    if how == "ended" and status.exists() and status.read_text().strip():
        return int(status.read_text())
    if how == "late":
        print(f"rig: no end within {opts.timeout:.0f} s", file=sys.stderr)
        return 124
    if how == "silent":
        print(f"rig: no word for {opts.silence:.0f} s", file=sys.stderr)
        return 124
    if "rig: guest is up" in console(out):
        print("rig: the guest died\n" + console(out)[-3000:], file=sys.stderr)
        return 125
    return None


def accelerators(wish, kernel):
    """Which to try; /dev/kvm being there says little, so what worked once is remembered."""
    if wish != "auto":
        return [wish]
    memory = kernel.cache / "accel"
    if memory.exists():
        return [memory.read_text().strip()]
    return (["kvm"] if os.access("/dev/kvm", os.R_OK | os.W_OK) else []) + ["tcg"]


def run(opts, out):
    rig_kernel.need("qemu-system-x86_64", "dpkg-deb", "modprobe")
    kernel = rig_kernel.Kernel(opts.cache)
    write_command(out, opts)
    for accel in accelerators(opts.accel, kernel):
        status = attempt(kernel, out, accel, opts)
        if status is not None:
            (kernel.cache / "accel").write_text(accel)
            return status
        print(f"rig: the guest did not come up with {accel}", file=sys.stderr)
    print((out / "qemu.log").read_text()[-1000:] + console(out)[-3000:], file=sys.stderr)
    return 125


def main():
    opts = options()
    folder = None
    if not opts.out:
        folder = tempfile.mkdtemp(prefix="miracast-rig-")
    out = pathlib.Path(opts.out or folder).resolve()
    out.mkdir(parents=True, exist_ok=True)
    try:
        return run(opts, out)
    except rig_kernel.Unavailable as why:
        print(f"1..0 # SKIP the radio rig: {why}" if opts.tap else f"rig: skipped: {why}")
        return 0 if opts.tap else 77
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
