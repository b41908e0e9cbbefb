"""The face of the package: `parse` a source, `execute` the template."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from ..core.step_account import open_accounts
from .big_stack import with_deep_stack
from .budget import LimitError, Limits, Spent
from .compiled.compile import Code, UndefinedTemplateError, UnsupportedError, compile_trees, run_code
from .compiled.frame import Bail, Runtime
from .exec.evaluator import Program, execute, undefined_template
from .exec.functions import BUILTIN_NAMES, builtins
from .fmt import AddressError
from .parse import nodes as n
from .parse.nodes import print_template
from .parse.parser import parse_trees
from .values import gotypes as t
from .values.gotypes import Function, GoFunctionError, GoType
from .values.representation import canonical

# Characters of a source that are read at all: Ollama's largest template has 14,000.
MAX_SOURCE = 1_000_000
_MISSING_KEY = ("zero", "default", "invalid", "error")


@dataclass(frozen=True)
class Template:
    """A parsed template.

    root: the tree of the main template. defined: the trees of `{{define}}` and `{{block}}` by name.
    source: the text that positions count in. functions: those known beside Go's own.
    `str()` is a source that parses back to the same trees.
    """

    root: n.ListNode
    defined: Mapping[str, n.ListNode] = field(default_factory=dict)
    name: str = ""
    source: str = field(default="", compare=False)
    functions: Mapping[str, Function] = field(default_factory=dict, compare=False)
    _codes: dict[tuple[bool, frozenset[str]], Mapping[str, Code] | None] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def __str__(self) -> str:
        return with_deep_stack(lambda: print_template(self.root, dict(self.defined)))

    def with_root(self, root: n.ListNode) -> Template:
        """The same with another main tree (positions still count in this source)."""
        return replace(self, root=root)

    def execute(
        self,
        data: Any,
        *,
        functions: Mapping[str, Callable[..., Any] | Function] | None = None,
        missingkey: str = "zero",
        limits: Limits | None = None,
        spent: Spent | None = None,
    ) -> str:
        """The output for `data`.

        data: a Python value that stands for a Go value, see `values.representation` (dict for
        map[string]any, list for []any, str, bool, int, float, None for nil, Struct, …).
        functions: instead of those given to `parse`; a dict without one that the template calls
        makes that call an error, as in Go. They must not have effects: one may be called again.
        missingkey: Go's option of that name, "zero", "default" (or "invalid") or "error".
        limits: what the execution may use up; None takes the defaults of `Limits`.
        spent: what the execution uses up is added to it.

        Raises GoTemplateError with Go's text and place, LimitError beyond `limits`, ValueError for an
        unknown `missingkey`. The output may hold lone surrogates where a template cut a character in two.

            >>> template = parse('{{ range $i, $m := .Messages }}{{ $i }}={{ $m.Content }};{{ end }}')
            >>> template.execute({"Messages": [{"Content": "Hi"}, {"Content": "Ho"}]})
            '0=Hi;1=Ho;'
            >>> parse("{{ len 1 }}").execute(None)  # doctest: +ELLIPSIS
            Traceback (most recent call last):
            ...
            modelfile_kit.core.errors.GoTemplateError: template: :1:3: executing "" at <len 1>: error ...
        """
        if missingkey not in _MISSING_KEY:
            raise ValueError(f"missingkey is {missingkey!r}, expected one of {', '.join(_MISSING_KEY)}")
        known = self.functions if functions is None else _signatures(functions)
        limits, accounts = limits or Limits(), open_accounts()
        if accounts and accounts.go.left < limits.steps:
            limits = replace(limits, steps=accounts.go.left, together=accounts.go.limit)
        runtime = Runtime(limits, known)
        if accounts and not accounts.go.left:
            raise runtime.too_many_steps()
        try:
            return with_deep_stack(lambda: canonical(self._run(data, missingkey, runtime)))
        finally:
            if accounts:
                accounts.go.spent += limits.steps - runtime.steps
            if spent is not None:
                spent.steps += limits.steps - runtime.steps

    def _run(self, data: Any, missingkey: str, runtime: Runtime) -> str:
        """By the compiled template, or exactly where that gives up."""
        codes = self._compiled(missingkey, frozenset(BUILTIN_NAMES & runtime.functions.keys()))
        if codes is not None:
            try:
                return run_code(codes[self.name], data, runtime)
            except UndefinedTemplateError as e:
                raise undefined_template(
                    self._program(missingkey, runtime), e.within, e.node, runtime
                ) from None
            except (Bail, GoFunctionError, AddressError, RecursionError):
                pass
        return execute(self._program(missingkey, runtime), data, runtime)

    def _program(self, missingkey: str, runtime: Runtime) -> Program:
        return Program(
            name=self.name,
            parse_name=self.name,
            source=self.source,
            trees={**self.defined, self.name: self.root},
            functions=runtime.functions,
            builtins=builtins(runtime),
            missing_key=missingkey,
        )

    def _compiled(self, missingkey: str, overridden: frozenset[str]) -> Mapping[str, Code] | None:
        """The compiled trees, made once; None when they are only for the exact evaluator."""
        key = (missingkey == "error", overridden)
        if key not in self._codes:
            trees = {**self.defined, self.name: self.root}
            try:
                self._codes[key] = compile_trees(trees, overridden, lenient=missingkey != "error")
            except UnsupportedError:
                self._codes[key] = None
        return self._codes[key]

    def execute_exactly(self, data: Any, *, missingkey: str = "zero", limits: Limits | None = None) -> str:
        """`execute` by the exact evaluator alone; tests hold the compiled templates to it."""
        runtime = Runtime(limits or Limits(), self.functions)
        program = self._program(missingkey, runtime)
        return with_deep_stack(lambda: canonical(execute(program, data, runtime)))


def parse(
    source: str,
    *,
    name: str = "",
    functions: Mapping[str, Callable[..., Any] | Function] | None = None,
    comments: bool = False,
) -> Template:
    """Parses a template.

    source: its text; bytes that are not UTF-8 as `values.representation.from_bytes` gives them.
    name: as errors show it (Ollama's templates have none).
    functions: in addition to Go's own; a plain Python callable takes parameters of type `any` unless
    annotated str, bool, int or float, and `*args` is variadic.
    comments: keep them as nodes.

    Raises GoTemplateError with Go's own text, LimitError for a source of more than `MAX_SOURCE`
    characters.

        >>> template = parse("{{ if .System }}[{{ upper .System }}]{{ end }}", functions={"upper": str.upper})
        >>> template.execute({"System": "be brief"})
        '[BE BRIEF]'
        >>> str(template.root.nodes[0].pipe)
        '.System'
        >>> parse("{{ end }}")
        Traceback (most recent call last):
        ...
        modelfile_kit.core.errors.GoTemplateError: template: :1: unexpected {{end}}
    """
    if len(source) > MAX_SOURCE:
        raise LimitError(
            f"the template has {len(source):,} characters, the limit is {MAX_SOURCE:,}",
            help="check that the file is a template: Ollama's longest has 14,000 characters",
        )
    known = _signatures(functions or {})
    names = BUILTIN_NAMES | known.keys()
    trees = with_deep_stack(lambda: parse_trees(source, name, names, comments=comments))
    root = trees.pop(name)
    return Template(root, MappingProxyType(trees), name, source, known)


def _signatures(functions: Mapping[str, Callable[..., Any] | Function]) -> Mapping[str, Function]:
    return {
        name: call if isinstance(call, Function) else signature_of(call) for name, call in functions.items()
    }


_ANNOTATED = {"str": t.STRING, "bool": t.BOOL, "int": t.INT, "float": t.FLOAT64}


@lru_cache(maxsize=256)
def signature_of(call: Callable[..., Any]) -> Function:
    """A Python callable as a Go function; what its annotations do not say is `any`."""
    params: list[GoType] = []
    variadic = False
    try:
        signature = inspect.signature(call)
    except ValueError:  # some builtins of Python have none
        return Function(call, (t.ANY,), t.ANY, True)
    for param in signature.parameters.values():
        if param.kind in (param.KEYWORD_ONLY, param.VAR_KEYWORD):
            continue
        variadic = variadic or param.kind is param.VAR_POSITIONAL
        params.append(_annotated(param.annotation))
    return Function(call, tuple(params), _annotated(signature.return_annotation), variadic)


def _annotated(annotation: Any) -> GoType:
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return _ANNOTATED.get(name, t.ANY)
