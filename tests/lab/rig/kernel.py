# SPDX-License-Identifier: MIT
"""The rig's kernel: the distribution's package, unpacked (never installed) in a cache folder.

The package is found by following the distribution's "newest kernel" package, so that no version
stands here.  What results: vmlinux (or the packed image where it can't be unpacked), a modules tree
with modules.dep, and an initramfs that mounts the host's root read-only under an overlay.
"""

import bz2
import contextlib
import fcntl
import gzip
import lzma
import os
import pathlib
import platform
import shlex
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
# Loaded by the initramfs, so before there is a root.
BOOT_MODULES = ("virtio_pci", "virtio_rng", "9pnet_virtio", "9p", "overlay")
NEWEST = {"debian": ("linux-image-amd64",), "ubuntu": ("linux-image-generic", "linux-image-virtual")}


class Unavailable(Exception):
    """This machine can't have the rig; the text says why."""


def need(*programs):
    missing = [name for name in programs if not find(name)]
    if missing:
        raise Unavailable("not installed: " + ", ".join(missing))


def find(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def output(*argv, **more):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise Unavailable(f"{shlex.join(argv)}: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def distribution():
    words = {}
    for line in pathlib.Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        words[key] = value.strip('"')
    for name in [words.get("ID", "")] + words.get("ID_LIKE", "").split():
        if name in NEWEST:
            return name
    raise Unavailable("kernel packages are known for Debian and Ubuntu only")


def package_names():
    """The packages that hold the newest kernel and its modules."""
    for meta in NEWEST[distribution()]:
        listed = subprocess.run(["apt-cache", "depends", "--no-recommends", "--no-suggests", meta],
                                capture_output=True, text=True, check=False).stdout
        images = [line.split()[-1] for line in listed.splitlines()
                  if "Depends: linux-image-" in line]
        if not images:
            continue
        version = images[0].removeprefix("linux-image-").removeprefix("unsigned-")
        names = [images[0]]
        for part in ("linux-modules-", "linux-modules-extra-"):  # as Ubuntu splits it
            if subprocess.run(["apt-cache", "show", part + version], capture_output=True,
                              check=False).returncode == 0:
                names.append(part + version)
        return version, names
    raise Unavailable("apt knows no kernel package; apt-get update may help")


def unpack_image(image, target):
    """The ELF kernel out of a packed one: unpacking it under emulation costs seconds at each boot."""
    data = image.read_bytes()
    for magic, opener in ((b"\xfd7zXZ\0", lzma.LZMADecompressor), (b"BZh", bz2.BZ2Decompressor)):
        at = data.find(magic)
        if at < 0:
            continue
        try:
            elf = opener().decompress(data[at:])
        except (lzma.LZMAError, OSError, ValueError):
            continue
        if elf.startswith(b"\x7fELF"):
            target.write_bytes(elf)
            return
    shutil.copyfile(image, target)


def module_bytes(path):
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zst":
        need("zstd")
        return subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout
    return path.read_bytes()


def make_initramfs(tree, version, target):
    """busybox, the modules in load order and rig/init, as a cpio archive."""
    need("modprobe", "cpio", "busybox")
    folder = target.with_suffix(".tmp")
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("bin", "dev", "proc", "sys", "modules", "host", "write", "root"):
        (folder / name).mkdir(parents=True)
    shutil.copy(find("busybox"), folder / "bin/busybox")
    (folder / "bin/sh").symlink_to("busybox")
    order = []
    for module in BOOT_MODULES:
        for line in output(find("modprobe"), "-d", str(tree), "-S", version, "--show-depends",
                           module).splitlines():
            kind, *path = line.split()
            if kind != "insmod":
                continue
            path = pathlib.Path(path[0])
            plain = path.name.split(".ko")[0] + ".ko"
            if plain not in order:
                order.append(plain)
                (folder / "modules" / plain).write_bytes(module_bytes(path))
    (folder / "modules/order").write_text("\n".join(order) + "\n")
    shutil.copy(HERE / "initramfs-init.sh", folder / "init")
    (folder / "init").chmod(0o755)
    names = "\n".join(["."] + sorted(str(p.relative_to(folder)) for p in folder.rglob("*")))
    packed = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], input=names.encode(),
                            capture_output=True, cwd=folder, check=True).stdout
    target.write_bytes(gzip.compress(packed, 1))
    shutil.rmtree(folder)


@contextlib.contextmanager
def alone(folder):
    """Two runs may share a cache, and begin at once."""
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Kernel:
    """A ready kernel: .image, .initramfs, .modules (folder with VERSION), .version"""

    def __init__(self, cache):
        if platform.machine() != "x86_64":
            raise Unavailable(f"the rig's kernel is for x86_64, this machine is {platform.machine()}")
        self.cache = pathlib.Path(cache).resolve()
        self.cache.mkdir(parents=True, exist_ok=True)
        self.tree, self.image = self.cache / "tree", self.cache / "vmlinux"
        with alone(self.cache):
            self._make_ready()

    def _make_ready(self):
        ready = self.cache / "version"
        if not ready.exists():
            self._download()
            ready.write_text(self.version)
        self.version = ready.read_text()
        self.modules = self.tree / "lib/modules"
        self.initramfs = self.cache / "initramfs.gz"
        sources = [HERE / "initramfs-init.sh", HERE / "kernel.py"]
        if (not self.initramfs.exists()
                or any(p.stat().st_mtime > self.initramfs.stat().st_mtime for p in sources)):
            make_initramfs(self.tree, self.version, self.initramfs)

    def _download(self):
        need("apt-get", "apt-cache", "dpkg-deb", "depmod")
        self.version, names = package_names()
        folder = self.cache / "packages"
        shutil.rmtree(self.tree, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        output("apt-get", "download", "-qq", *names, cwd=folder)
        for package in folder.glob("*.deb"):
            output("dpkg-deb", "-x", str(package), str(self.tree))
        shutil.rmtree(folder)
        if not (self.tree / "lib").exists():  # packages of merged-/usr distributions
            (self.tree / "lib").symlink_to("usr/lib")
        output(find("depmod"), "-b", str(self.tree), self.version)
        images = list(self.tree.glob(f"boot/vmlinuz-{self.version}"))
        if not images:
            raise Unavailable(f"{names[0]} holds no boot/vmlinuz-{self.version}")
        unpack_image(images[0], self.image)
