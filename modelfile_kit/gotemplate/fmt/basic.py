"""Go's package fmt, the lower half: flags, padding and the basic types (format.go, Go 1.26).

Text is measured in runes, which in the strings of `values.py` are characters.
"""

from __future__ import annotations

from ..compiled.budget import Budget
from ..parse.literals import can_backquote, encode_rune, quote, quote_rune
from ..values.gofloat import format_float
from ..values.gounicode import is_print
from ..values.values import canonical, to_bytes

_MASK = (1 << 64) - 1


class BasicPrinter:
    """Text in the making, within a budget; a verb that does not suit a type is the subclass's to report."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.limit = budget.limits.string
        self.size = 0
        self.out: list[str] = []
        self.clear_flags()

    def clear_flags(self) -> None:
        self.wid_present = self.prec_present = False
        self.minus = self.plus = self.sharp = self.space = self.zero = False
        self.plus_v = self.sharp_v = False
        self.wid = self.prec = 0

    def result(self) -> str:
        return canonical("".join(self.out))

    def is_plain(self) -> bool:
        """Whether no flag, width or precision is set (a picture's bytes are printed at once then)."""
        return not (
            self.wid_present or self.prec_present or self.plus or self.space or self.sharp or self.sharp_v
        )

    # Writing.

    def write(self, text: str) -> None:
        self.size += len(text)
        if self.size > self.limit:
            raise self.budget.too_long()
        self.budget.spend(1)
        self.out.append(text)

    def padding(self, count: int) -> None:
        if count > 0:
            self.write(("0" if self.zero and not self.minus else " ") * count)

    def pad(self, text: str) -> None:
        """Writes text, filled up to the width."""
        missing = self.wid - len(text) if self.wid_present else 0
        if missing <= 0:
            self.write(text)
        elif self.minus:
            self.write(text)
            self.padding(missing)
        else:
            self.padding(missing)
            self.write(text)

    def pad_with_blanks(self, text: str) -> None:
        zero, self.zero = self.zero, False
        self.pad(text)
        self.zero = zero

    def bad_verb(self, verb: str) -> None:
        raise AssertionError(verb)

    # Basic types.

    def fmt_bool(self, value: bool, verb: str) -> None:
        if verb in "tv":
            self.pad("true" if value else "false")
        else:
            self.bad_verb(verb)

    def fmt_int(self, value: int, verb: str, *, signed: bool) -> None:
        if verb == "v" and self.sharp_v and not signed:
            self.fmt_0x64(value, True)
        elif verb in _BASES:
            self.fmt_integer(value, _BASES[verb], verb)
        elif verb == "c":
            self.pad(encode_rune(value & _MASK))
        elif verb == "q":
            self.pad(quote_rune(value & _MASK, ascii_only=self.plus))
        elif verb == "U":
            self.fmt_unicode(value & _MASK)
        else:
            self.bad_verb(verb)

    def fmt_0x64(self, value: int, leading: bool) -> None:
        sharp, self.sharp = self.sharp, leading
        self.fmt_integer(value, 16, "v")
        self.sharp = sharp

    def fmt_integer(self, value: int, base: int, verb: str) -> None:
        negative, value = value < 0, abs(value)
        precision = 0
        if self.prec_present:
            precision = self.prec
            if precision == 0 and value == 0:
                zero, self.zero = self.zero, False
                self.padding(self.wid)
                self.zero = zero
                return
        elif self.zero and not self.minus and self.wid_present:
            precision = self.wid - (1 if negative or self.plus or self.space else 0)
        text = format(value, _PYTHON_BASE[base]).rjust(precision, "0")
        if self.sharp:
            if base == 2:
                text = "0b" + text
            elif base == 8 and text[0] != "0":
                text = "0" + text
            elif base == 16:
                text = "0x" + text
        text = text.upper() if verb == "X" else text
        if verb == "O":
            text = "0o" + text
        if negative:
            text = "-" + text
        elif self.plus:
            text = "+" + text
        elif self.space:
            text = " " + text
        self.pad_with_blanks(text)

    def fmt_unicode(self, value: int) -> None:
        digits = max(self.prec, 4) if self.prec_present else 4
        text = "U+" + format(value, "X").rjust(digits, "0")
        if self.sharp and value <= 0x10FFFF and is_print(chr(value)):
            text += f" '{chr(value)}'"
        self.pad_with_blanks(text)

    def fmt_float(self, value: float, verb: str, bits: int) -> None:
        if verb not in _FLOAT_VERBS:
            self.bad_verb(verb)
            return
        verb, precision = _FLOAT_VERBS[verb]
        _format_number(
            self,
            format_float(value, verb, self.prec if self.prec_present else precision, bits=bits),
            verb,
            self.prec if self.prec_present else precision,
        )

    def fmt_complex(self, value: complex, verb: str, bits: int) -> None:
        if verb not in _FLOAT_VERBS:
            self.bad_verb(verb)
            return
        plus = self.plus
        self.write("(")
        self.fmt_float(value.real, verb, bits)
        self.plus = True
        self.fmt_float(value.imag, verb, bits)
        self.write("i)")
        self.plus = plus

    def fmt_string(self, value: str, verb: str) -> None:
        if (verb == "v" and not self.sharp_v) or verb == "s":
            self.fmt_s(value)
        elif verb in "vq":
            self.fmt_q(value)
        elif verb in "xX":
            self.fmt_hex(to_bytes(value), verb)
        else:
            self.bad_verb(verb)

    def fmt_s(self, value: str) -> None:
        self.pad(value[: self.prec] if self.prec_present else value)

    def fmt_q(self, value: str) -> None:
        value = value[: self.prec] if self.prec_present else value
        self.budget.check_quoted(value)
        if self.sharp and can_backquote(value):
            self.pad(f"`{value}`")
        else:
            self.pad(quote(value, ascii_only=self.plus))

    def fmt_hex(self, value: bytes, verb: str) -> None:
        value = value[: self.prec] if self.prec_present else value
        if not value:
            if self.wid_present:
                self.padding(self.wid)
            return
        text = value.hex(" ") if self.space else value.hex()
        if self.sharp:
            text = "0x" + text.replace(" ", " 0x")
        self.pad(text.upper() if verb == "X" else text)


_BASES = {"v": 10, "d": 10, "b": 2, "o": 8, "O": 8, "x": 16, "X": 16}
_PYTHON_BASE = {10: "d", 2: "b", 8: "o", 16: "x"}
# The verb for strconv and the precision when none is given.
_FLOAT_VERBS = {
    "v": ("g", -1),
    **{verb: (verb, -1) for verb in "bgGxX"},
    **{verb: (verb, 6) for verb in "feE"},
    "F": ("f", 6),
}


def _format_number(printer: BasicPrinter, text: str, verb: str, precision: int) -> None:
    """The rest of fmtFloat: signs, the sharp flag, padding with zeros."""
    number = text if text[0] in "+-" else "+" + text
    if printer.space and number[0] == "+" and not printer.plus:
        number = " " + number[1:]
    if number[1] in "IN":
        if number[1] == "N" and not printer.space and not printer.plus:
            number = number[1:]
        printer.pad_with_blanks(number)
        return
    if printer.sharp and verb != "b":
        number = _with_point(number, verb, precision)
    if not printer.plus and number[0] == "+":
        printer.pad(number[1:])
    elif printer.zero and not printer.minus and printer.wid_present and printer.wid > len(number):
        printer.write(number[0])
        printer.padding(printer.wid - len(number))
        printer.write(number[1:])
    else:
        printer.pad(number)


def _with_point(number: str, verb: str, precision: int) -> str:
    """%#: always a decimal point, and the zeros that %g would drop."""
    digits = (6 if precision == -1 else precision) if verb in "gGx" else 0
    marks = "pP" if verb in "xX" else "eE"
    cut = next((i for i, c in enumerate(number) if i and c in marks), len(number))
    number, tail = number[:cut], number[cut:]
    significant = number[1:].replace(".", "").lstrip("0")
    digits -= len(significant.replace("x", "").replace("X", "")) if verb not in "xX" else _hex_digits(number)
    if "." not in number:
        if number[1:] == "0":
            digits -= 1
        number += "."
    return number + "0" * max(digits, 0) + tail


def _hex_digits(number: str) -> int:
    """How many digits fmt counts in a hexadecimal number: all from the first that is not zero."""
    counted, seen = 0, False
    for char in number[1:]:
        if char == ".":
            continue
        seen = seen or char != "0"
        counted += seen
    return counted
