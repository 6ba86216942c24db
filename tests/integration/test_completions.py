#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The shells' completions against the program: each option of each --help is offered, and the program
takes each word that is offered.  Usage: test_completions.py MIRACAST BASH ZSH FISH"""

import pathlib
import re
import subprocess
import sys

EXIT_USAGE = 2
miracast, bash, zsh, fish = sys.argv[1:]


def out(*words):
    return subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60,
                          check=False)


def completed(*words):
    """What bash offers for the last word."""
    script = 'source "$0"; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _miracast; ' \
             'printf "%s\\n" "${COMPREPLY[@]}"'
    done = out("bash", "--norc", "-c", script, bash, "miracast", *words)
    assert not done.stderr, done.stderr
    return done.stdout.split()


def takes(option, word):
    """A mistake that is found last is the one that is told."""
    listens = ("--listen", "127.0.0.1:0") * 2
    done = out(miracast, "cast", *listens, "--sdp", "x", option, word)
    return done.returncode == EXIT_USAGE and "--sdp is for one sink" in done.stderr


commands = re.findall(r"^  miracast (\w+)", out(miracast, "help").stdout, re.MULTILINE)
assert len(commands) >= 5, commands
assert set(commands) <= set(completed("")), completed("")
assert completed("do") == ["doctor"], completed("do")
assert completed("lab", "") == ["m3"]
files = {path: pathlib.Path(path).read_text(encoding="utf-8") for path in (zsh, fish)}
options = 0
for command in commands:
    for option in re.findall(r"--([a-z0-9-]+)", "\n".join(
            line[:34] for line in out(miracast, command, "--help").stdout.splitlines()
            if line.startswith("  -"))):
        options += 1
        assert f"--{option}" in completed(command, f"--{option}"), (command, option)
        assert f"--{option}[" in files[zsh] or f"--{option}=[" in files[zsh], option
        assert re.search(rf"from {command}'.* -l {option} ", files[fish]), (command, option)
assert options > 60, options

lists = {option: completed("cast", option, "") for option in
         ("--link", "--p2p-backend", "--pairing", "--security", "--audio", "--input", "--ts-flavour")}
for option, words in lists.items():
    assert len(words) >= 2, (option, words)
    for word in words:
        listed = takes(option, word)
        # A link that names its sink has the sink's absence for its mistake.
        assert listed or option == "--link", (option, word)
assert not takes("--audio", "nonsense")
assert completed("cast", "--link", "=", "mi") == ["mice"]
assert {"x11", "test"} <= set(completed("cast", "--capture", "")), completed("cast", "--capture", "")
for shell, path in (("bash", bash), ("zsh", zsh), ("fish", fish)):
    try:
        assert out(shell, "-n", path).returncode == 0, path
    except FileNotFoundError:
        pass  # not every machine has them all
print(f"{options} options of {len(commands)} commands")
