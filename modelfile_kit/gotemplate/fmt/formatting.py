"""Go's package fmt: Sprint, Sprintf and Sprintln, with every verb, flag and complaint.

A `Printer` mirrors fmt's own (print.go, Go 1.26): which operand is printed how.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from ..compiled.budget import Budget
from ..values import gotypes as t
from ..values.gotypes import Function, GoType, Kind
from ..values.values import (
    Func,
    Iterator,
    Map,
    Pointer,
    Scalar,
    Slice,
    Struct,
    as_slice,
    element,
    from_bytes,
    is_nil,
    kind_of,
    plain,
    sorted_items,
    type_of,
)
from .basic import BasicPrinter
from .directive import MAX_WIDTH, Format

_VERB_V = "v"
__all__ = ["MAX_WIDTH", "AddressError", "Printer"]


class AddressError(Exception):
    """The text would hold a memory address, which changes from run to run."""


class Printer(BasicPrinter):
    """One call of a function of package fmt."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.arg: Any = None
        self.value: tuple[Any, bool] | None = None
        self.erroring = False

    # The functions of package fmt.

    def sprint(self, args: Sequence[Any]) -> str:
        """Blanks stand between operands when neither is a string."""
        before = False
        for i, arg in enumerate(args):
            is_string = arg is not None and kind_of(arg) is Kind.STRING
            if i and not is_string and not before:
                self.write(" ")
            self.print_arg(arg, _VERB_V)
            before = is_string
        return self.result()

    def sprintln(self, args: Sequence[Any]) -> str:
        """Blanks stand between all operands, a newline ends."""
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
