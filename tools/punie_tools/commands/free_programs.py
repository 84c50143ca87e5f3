"""Which plain commands only read, so that they may run confined without asking."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from punie_tools.commands.plain import Argv, parse


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Programs of which no option writes a file or starts a program, on Linux and on macOS.
_HARMLESS = _words("""
    basename cat cksum cmp comm cut df dirname du echo egrep expand expr false fgrep fold grep head id join jq ls
    md5sum nl nproc od paste pwd readlink realpath rev seq sha1sum sha256sum sha512sum stat tac tail tr true tsort
    uname unexpand wc which whoami
    """)


@dataclass(frozen=True)
class _Options:
    """The options that a program may get: letters, letters with a value, long names (`=` at the end: with a value).

    A long name that stands both with and without `=` has a value only where one is joined to it.
    """

    letters: str = ""
    letters_with_value: str = ""
    names: frozenset[str] = frozenset()
    most_operands: int | None = None

    def allow(self, arguments: Argv) -> bool:
        """Whether all options are of these; a long name counts only when it is written out."""
        operands = 0
        rest = list(arguments)
        while rest:
            argument = rest.pop(0)
            if argument == "--":
                operands += len(rest)
                break
            if argument == "-" or not argument.startswith("-"):
                operands += 1
            elif argument.startswith("--"):
                if not self._allows_name(argument, rest):
                    return False
            elif not self._allows_letters(argument[1:], rest):
                return False
        return self.most_operands is None or operands <= self.most_operands

    def _allows_name(self, argument: str, rest: list[str]) -> bool:
        name, equals, _ = argument[2:].partition("=")
        if equals:
            return f"{name}=" in self.names
        if name in self.names:
            return True
        if rest:
            rest.pop(0)
        return f"{name}=" in self.names

    def _allows_letters(self, letters: str, rest: list[str]) -> bool:
        for index, letter in enumerate(letters):
            if letter in self.letters_with_value:
                if index == len(letters) - 1 and rest:
                    rest.pop(0)
                return True
            if letter not in self.letters:
                return False
        return True


_WITH_OPTIONS = {
    "sort": _Options("bcCdfghiMnrsuVz", "kt", _words("reverse numeric-sort unique key= field-separator=")),
    "uniq": _Options("cdDiuz", "fsw", _words("count repeated ignore-case unique"), most_operands=1),
    "date": _Options("uR", "", _words("utc iso-8601 iso-8601="), most_operands=0),
    "file": _Options("bhiL", "", _words("brief mime mime-type mime-encoding dereference")),
    "tree": _Options("adfhilnpsugDFNQrtC", "LPI", _words("dirsfirst noreport gitignore")),
    "diff": _Options("abBcdeEiNpqrstTuwyZ", "CUIxWF", _words("brief unified unified= recursive exclude= color color=")),
    "rg": _Options(
        "acFhHiIlLnNoPsSuUvVwx0.",
        "ABCegmMrtTEjd",
        _words("""
            after-context= before-context= color= context= count count-matches fixed-strings files files-with-matches
            files-without-match glob= heading no-heading hidden iglob= ignore-case json line-number max-count=
            max-depth= multiline no-filename no-ignore no-ignore-vcs no-line-number only-matching pcre2 regexp=
            smart-case sort= stats trim type= type-not= type-list vimgrep word-regexp column invert-match version
            """),
    ),
}

_FIND_ALONE = _words("""
    -a -and -daystart -depth -d -empty -executable -false -follow -H -L -P -ls -mount -nogroup -not -noleaf -nouser -o
    -or -print -print0 -prune -quit -readable -true -writable -xdev ! ( ) ,
    """)
_FIND_WITH_VALUE = _words("""
    -amin -anewer -atime -cmin -cnewer -ctime -group -ilname -iname -inum -ipath -iregex -iwholename -links -lname
    -maxdepth -mindepth -mmin -mtime -name -newer -path -perm -printf -regex -regextype -samefile -size -type -uid
    -user -wholename -xtype
    """)


def is_free(command: str) -> bool:
    """Whether the whole line is plain and only reads, whatever files the tree holds."""
    programs = parse(command)
    return programs is not None and all(_only_reads(argv) for argv in programs)


def _only_reads(argv: Argv) -> bool:
    program, *rest = argv
    arguments = tuple(rest)
    if program in _HARMLESS:
        return True
    if program in _WITH_OPTIONS:
        # `date +FORMAT` is no operand: an operand would set the clock.
        asked = tuple(a for a in arguments if not (program == "date" and a.startswith("+")))
        return _WITH_OPTIONS[program].allow(asked)
    check = _CHECKS.get(program)
    return check is not None and check(arguments)


def _find_only_reads(arguments: Argv) -> bool:
    """Every word that could be an action or a test is known, and so is which of them take a value."""
    takes_value = False
    for argument in arguments:
        if takes_value:
            takes_value = False
        elif argument in _FIND_WITH_VALUE:
            takes_value = True
        elif argument.startswith(("-", "!", "(", ")", ",")) and argument not in _FIND_ALONE:
            return False
    return not takes_value


def _sed_only_prints(arguments: Argv) -> bool:
    """`sed -n 'FROM,TOp' FILE …`: sed's other commands write files and start programs."""
    if len(arguments) < 2 or arguments[0] != "-n":
        return False
    is_range = re.fullmatch(r"(\d+|\$)(,(\d+|\$))?p", arguments[1])
    return bool(is_range) and not any(argument.startswith("-") for argument in arguments[2:])


def _printf_only_prints(arguments: Argv) -> bool:
    """`printf -v NAME[…]` evaluates what stands between the brackets, and `%n` sets a variable, PATH for one."""
    return bool(arguments) and re.fullmatch(r"(?!-)([^%]|%[sdxbq%])*", arguments[0]) is not None


def _cd_stays_plain(arguments: Argv) -> bool:
    return len(arguments) == 1 and not arguments[0].startswith("-")


_CHECKS: dict[str, Callable[[Argv], bool]] = {
    "find": _find_only_reads,
    "sed": _sed_only_prints,
    "printf": _printf_only_prints,
    "cd": _cd_stays_plain,
}
