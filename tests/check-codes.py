#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check-codes.py ROOT: every error code that the sources can print stands in the manual page, and no other."""

import pathlib
import re
import sys

ROOMS = ("encoder", "host", "kmd-shim", "p2p", "rtsp", "umd")
FAMILIES = "audio|capture|demo|encoder|hdcp|input|kmd|link|rtsp|session|srtp|stats|stream|system|uibc|umd|usage"
# A literal of its own, or in brackets within a message.
CODE = re.compile(rf'["\[]((?:{FAMILIES})\.[a-z][a-z0-9-]*)["\]]')
NO_CODES = {"rtsp.log", "session.pcapng"}  # files


def of_sources(root):
    found = {}
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.[ch]")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                for code in CODE.findall(line.split("//")[0]):
                    found.setdefault(code, f"{path.relative_to(root)}:{number}")
    return {code: place for code, place in found.items() if code not in NO_CODES}


def of_manual(path):
    text = path.read_text()
    section = text[text.index(".Sh DIAGNOSTICS"):]
    return re.findall(rf"^\.It ((?:{FAMILIES})\.\S+)$", section, re.M)


def main(root):
    ours, told = of_sources(root), of_manual(root / "host/miracast.1")
    faults = [f"{place}: {code} is not in host/miracast.1" for code, place in sorted(ours.items()) if code not in told]
    faults += [f"host/miracast.1: nothing prints {code}" for code in told if code not in ours]
    faults += [f"host/miracast.1: {code} is not in its place" for before, code in zip(told, told[1:]) if before >= code]
    if len(ours) < 80:
        faults.append(f"only {len(ours)} codes found: this check no longer sees them")
    print("\n".join(faults) or f"{len(ours)} codes, all in the manual page")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
