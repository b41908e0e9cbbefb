"""What the renderings of one piece of work may take together.

One rendering has a limit of its own. Whoever renders a template again and again (a compilation, a build, a
check) opens an account for all of it, so that a template whose every rendering stays just below the limit
ends soon too.
Steps are counted and nothing is timed: the same work ends at the same place on every machine.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass
class StepAccount:
    """Steps that may be taken, and those that were taken."""

    limit: int
    spent: int = 0

    @property
    def left(self) -> int:
        """The steps that may still be taken."""
        return max(0, self.limit - self.spent)


@dataclass(frozen=True, eq=False)
class Accounts:
    """The accounts of one piece of work. jinja: steps of chat templates; go: steps of TEMPLATEs."""

    jinja: StepAccount
    go: StepAccount


_OPEN: ContextVar[Accounts | None] = ContextVar("_OPEN", default=None)


def open_accounts() -> Accounts | None:
    """The accounts of the work that is done, None where nothing limits it as a whole."""
    return _OPEN.get()


@contextmanager
def steps_together(jinja: int, go: int, *, anew: bool = False) -> Iterator[Accounts]:
    """Lets the renderings inside take so many steps together.

    jinja: steps of chat templates (`huggingface.guard`). go: steps of TEMPLATEs (`gotemplate.budget`).
    anew: with accounts of its own where some are open, instead of those.

    >>> with steps_together(100, 200) as accounts:
    ...     accounts.jinja.spent += 60
    ...     with steps_together(1000, 1000):  # part of the same work
    ...         print(open_accounts().jinja.left)
    ...     with steps_together(1000, 1000, anew=True):
    ...         print(open_accounts().jinja.left)
    40
    1000
    """
    outer = _OPEN.get()
    if outer is not None and not anew:
        yield outer
        return
    accounts = Accounts(StepAccount(jinja), StepAccount(go))
    token = _OPEN.set(accounts)
    try:
        yield accounts
    finally:
        _OPEN.reset(token)


def steps_for_messages(count: int) -> AbstractContextManager[Accounts]:
    """Accounts for the renderings of conversations that have so many messages together.

    The hungriest real chat template takes some thousand steps for a message, the hungriest TEMPLATE 50,000.
    """
    return steps_together(100_000 + 10_000 * count, 1_000_000 + 200_000 * count, anew=True)


def remembered(function: Callable[..., T]) -> Callable[..., T]:
    """The same function, which gives the answers of before for the same arguments in the same work.

    An answer that an account cut short is not the answer of other work.
    """

    @functools.lru_cache(maxsize=4)
    def known(_: Accounts | None, *args: Hashable) -> T:
        return function(*args)

    @functools.wraps(function)
    def asked(*args: Hashable) -> T:
        return known(open_accounts(), *args)

    return asked
