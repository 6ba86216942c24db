#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Completions for shells, made of what the program says of itself: completions.py MIRACAST SHELL

Commands are those of `miracast help`, options those of `miracast COMMAND --help`.  The words of an
option are the ones that its help lists behind the last colon: "sound: auto, both, none".
"""

import os
import re
import subprocess
import sys

OPTION = re.compile(r"^  (?:-(\w), )?--([\w-]+)(?:=(\S+))?\s+(.+)$")
COMMAND = re.compile(r"^  miracast (\w+)(?: (\w+))?\s+(\S.*)$")
FILES, FOLDERS = {"FILE", "PATH", "FILE|MODULE", "FILE|dtls"}, {"DIR"}


class Option:
    def __init__(self, short, name, value, text):
        self.short, self.name, self.value, self.text = short, name, value, text

    def words(self):
        if not self.value:
            return []
        alternatives = self.value.split("|")[1:]  # FILE|dtls
        listed = re.sub(r" *\(.*?\)| *\[.*\]$", "", self.text).rpartition(": ")[2].split(", ")
        if len(listed) > 1:
            alternatives += listed
        return [word for word in alternatives if re.fullmatch(r"[a-z0-9][a-z0-9:-]*", word)]


def said(miracast, *words):
    return subprocess.run([miracast, *words], env={**os.environ, "LC_ALL": "C.UTF-8"}, check=True,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.splitlines()


def commands(miracast):
    """{name: (summary, options)}; of "lab m3" the first word, whose one option is the second."""
    found = {}
    for name, second, text in (match.groups() for match in map(COMMAND.match, said(miracast, "help"))
                               if match):
        lines = [] if second else said(miracast, name, "--help")
        options = [Option(*match.groups()) for match in map(OPTION.match, lines) if match]
        found[name] = (text, options, second)
    return found


# ---- bash ----

def bash_value(option):
    if option.value in FILES:  # beside words
        words = " ".join(option.words())
        return f'_miracast_words "{words}"; COMPREPLY+=($(compgen -f -- "$cur"))'
    if option.value in FOLDERS:
        return 'COMPREPLY=($(compgen -d -- "$cur"))'
    return f'_miracast_words "{" ".join(option.words())}"'


def bash(table):
    yield "# bash completion of miracast; made by host/completions.py"
    yield ""
    yield "_miracast_words() {"
    yield '    COMPREPLY=($(compgen -W "$1" -- "$cur"))'
    yield '    case $cur in *:*) COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}") ;; esac  # readline splits there'
    yield "}"
    yield ""
    yield "_miracast() {"
    yield '    local cur prev command="${COMP_WORDS[1]}"'
    yield "    COMPREPLY=()"
    yield '    if declare -F _get_comp_words_by_ref >/dev/null; then'
    yield '        _get_comp_words_by_ref -n : cur prev'
    yield '    else'
    yield '        cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD - 1]}"'
    yield '    fi'
    yield '    case "$cur $prev" in # --option=word comes in three pieces'
    yield '    "= "*) cur="" ;;'
    yield '    *" =") prev="${COMP_WORDS[COMP_CWORD - 2]}" ;;'
    yield '    esac'
    yield '    if [ "$COMP_CWORD" -eq 1 ]; then'
    yield f'        _miracast_words "{" ".join([*table, "help", "--help", "--version"])}"'
    yield "        return"
    yield "    fi"
    yield '    case "$command $prev" in'
    for name, (_, options, second) in table.items():
        if second:
            yield f'    "{name} {name}") _miracast_words "{second}"; return ;;'
        for option in options:
            if option.value:
                yield f'    "{name} --{option.name}") {bash_value(option)}; return ;;'
    yield "    esac"
    yield '    case "$command" in'
    for name, (_, options, _) in table.items():
        names = " ".join(f"--{option.name}" for option in options)
        yield f'    {name}) _miracast_words "{names}" ;;'
    yield "    esac"
    yield "}"
    yield ""
    yield "complete -F _miracast miracast"


# ---- zsh ----

def zsh_text(text):
    return re.sub(r"([\[\]:'\\])", lambda found: {"'": "'\\''"}.get(found[1], "\\" + found[1]), text)


def zsh_option(option):
    if not option.value:
        return f"'--{option.name}[{zsh_text(option.text)}]'"
    action = "_files" if option.value in FILES else "_files -/" if option.value in FOLDERS else \
        f"({' '.join(word.replace(':', chr(92) + ':') for word in option.words())})"
    many = "*" if "once for each" in option.text else ""
    return f"'{many}--{option.name}=[{zsh_text(option.text)}]:{zsh_text(option.value)}:{action}'"


def zsh(table):
    yield "#compdef miracast"
    yield "# zsh completion of miracast; made by host/completions.py"
    yield ""
    yield "_miracast() {"
    yield "    if (( CURRENT == 2 )); then"
    yield "        local -a commands=("
    for name, (text, _, _) in table.items():
        yield f"            '{name}:{zsh_text(text)}'"
    yield "        )"
    yield "        _describe command commands"
    yield "        return"
    yield "    fi"
    yield '    local command="${words[2]}"'
    yield "    shift words; (( CURRENT-- ))"
    yield '    case "$command" in'
    for name, (_, options, second) in table.items():
        arguments = [zsh_option(option) for option in options] + \
            ([f"'1:what:({second})'"] if second else [])
        yield f"    {name}) _arguments " + " \\\n        ".join(arguments) + " ;;"
    yield "    esac"
    yield "}"
    yield ""
    yield '_miracast "$@"'


# ---- fish ----

def fish_text(text):
    return text.replace("\\", "\\\\").replace("'", "\\'")


def fish(table):
    yield "# fish completion of miracast; made by host/completions.py"
    yield "complete -c miracast -f"
    for name, (text, options, second) in table.items():
        yield f"complete -c miracast -n __fish_use_subcommand -a {name} -d '{fish_text(text)}'"
        seen = f"-n '__fish_seen_subcommand_from {name}'"
        if second:
            yield f"complete -c miracast {seen} -a {second}"
        for option in options:
            words = f" -a '{' '.join(option.words())}'" if option.words() else ""
            value = "" if not option.value else " -r -F" if option.value in FILES | FOLDERS else " -x"
            short = f" -s {option.short}" if option.short else ""
            yield (f"complete -c miracast {seen}{short} -l {option.name}{value}{words} "
                   f"-d '{fish_text(option.text)}'")


SHELLS = {"bash": bash, "zsh": zsh, "fish": fish}

if __name__ == "__main__":
    print("\n".join(SHELLS[sys.argv[2]](commands(sys.argv[1]))))
