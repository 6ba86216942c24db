# SPDX-License-Identifier: MIT
"""A name space of a test's own, with files of its own over /run, /var/log and /etc: what runs in it as root
touches neither this machine's network nor its services."""

import os
import shutil
import subprocess
import sys
import time

from harness import check

PATIENCE_S = 120
MOUNTS = ("for d in /run /var/log; do mount -t tmpfs none $d || exit 1; done; mkdir /run/etc /run/work /run/netns; "
          "mount -t overlay -o lowerdir=/etc,upperdir=/run/etc,workdir=/run/work none /etc || exit 1; "
          "ip link set lo up; exec \"$@\"")
PLAIN_USER = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def until(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        check(time.monotonic() < end, f"never: {what}")
        time.sleep(0.05)


def enter(inside, needed):
    """Runs inside(*arguments of the command line) there; skipped (77) where that can't be had."""
    if sys.argv[1] == "--inside":
        inside(*sys.argv[2:])
        return
    missing = [name for name in ("ip", "unshare", "setpriv", *needed) if not shutil.which(name)]
    if missing or os.geteuid():
        print("skipped: needs " + (", ".join(missing) or "root"))
        sys.exit(77)
    space = ["unshare", "--net", "--mount", "--propagation", "private"]
    if subprocess.run([*space, "true"], check=False).returncode:
        print("skipped: no name space can be made here")
        sys.exit(77)
    sys.exit(subprocess.run([*space, "sh", "-c", MOUNTS, "sh", sys.executable, sys.argv[0], "--inside",
                             *sys.argv[1:]], check=False, timeout=500).returncode)
