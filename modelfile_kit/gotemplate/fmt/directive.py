"""Go's package fmt: reading a format (print.go, doPrintf, Go 1.26)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..parse.literals import is_raw_byte
from ..values.values import byte_length, kind_of, plain, type_of

if TYPE_CHECKING:
    from .formatting import Printer

# fmt's own bound on widths and precisions (print.go, tooLarge).
MAX_WIDTH = 1_000_000


class Format:
    """One run over a format string."""

    _PLAIN = re.compile("[^%]+")

    def __init__(self, printer: Printer, text: str, args: Sequence[Any]) -> None:
        self.printer = printer
        self.text = text
        self.args = args
        self.i = 0
        self.arg_num = 0
        self.reordered = False
        self.good_arg_num = True
        self.after_index = False

    def run(self) -> None:
        while self.i < len(self.text):
            plain_text = self._PLAIN.match(self.text, self.i)
            if plain_text:
                self.printer.write(plain_text.group())
                self.i = plain_text.end()
            if self.i < len(self.text):
                self.i += 1
                if not self.directive():
                    break
        if not self.reordered and self.arg_num < len(self.args):
            self.extra()

    def char(self) -> str:
        return self.text[self.i : self.i + 1]

    def directive(self) -> bool:
        """What follows a percent sign; False at the end of the format."""
        p = self.printer
        p.clear_flags()
        self.good_arg_num = True
        while self.char() and self.char() in _FLAGS:
            setattr(p, _FLAGS[self.char()], True)
            self.i += 1
        if "a" <= self.char() <= "z" and self.arg_num < len(self.args):
            verb = self.char()
            self.i += 1
            self.operand(verb)
            return True
        self.after_index = self.argument_number()
        self.width()
        self.precision()
        if not self.after_index:
            self.after_index = self.argument_number()
        if not self.char():
            p.write("%!(NOVERB)")
            return False
        verb = self.char()
        self.i += 1
        verb = "\ufffd" if is_raw_byte(verb) else verb
        if verb == "%":
            p.write("%")
        elif not self.good_arg_num:
            p.write(f"%!{verb}(BADINDEX)")
        elif self.arg_num >= len(self.args):
            p.write(f"%!{verb}(MISSING)")
        else:
            self.operand(verb)
        return True

    def operand(self, verb: str) -> None:
        p = self.printer
        if verb in "vw":
            p.sharp_v, p.sharp = p.sharp, False
            p.plus_v, p.plus = p.plus, False
        arg = self.args[self.arg_num]
        self.arg_num += 1
        p.print_arg(arg, verb)

    def width(self) -> None:
        p = self.printer
        if self.char() == "*":
            self.i += 1
            p.wid, p.wid_present = self.int_from_arg()
            if not p.wid_present:
                p.write("%!(BADWIDTH)")
            if p.wid < 0:
                p.wid, p.minus, p.zero = -p.wid, True, False
            self.after_index = False
            return
        p.wid, p.wid_present = self.number()
        if self.after_index and p.wid_present:
            self.good_arg_num = False

    def precision(self) -> None:
        p = self.printer
        if self.char() != "." or self.i + 1 >= len(self.text):
            return
        self.i += 1
        if self.after_index:
            self.good_arg_num = False
        self.after_index = self.argument_number()
        if self.char() == "*":
            self.i += 1
            p.prec, p.prec_present = self.int_from_arg()
            if p.prec < 0:
                p.prec, p.prec_present = 0, False
            if not p.prec_present:
                p.write("%!(BADPREC)")
            self.after_index = False
            return
        p.prec, present = self.number()
        p.prec = p.prec if present else 0
        p.prec_present = True

    def number(self) -> tuple[int, bool]:
        """A decimal number; one that is far too long swallows the rest of the format."""
        value, present, self.i = _parse_number(self.text, self.i, len(self.text))
        return value, present

    def argument_number(self) -> bool:
        """An explicit index `[n]`; whether there was a well-formed one."""
        if self.char() != "[":
            return False
        self.reordered = True
        index, size, ok = _parse_index(self.text[self.i :])
        self.i += size
        if ok and 0 <= index < len(self.args):
            self.arg_num = index
            return True
        self.good_arg_num = False
        return ok

    def int_from_arg(self) -> tuple[int, bool]:
        """The next argument as a width or precision."""
        if self.arg_num >= len(self.args):
            return 0, False
        arg = self.args[self.arg_num]
        self.arg_num += 1
        kind = kind_of(arg)
        if not (kind.signed or kind.unsigned):
            return 0, False
        value: int = plain(arg)
        return (0, False) if abs(value) > MAX_WIDTH else (value, True)

    def extra(self) -> None:
        p = self.printer
        p.clear_flags()
        p.write("%!(EXTRA ")
        for i, arg in enumerate(self.args[self.arg_num :]):
            if i:
                p.write(", ")
            if arg is None:
                p.write("<nil>")
            else:
                p.write(type_of(arg).name + "=")
                p.print_arg(arg, "v")
        p.write(")")


_FLAGS = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}


def _parse_number(text: str, start: int, end: int) -> tuple[int, bool, int]:
    value, present, i = 0, False, start
    if start >= end:
        return 0, False, end
    while i < end and "0" <= text[i] <= "9":
        if value > MAX_WIDTH:
            return 0, False, end
        value, present = value * 10 + int(text[i]), True
        i += 1
    return value, present, i


def _parse_index(text: str) -> tuple[int, int, bool]:
    """The index in `[n]` counted from 0, how much of the text it takes, whether it is well formed."""
    if byte_length(text) < 3:
        return 0, 1, False
    end = text.find("]", 1)
    if end < 0:
        return 0, 1, False
    value, ok, after = _parse_number(text, 1, end)
    if not ok or after != end:
        return 0, end + 1, False
    return value - 1, end + 1, True
