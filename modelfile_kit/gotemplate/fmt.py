"""Go's package fmt: Sprint, Sprintf and Sprintln, with every verb, flag and complaint.

Source: Go 1.26, fmt/print.go (which operand is printed how, doPrintf) and fmt/format.go (flags, padding,
basic types). Text is measured in runes, which in the strings of `values` are characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from .budget import EXACT, Budget
from .values import gotypes as t
from .values.gotypes import Function, GoType, Kind
from .values.representation import (
    Func,
    Iterator,
    Map,
    Pointer,
    Scalar,
    Slice,
    Struct,
    as_slice,
    byte_length,
    canonical,
    element,
    from_bytes,
    is_nil,
    is_raw_byte,
    kind_of,
    plain,
    sorted_items,
    to_bytes,
    type_of,
)
from .values.strconv import can_backquote, encode_rune, format_float, quote, quote_rune
from .values.unicode_tables import is_print

# fmt's own bound on widths and precisions (print.go, tooLarge).
MAX_WIDTH = 1_000_000
_VERB_V = "v"
_MASK = (1 << 64) - 1


class AddressError(Exception):
    """The text would hold a memory address, which changes from run to run."""


class Printer:
    """One call of a function of package fmt: text in the making, within a budget.

    The flags are those of the directive that is being carried out. arg, value: the operand, for `bad_verb`.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.limit = budget.limits.string
        self.size = 0
        self.out: list[str] = []
        self.arg: Any = None
        self.value: tuple[Any, bool] | None = None
        self.erroring = False
        self.clear_flags()

    def clear_flags(self) -> None:
        self.wid_present = self.prec_present = False
        self.minus = self.plus = self.sharp = self.space = self.zero = False
        self.plus_v = self.sharp_v = False
        self.wid = self.prec = 0

    # The functions of package fmt.

    def sprint(self, args: Sequence[Any]) -> str:
        """A space stands between two operands when neither is a string."""
        before = False
        for i, arg in enumerate(args):
            is_string = arg is not None and kind_of(arg) is Kind.STRING
            if i and not is_string and not before:
                self.write(" ")
            self.print_arg(arg, _VERB_V)
            before = is_string
        return self.result()

    def sprintln(self, args: Sequence[Any]) -> str:
        """A space stands between all operands, a newline at the end."""
        for i, arg in enumerate(args):
            if i:
                self.write(" ")
            self.print_arg(arg, _VERB_V)
        self.write("\n")
        return self.result()

    def sprintf(self, text: str, args: Sequence[Any]) -> str:
        """By a format, whose directives are %[flags][width][.precision][argument index]verb."""
        Format(self, text, args).run()
        return self.result()

    # One operand.

    def print_arg(self, arg: Any, verb: str) -> None:
        self.arg, self.value = arg, None
        if arg is None:
            if verb in "Tv":
                self.pad("<nil>")
            else:
                self.bad_verb(verb)
            return
        if verb == "T":
            self.fmt_s(type_of(arg).name)
            return
        if verb == "p":
            self.fmt_pointer(arg, verb)
            return
        if type(arg) is Slice and arg.type is t.BYTES:
            self.fmt_bytes(None if arg.items is None else _bytes_of(arg), verb, "[]byte")
            return
        simple = _SIMPLE.get(type(arg))
        if simple is not None:
            simple(self, arg, verb)
        elif type(arg) is Scalar and _is_builtin(arg.type):
            self.print_kind(arg, verb, 0)
        elif not self.handle_methods(arg, verb):
            self.print_value(arg, verb, 0)

    def print_value(self, value: Any, verb: str, depth: int, *, boxed: bool = False) -> None:
        """A value inside another one. boxed: its static type is an interface."""
        if value is None:
            self.print_nil(verb, boxed)
            return
        if depth > 0 and self.handle_methods(value, verb):
            return
        self.arg, self.value = None, (value, boxed)
        self.print_kind(value, verb, depth)

    def print_nil(self, verb: str, boxed: bool) -> None:
        if verb == "w" and boxed:
            self.arg = None
            self.bad_verb(verb)
        elif boxed:
            self.write("interface {}(nil)" if self.sharp_v else "<nil>")
        elif verb == _VERB_V:
            self.write("<nil>")
        else:
            self.arg, self.value = None, None
            self.bad_verb(verb)

    def print_kind(self, value: Any, verb: str, depth: int) -> None:
        kind = type_of(value).kind
        if kind is Kind.BOOL:
            self.fmt_bool(plain(value), verb)
        elif kind.signed:
            self.fmt_int(plain(value), verb, signed=True)
        elif kind.unsigned:
            self.fmt_int(plain(value), verb, signed=False)
        elif kind in (Kind.FLOAT32, Kind.FLOAT64):
            self.fmt_float(plain(value), verb, 32 if kind is Kind.FLOAT32 else 64)
        elif kind in (Kind.COMPLEX64, Kind.COMPLEX128):
            self.fmt_complex(plain(value), verb, 32 if kind is Kind.COMPLEX64 else 64)
        elif kind is Kind.STRING:
            self.fmt_string(plain(value), verb)
        elif kind is Kind.MAP:
            self.print_map(value, verb, depth)
        elif kind is Kind.STRUCT:
            self.print_struct(value, verb, depth)
        elif kind in (Kind.SLICE, Kind.ARRAY):
            self.print_slice(value, verb, depth)
        else:
            self.print_pointer(value, verb, depth)

    def print_map(self, value: Any, verb: str, depth: int) -> None:
        type_ = type_of(value)
        if not self.open(type_.name, "map[", is_nil(value)):
            return
        assert type_.elem is not None
        assert type_.key is not None
        for i, (key, item) in enumerate(sorted_items(value)):
            self.separate(i)
            self.print_value(key, verb, depth + 1, boxed=type_.key.is_interface)
            self.write(":")
            self.print_value(item, verb, depth + 1, boxed=type_.elem.is_interface)
        self.write("}" if self.sharp_v else "]")

    def print_struct(self, value: Struct, verb: str, depth: int) -> None:
        self.write(value.type.name + "{" if self.sharp_v else "{")
        for i, field in enumerate(value.type.fields):
            self.separate(i)
            if self.plus_v or self.sharp_v:
                self.write(field.name + ":")
            item = value.fields[field.name]
            if field.exported:
                self.print_value(item, verb, depth + 1, boxed=field.type.is_interface)
            else:
                self.print_hidden(item, verb, depth + 1)
        self.write("}")

    def print_hidden(self, value: Any, verb: str, depth: int) -> None:
        """An unexported field: nothing below it has its methods called."""
        erroring, self.erroring = self.erroring, True
        self.print_value(value, verb, depth, boxed=value is None)
        self.erroring = erroring

    def print_slice(self, value: Any, verb: str, depth: int) -> None:
        type_ = type_of(value)
        assert type_.elem is not None
        if verb in "sqxX" and type_.elem.kind is Kind.UINT8:
            self.fmt_bytes(_bytes_of(value), verb, type_.name)
            return
        if not self.open(type_.name, "[", is_nil(value)):
            return
        items = as_slice(value)
        if type_.elem is t.UINT8 and verb in "vd" and self.is_plain():
            self.write(" ".join(map(str, _bytes_of(value))))
            self.write("]")
            return
        for i in range(items.length):
            self.separate(i)
            self.print_value(element(items, i), verb, depth + 1, boxed=type_.elem.is_interface)
        self.write("}" if self.sharp_v else "]")

    def open(self, name: str, bracket: str, nil: bool) -> bool:
        """The beginning of a composite; False when it was nil in Go syntax and is done."""
        if not self.sharp_v:
            self.write(bracket)
            return True
        self.write(name + ("(nil)" if nil else "{"))
        return not nil

    def separate(self, i: int) -> None:
        if i:
            self.write(", " if self.sharp_v else " ")

    def print_pointer(self, value: Any, verb: str, depth: int) -> None:
        target = value.target if isinstance(value, Pointer) and depth == 0 else None
        if kind_of(target) in (Kind.ARRAY, Kind.SLICE, Kind.STRUCT, Kind.MAP):
            self.write("&")
            self.print_value(target, verb, depth + 1)
        else:
            self.fmt_pointer(value, verb)

    def fmt_pointer(self, value: Any, verb: str) -> None:
        if not isinstance(value, (Pointer, Func, Iterator, Map, Slice, dict, list, tuple, bytes)):
            self.bad_verb(verb)
            return
        if verb not in "vpbodxX":
            self.bad_verb(verb)
            return
        if not is_nil(value):
            raise AddressError
        if verb != _VERB_V:
            if verb == "p":
                self.fmt_0x64(0, not self.sharp)
            else:
                self.fmt_int(0, verb, signed=False)
        elif self.sharp_v:
            self.write(f"({type_of(value).name})(nil)")
        else:
            self.pad("<nil>")

    def handle_methods(self, value: Any, verb: str) -> bool:
        """Error and String methods, where the verb takes text."""
        if self.erroring:
            return False
        if verb == "w":
            self.arg = value
            self.bad_verb(verb)
            return True
        if self.sharp_v or verb not in "vsxXq" or value is None:
            return False
        type_ = type_of(value)
        method = type_.method("Error") or type_.method("String")
        if method is None or method.params:
            return False
        receiver = value.target if isinstance(value, Pointer) else value
        if receiver is None:
            self.write_of_nil(value.type.elem, method, verb)
        else:
            self.fmt_string(method.call(receiver), verb)
        return True

    def write_of_nil(self, elem: GoType | None, method: Function, verb: str) -> None:
        """A method of a nil pointer; where it cannot take that, Go shows nil instead of its panic."""
        text = None
        if elem is not None and method not in elem.methods.values():
            with suppress(AttributeError, TypeError):
                text = method.call(None)
        if text is None:
            self.write("<nil>")
        else:
            self.fmt_string(text, verb)

    def bad_verb(self, verb: str) -> None:
        self.erroring = True
        self.write(f"%!{verb}(")
        if self.arg is not None:
            arg = self.arg
            self.write(type_of(arg).name + "=")
            self.print_arg(arg, _VERB_V)
        elif self.value is not None:
            value = self.value[0]
            self.write(type_of(value).name + "=")
            self.print_value(value, _VERB_V, 0)
        else:
            self.write("<nil>")
        self.write(")")
        self.erroring = False

    def fmt_bytes(self, given: bytes | None, verb: str, name: str) -> None:
        """A []byte for a verb that takes text, or at the top level; None is a nil one."""
        value = given or b""
        if verb == "s":
            self.fmt_s(from_bytes(value))
        elif verb == "q":
            self.fmt_q(from_bytes(value))
        elif verb in "xX":
            self.fmt_hex(value, verb)
        elif verb in "vd" and self.sharp_v:
            if given is None:
                self.write(name + "(nil)")
                return
            self.write(name + "{")
            for i, byte in enumerate(value):
                self.separate(i)
                self.fmt_0x64(byte, True)
            self.write("}")
        elif verb in "vd":
            self.write("[")
            if self.is_plain():
                self.write(" ".join(map(str, value)))
            else:
                for i, byte in enumerate(value):
                    self.separate(i)
                    self.fmt_integer(byte, 10, verb)
            self.write("]")
        else:
            self.print_value(Slice(t.BYTES, None if given is None else list(given)), verb, 0)

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
        self.pad_with_spaces(text)

    def fmt_unicode(self, value: int) -> None:
        digits = max(self.prec, 4) if self.prec_present else 4
        text = "U+" + format(value, "X").rjust(digits, "0")
        if self.sharp and value <= 0x10FFFF and is_print(chr(value)):
            text += f" '{chr(value)}'"
        self.pad_with_spaces(text)

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

    # Flags and writing.

    def result(self) -> str:
        return canonical("".join(self.out))

    def is_plain(self) -> bool:
        """Whether no flag, width or precision is set (an image's bytes are printed at once then)."""
        return not (
            self.wid_present or self.prec_present or self.plus or self.space or self.sharp or self.sharp_v
        )

    def write(self, text: str) -> None:
        self.size += len(text)
        if self.size > self.limit:
            raise self.budget.too_long()
        self.budget.spend(EXACT)
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

    def pad_with_spaces(self, text: str) -> None:
        zero, self.zero = self.zero, False
        self.pad(text)
        self.zero = zero


