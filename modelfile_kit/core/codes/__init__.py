"""The registry of codes: what each `MK` code is called, how bad it is, and what to do about it.

Every code that a command can print has one file, `pages/MK123.md`: a few lines of `key: value` between two
lines of `---`, then the page in Markdown with the heads of `HEADINGS`. Keys:

name      for people and for ignore comments, as `bos-twice`
formerly  names of the past, which still work wherever a name does
title     what is wrong, in one line
severity  the usual one: error, warning or info; a finding may differ
members   only for a group: the codes of the findings that one lint rule gives; the group's own code is
          never printed, but ignoring it ignores all of them
now       only for a code of the past: the code (or codes) that took its place. Such a file has nothing else

One range a subject, so that a code tells where to look: see `AREAS`. Nothing is read before it is asked for.
"""

from __future__ import annotations

from .registry import (
    AREAS,
    HEADINGS,
    Code,
    all_codes,
    current,
    find,
    help_uri,
    name_of,
    renamed,
    suggestion,
)

__all__ = [
    "AREAS",
    "HEADINGS",
    "Code",
    "all_codes",
    "current",
    "find",
    "help_uri",
    "name_of",
    "renamed",
    "suggestion",
]
