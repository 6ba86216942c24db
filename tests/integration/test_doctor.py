#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`miracast doctor` on this machine, and behind a firewall in a name space: test_doctor.py MIRACAST"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import check  # noqa: E402

RULES = "table inet block { chain input { type filter hook input priority 0; policy drop; }; }"


def doctor(*words, prefix=()):
    done = subprocess.run([*prefix, sys.argv[1], "doctor", *words], capture_output=True, text=True,
                          timeout=120, check=False)
    check(done.returncode in (0, 1), done.stderr)
    return done


def findings(**more):
    done = doctor("--json", **more)
    found = json.loads(done.stdout)
    for line in found:
        check(line["level"] in ("ok", "warn", "fail") and line["text"], line)
        check(line["level"] != "fail" or line.get("next"), f"no next step: {line}")
    check(done.returncode == int(any(line["level"] == "fail" for line in found)), "exit status")
    return {line["what"]: line for line in found}


names = findings()
for what in ("card", "supplicant", "back end", "firewall", "encoder", "capture", "sound"):
    check(what in names, f"nothing about {what}")
check("encodes" in names["encoder"]["text"] or names["encoder"]["level"] == "fail", names["encoder"])
check("firewall" in doctor().stdout, "text")
check(subprocess.run([sys.argv[1], "doctor", "word"], capture_output=True, check=False).returncode == 2,
      "usage")

if os.geteuid() or not shutil.which("nft"):
    print("the dial through a firewall is not tested: needs root and nft")
    sys.exit(0)
space = ("unshare", "-n", "-m", "sh", "-c")
free = findings(prefix=(*space, 'mount -t tmpfs none /run; mkdir -p /run/netns; exec "$@"', "sh"))
if "not proved" in free["firewall"]["text"]:
    print("the dial is not tested: " + free["firewall"]["text"])
    sys.exit(0)
check(free["firewall"]["level"] == "ok", free["firewall"])


def behind(rules):
    return findings(prefix=(*space, f"mount -t tmpfs none /run; mkdir -p /run/netns; nft '{rules}' && "
                                    'exec "$@"', "sh"))["firewall"]


shut = behind(RULES)
check(shut["level"] == "ok" and "opened as for a session" in shut["text"], shut)
walled = behind(RULES.replace("hook input", "hook prerouting"))  # nothing that a cast would open
check(walled["level"] == "fail" and "blocked" in walled["text"], walled)