def _is_builtin(type_: t.GoType) -> bool:
    return "." not in type_.name


def _bytes_of(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    items = as_slice(value)
    return bytes(plain(element(items, i)) for i in range(items.length))


_SIMPLE: dict[type, Callable[[Printer, Any, str], None]] = {
    str: Printer.fmt_string,
    bool: Printer.fmt_bool,
    int: lambda printer, value, verb: printer.fmt_int(value, verb, signed=True),
    float: lambda printer, value, verb: printer.fmt_float(value, verb, 64),
    complex: lambda printer, value, verb: printer.fmt_complex(value, verb, 64),
    bytes: lambda printer, value, verb: printer.fmt_bytes(value, verb, "[]byte"),
}


_BASES = {"v": 10, "d": 10, "b": 2, "o": 8, "O": 8, "x": 16, "X": 16}
_PYTHON_BASE = {10: "d", 2: "b", 8: "o", 16: "x"}
# The verb for strconv and the precision when none is given.
_FLOAT_VERBS = {
    "v": ("g", -1),
    **{verb: (verb, -1) for verb in "bgGxX"},
    **{verb: (verb, 6) for verb in "feE"},
    "F": ("f", 6),
}


def _format_number(printer: Printer, text: str, verb: str, precision: int) -> None:
    """The rest of fmtFloat: signs, the sharp flag, padding with zeros."""
    number = text if text[0] in "+-" else "+" + text
    if printer.space and number[0] == "+" and not printer.plus:
        number = " " + number[1:]
    if number[1] in "IN":
        if number[1] == "N" and not printer.space and not printer.plus:
            number = number[1:]
        printer.pad_with_spaces(number)
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


# Reading a format (doPrintf).


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
