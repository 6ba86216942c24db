#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the directions of the arrows: which room may include which.  Usage: check-includes.py ROOT"""

import pathlib
import re
import sys

ABI = "kmd-shim/abi/"
ALLOWED = {
    "rtsp": ["rtsp/"],
    "p2p": ["p2p/"],
    "kmd-shim": ["kmd-shim/"],
    "encoder": ["encoder/", ABI],
    "umd": ["umd/", "rtsp/", "encoder/", "p2p/", ABI],
    "host": ["host/", "umd/", "kmd-shim/", "rtsp/", "encoder/", "p2p/"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def problems(root):
    for room, allowed in ALLOWED.items():
        for path in sorted((root / room).rglob("*.[ch]")):
            text = path.read_text(encoding="utf-8")
            name = path.relative_to(root)
            if "SPDX-License-Identifier: MIT" not in text[:200]:
                yield f"{name}: no SPDX line"
            if path.suffix == ".h" and "#pragma once" not in text:
                yield f"{name}: no #pragma once"
            for include in INCLUDE.findall(text):
                if not any(include.startswith(prefix) for prefix in allowed):
                    yield f"{name}: may not include \"{include}\""
                elif not (root / include).is_file():
                    yield f"{name}: \"{include}\" is not written from the root"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = list(problems(root))
    print("\n".join(found) or "includes: all arrows point the right way")
    return 1 if found else 0


sys.exit(main())
