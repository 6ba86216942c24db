#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every header says what it is for, on which threads and who owns it, and every file without a header of its own what it
is; docs/map.md lists them in these words.  Usage: check-headers.py [--map | --write] ROOT: --map holds that the map is
fresh, --write makes it so."""

import pathlib
import re
import sys

ROOMS = {
    "host": "the operating system's part, and the program",
    "kmd-shim": "the display path",
    "umd": "the driver",
    "rtsp": "the negotiator",
    "encoder": "frames to datagrams",
    "p2p": "how a sink is reached",
}
MAP = "docs/map.md"
MARK = "<!-- From here on made by tests/check-headers.py --write, out of the files' first comments. -->\n"


def first_comment(text):
    """The comment behind the licence line, as one line of words; drawings end it."""
    found = re.match(r"/\* SPDX[^\n]*\n/\* (.*?) ?\*/", text, re.S)
    if not found:
        return ""
    lines = [re.sub(r"^ \* ?", "", line) for line in found.group(1).split("\n")]
    return " ".join(line.strip() for line in lines if not line.startswith("  "))


def purpose(words, name):
    words = words.removeprefix(f"{name} - ")
    sentence = re.split(r"(?<=[.?])(?:\s|$)", words, maxsplit=1)[0].strip().rstrip(".:")
    if re.match(r"[a-z]+[ ,:]", sentence):
        sentence = sentence[0].upper() + sentence[1:]
    return sentence.replace("|", "\\|")


def header_problems(name, words):
    if not words.startswith(f"{name} - "):
        yield f"{name}: does not begin with \"{name} - \" and what it is for"
    if not re.search(r"\bThreads?( and owner)?: ", words):
        yield f"{name}: does not say on which threads"
    if not re.search(r"\b(Owner|Threads? and owner): ", words):
        yield f"{name}: does not say who owns it"


def survey(root):
    """Problems, and rows (room, name, purpose)."""
    problems, rows = [], []
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.[ch]")):
            if path.suffix == ".c" and path.with_suffix(".h").is_file():
                continue
            name = path.relative_to(root).as_posix()
            words = first_comment(path.read_text(encoding="utf-8"))
            if path.suffix == ".h":
                problems += header_problems(name, words)
            elif not words:
                problems.append(f"{name}: has no header, and no first comment that says what it is")
            rows.append((room, name.removesuffix(".h"), purpose(words, name)))
    return problems, rows


def tables(rows):
    text = MARK
    for room, title in ROOMS.items():
        text += f"\n## `{room}/`: {title}\n\n| file | what it is |\n|---|---|\n"
        text += "".join(f"| `{name.removeprefix(room + '/')}` | {what} |\n" for where, name, what in rows if where == room)
    return text


def main():
    options = {word for word in sys.argv[1:] if word.startswith("--")}
    root = pathlib.Path(next((word for word in sys.argv[1:] if word not in options), ".")).resolve()
    problems, rows = survey(root)
    before = (root / MAP).read_text(encoding="utf-8")
    after = before.split(MARK)[0] + tables(rows)
    if "--write" in options:
        (root / MAP).write_text(after, encoding="utf-8")
    elif "--map" in options and before != after:
        problems.append(f"{MAP} is stale: tests/check-headers.py --write .")
    print("\n".join(problems) or f"headers: {len(rows)} files say what they are")
    return 1 if problems else 0


sys.exit(main())
