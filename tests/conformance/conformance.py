#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the tests of the driver interface's statements and writes what they showed.

conformance.py [--write] --document FILE PROGRAM...   (TAP on stdout)

Without --write the last test compares: the document in the tree must be what this run shows.
"""

import argparse
import pathlib
import re
import subprocess
import sys

STATEMENTS = pathlib.Path(__file__).resolve().parent / "statements.txt"
HEAD = """# Conformance to the Miracast driver interface

Made by `tests/conformance/conformance.py --write` from a run of the tests; a test fails when it is stale. Each
statement is a test of its own name, against the real driver, runtime and display path, with a stand-in only for the
side that it is not about. "by" says whom it binds: G the system (our `host/`), D a driver, S should, I inferred.

{held} of {total} statements hold, {differ} of them with a difference that is told.
"""


class Statement:
    def __init__(self, ident, by, words):
        self.ident, self.by, self.words = ident, by, words
        self.deviation = ""
        self.test = self.result = None


def read_statements():
    """[(section, [Statement])]"""
    sections = []
    for line in STATEMENTS.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("  "):
            sections[-1][1][-1].deviation = line.strip()
        elif line.startswith("C-"):
            sections[-1][1].append(Statement(*line.split(" ", 2)))
        else:
            sections.append((line, []))
    return sections


def run(program, statements):
    """Runs one program; a crash fails the statement that it was at.  Its output goes to stderr."""
    done = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, file=sys.stderr)
    for match in re.finditer(r"^(ok|not ok) \d+ /(C-\d+)(\S*)(.*)$", done.stdout, re.M):
        word, ident, rest, comment = match.groups()
        statements[ident].test = ident + rest
        statements[ident].result = "skip" if "# SKIP" in comment.upper() else word
    return done.returncode


def document(sections):
    statements = [s for _, group in sections for s in group]
    held = [s for s in statements if s.result == "ok"]
    lines = [HEAD.format(held=len(held), total=len(statements),
                         differ=sum(bool(s.deviation) for s in held))]
    for section, group in sections:
        lines += [f"\n## {section}\n", "| by | statement | test | result | difference |",
                  "|---|---|---|---|---|"]
        for s in group:
            result = {"ok": "holds", "skip": "skipped"}.get(s.result, "**fails**")
            lines.append(f"| {s.by} | {s.words} | `{s.test or s.ident}` | {result} | {s.deviation} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--document", type=pathlib.Path, required=True)
    parser.add_argument("programs", nargs="+")
    options = parser.parse_args()
    sections = read_statements()
    statements = {s.ident: s for _, group in sections for s in group}
    codes = {program: run(program, statements) for program in options.programs}
    if options.write:
        options.document.write_text(document(sections), encoding="utf-8")
    print(f"1..{len(statements) + 1}")
    for number, s in enumerate(statements.values(), 1):
        word = "ok" if s.result in ("ok", "skip") else "not ok"
        print(f"{word} {number} {s.test or s.ident}{' # SKIP' if s.result == 'skip' else ''}")
    skipped = any(s.result == "skip" for s in statements.values())
    fresh = skipped or options.document.is_file() and \
        options.document.read_text(encoding="utf-8") == document(sections)
    print(f"{'ok' if fresh else 'not ok'} {len(statements) + 1} document-is-fresh")
    if not fresh:
        print(f"{options.document} is stale: run this with --write", file=sys.stderr)
    bad = any(codes.values()) or any(s.result is None for s in statements.values()) or not fresh
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
