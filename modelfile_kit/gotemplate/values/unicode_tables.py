"""What Go calls a letter, a digit and a printable character: Unicode 15.0.0, as Go 1.21 to 1.26 has it.

Python's own tables follow Python's version (14.0 in 3.11, 16.0 in 3.14), so they cannot be used. A
table is a list of runs in base 36: how far the run begins after the end of the one before, and, after
a dot, how many characters it has beyond the first. They are made by asking Go's `unicode.IsLetter`,
`unicode.IsDigit` and `strconv.IsPrint` for every rune; tests compare them with Go and, where its
Unicode version is the same, with Python.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

# General categories Lu, Ll, Lt, Lm, Lo.
_LETTERS = (
    "1t.p 6.p 1b a 4 5.m 1.u 1.cp 4.b e.4 7 1 3l.4 1.1 2.3 1 6 1.2 1 1.j 1.2a 1.3u 8.4l 1.11 2 6.14 "
    "1z.q 4.3 19.16 z.1 1.2q 1 f.1 7.1 a.2 2 g 1.t t.2g b o.w 9.1 4 5.l 4 9 3 n.o 7.a 5.n 1.5 h.15 "
    "1m.1h 3 i 7.9 f.f 4.7 2.1 2.l 1.6 1 3.3 3 g d.1 1.2 e.1 a 8.5 4.1 2.l 1.6 1.1 1.1 1.1 v.3 1 j.2 "
    "g.8 1.2 1.l 1.6 1.1 1.4 3 i f.1 n b.7 2.1 2.l 1.6 1.1 1.4 3 u.1 1.2 f h 1.5 3.2 1.3 3.1 1 1.1 "
    "3.1 3.2 3.b m 1g.7 1.2 1.m 1.f 3 q.2 2 2.1 u 4.7 1.2 1.m 1.9 1.4 3 v.1 1.1 f.1 h.8 1.2 1.14 2 g "
    "5.2 8.2 o.5 5.h 3.n 1.8 1 2.6 1m.1b 1.1 c.6 1m.1 1 1.4 1.n 1 1.9 1.1 9 2.4 1 l.3 w 1r.7 1.z r.4 "
    "37.16 k g.5 4.3 3 3.1 7.2 4.c c h.11 1 5 2.16 1.98 1.3 2.6 1 1.3 2.14 1.3 2.w 1.3 2.6 1 1.3 2.e "
    "1.1k 1.3 2.1u 11.f g.2d 2.5 3.h7 2.g 1.p 5.22 6.7 7.h d.i e.h e.c 1.2 f.1f z 4 1v.2g 7.4 2.x 1 "
    "5.1x a.u 1d.t 2.4 b.17 4.p 1i.m 9.1g 2a 2l.1a h.7 1i.t d.1 a.17 q.z 15.2 a.z 2.8 7.16 2.2 15.3 "
    "1.5 1.1 3 5.5b 1s.7p 2.5 2.11 2.5 2.7 1 1 1 1.u 2.1g 1.6 1 3.2 1.6 3.3 2.5 4.c 5.2 1.6 38 d g.c "
    "2t 4 2.9 1 3.4 6 1 1 1.3 1.a 2.3 5.4 4 1g.1 22j.6c 6.3 3.1 c.11 1 5 2.1j 7 g.m 9.6 1.6 1.6 1.6 "
    "1.6 1.6 1.6 1.6 28 d1.1 16.4 5.1 4.2d 6.2 1.2h 1.3 5.16 1.2l h.v 1c.f e8.533 1s.h3g 1v.19 2.7g "
    "3.f a.1 k.1a g.u 2.1x 1d.8 2.2u 2.1r 5.1 1 1.4 o.f 1.2 1.3 1.m t.1f e.1d 1q.5 3 1.1 b.r a.m p.s "
    "7.1a s g.4 1.9 a.4 1.14 n.2 1.7 k.m 3 3.1d 1 3.1 2.4 2 1 o.2 2.a 7.2 c.5 2.5 2.5 9.6 1.6 1.16 "
    "1.d 6.36 t.8mb c.m 4.1c 6is.a5 2.2x 12.6 c.4 5 1.9 1.c 1.4 1 1.1 1.1 1.2z x.a2 i.1r 2.1h 14.b "
    "38.4 1.3q 10.p 6.p b.2g 3.5 2.5 2.5 2.2 z.b 1.p 1.i 1.1 1.e 2.d y.3e at.s 3.1c 1b.v d.j 1.7 6.11 "
    "a.t 2.z 4.7 1c.4d i.z 4.z 4.13 8.1f c.a 1.e 1.6 1.1 1.a 1.e 1.6 1.1 1v.8m 9.l a.7 o.5 1.15 1.8 "
    "1x.5 2 1.17 1.1 3 2.m a.m 9.u 1t.i 1.1 a.l a.p 1y.1j 6.1 1s f.3 1.2 1.s 16.s 3.s z.7 1.r r.1h "
    "a.l a.i d.h 32.20 1j.1e d.1e d.z 9o.15 6.1 26.s a 8.l 16.h 1a.k r.m c.1g 1l.1 2 d.18 w.o q.z t 2 "
    "8.y 3 c.1b e.3 l 1 z.h 1.o j.1 1r.6 1 1.3 1.e 1.9 7.1a 12.7 2.1 2.l 1.6 1.1 1.4 3 i c.4 4e.1g "
    "i.3 k.2 u.1b k.1 1 54.1a 15.3 10.1b k 1n.16 d 1z.q 11.6 55.17 38.1r v.7 2 2.7 1.1 1.n f 1 2m.7 "
    "2.12 g 1 s a.13 7 l b.19 j i.20 7b.8 1.10 h 1d.t 34.6 1.1 1.11 l p.5 1.1 1.v e 93.i f 1.c 1.x 3g "
    "27.pl 6e.5f 218.2o f.tr h.5 33t.g6 6nt.fs 7.u h.26 h.t i.1b g.3 v.k 5.i j4.1r 3k.22 5 1u.c 1s.1 "
    "1 s.4qf 8.yd 16.8 6w7.3 1.6 1.1 1.82 f t.2 2 e.3 8.az 1s4.2y 5.c 3.8 7.9 4me.2c 1.1y 1.1 2 2.1 "
    "2.3 1.b 1 1.6 1.1s 1.3 2.7 1.6 1.r 1.3 1.4 1 3.6 1.9f 2.o 1.o 1.u 1.o 1.u 1.o 1.u 1.o 1.u 1.o "
    "1.7 1f8.u 6.5 79.1p 42.18 a.6 g 8x.t i.17 dg.r l0.6 1.3 1.1 1.e 1.5g 1n.1v 7 xg.3 1.q 1.1 1 2 "
    "1.9 1.3 1 1 6 4 1 1 1.2 1.1 1 2 1 1 1 1 1.1 1 2.3 1.6 1.3 1.3 1 1.9 1.g 5.2 1.4 1.g 3es.wyn "
    "w.37d 6.65 2.4g1 e.5rk 2e7.f1 15u.3t6 5.38f"
)

# General category Nd.
_DIGITS = (
    "1c.9 17q.9 3q.9 5i.9 bg.9 3a.9 3a.9 3a.9 3a.9 3a.9 3a.9 3a.9 3a.9 3a.9 2o.9 3a.9 1y.9 7q.9 1y.9 "
    "1fq.9 12.9 8c.9 3k.9 4m.9 6.9 52.9 2e.9 3q.9 6.9 r7q.9 iu.9 12.9 5i.9 m.9 2e.9 ba.9 geu.9 13a.9 "
    "1om.9 mk.9 3k.9 1o.9 40.9 7q.9 9i.9 3a.9 ae.9 2u.9 2u.9 bq.9 2u.9 l2.9 6u.9 1y.9 bq.9 eti.9 2e.9 "
    "3q.9 lf8.1d 1ts.9 bq.9 dy.9 uu.9 3o6.9"
)

# L, M, N, P, S and the ASCII space.
_PRINTABLE = (
    "w.2m y.b 1.jt 2.5 4.6 1 1.j 1.b0 1.11 2.1d 2.2 1.1i 8.q 4.5 h.l 1.5b 1.1b 2.1m 2.2s e.1m 2.1c "
    "2.e 1.r 2 1.a 5.u 9.21 1.4g 1.7 2.1 2.l 1.6 1 3.3 2.8 2.1 2.3 8 4.1 1.4 2.o 2.2 1.5 4.1 2.l 1.6 "
    "1.1 1.1 1.1 2 1.4 4.1 2.2 3 7.3 1 7.g a.2 1.8 1.2 1.l 1.6 1.1 1.4 2.9 1.2 1.2 2 f.3 2.b 7.6 1.2 "
    "1.7 2.1 2.l 1.6 1.1 1.4 2.8 2.1 2.2 7.2 4.1 1.4 2.h a.1 1.5 3.2 1.3 3.1 1 1.1 3.1 3.2 3.b 4.4 "
    "3.2 1.3 2 6 e.k 5.c 1.2 1.m 1.f 2.8 1.2 1.3 7.1 1.2 2 2.3 2.9 7.l 1.2 1.m 1.9 1.4 2.8 1.2 1.3 "
    "7.1 6.1 1.3 2.9 1.2 c.c 1.2 1.1e 1.2 1.5 4.f 2.p 1.2 1.h 3.n 1.8 1 2.6 3 4.5 1 1.7 6.9 2.2 c.1l "
    "4.s 11.1 1 1.4 1.n 1 1.m 2.4 1 1.6 1.9 2.3 w.1z 1.z 4.12 1.z 1.e 1.c 11.5h 1 5 2.ag 1.3 2.6 1 "
    "1.3 2.14 1.3 2.w 1.3 2.6 1 1.3 2.e 1.1k 1.3 2.1u 2.v 3.p 6.2d 2.5 2.hr 1.r 3.2g 7.l 9.n 9.j c.c "
    "1.2 1.1 c.2l 2.9 6.9 6.d 1.a 6.2g 7.16 5.1x a.u 1.b 4.b 4 3.15 2.4 b.17 4.p 6.a 3.1p 2.1s 1.s "
    "2.a 6.9 6.d 2.u 1d.24 3.1a 1.37 8.1n 3.e 3.1n 7.16 2.a 8.16 5.et 2.5 2.11 2.5 2.7 1 1 1 1.u 2.1g "
    "1.e 1.d 2.5 1.i 2.2 1.8 h.n 8.1a h.1 2.q 1.c 3.w f.w f.3v 4.ie p.a l.1eb 2.v 1.9o 5.18 1 5 2.1j "
    "7.1 e.n 9.6 1.6 1.6 1.6 1.6 1.6 1.6 1.6 1.3h y.p 1.2g c.5x q.b 5.1q 1.2d 2.2u 5.16 1.2l 1.2b "
    "c.1a 1.mlo 3.1i 9.9n k.53 8.5m 5.1 1 1.4 o.1m 3.9 6.1j 8.1x 8.b 6.37 b.t 3.25 1.a 4.w 1.1i 9.d "
    "2.9 2.2u o.r a.5 2.5 2.5 9.6 1.6 1.1n 4.3h 2.9 6.8mb c.m 4.1c 6is.a5 2.2x 12.6 c.4 5.p 1.4 1 1.1 "
    "1.1 1.3g g.cc 2.1h 7 w.15 6.1e 1.i 1.3 4.4 1.3q 4.59 3.5 2.5 2.5 2.2 3.6 1.6 d.1 2.b 1.p 1.i 1.1 "
    "1.e 2.d y.3e 5.2 4.18 3.2f 1.c 3 1b.19 3m.s 3.1c f.r 4.z 9.t 5.16 5.t 1.10 4.d 16.4d 2.9 6.z 4.z "
    "4.13 8.1f b.b 1.e 1.6 1.1 1.a 1.e 1.6 1.1 1v.8m 9.l a.7 o.5 1.15 1.8 1x.5 2 1.17 1.1 3 2.m 1.1z "
    "8.8 1c.i 1.1 5.w 3.q 5 1s.1j 4.j 2.1d 1.1 5.7 1.2 1.s 2.2 4.9 7.8 7.1r w.12 4.b 9.1h 3.s 2.q 5.p "
    "7.3 c.6 28.20 1j.1e d.1e 7.19 8.9 86.u 1.15 1.2 2.1 23.16 8.15 m.p 12.r k.m 9.25 4.z 9.1p 1.4 "
    "d.o 7.9 6.1g 1.h 8.12 9.2n 1.j b.h 1.1a 1q.6 1 1.3 1.e 1.a 6.1m 5.9 6.3 1.7 2.1 2.l 1.6 1.1 1.4 "
    "1.9 2.1 2.2 2 6 5.6 2.6 3.4 3v.2j 1.4 u.1z 8.9 4m.1h 2.11 y.1w b.9 6.c j.1l 6.9 1i.q 2.e 4.m "
    "55.1n 2s.2a c.7 2 2.7 1.1 1.t 1.1 2.b 9.9 1y.7 2.19 2.a r.1z 8.2a d.20 7.9 6u.8 1.18 1.d a.s 3.v "
    "2.l 1.d 21.6 1.1 1.17 3 1.1 1.8 8.9 6.5 1.1 1.10 1.1 1.5 7.9 8m.o 7.g 1.14 3.r 2e f.1d d.pm "
    "2u.32 1.4 b.5f 218.2q d.tr g.l 33e.g6 6nt.fs 7.u 1.9 4.28 1.9 6.t 2.5 a.1x a.9 1.6 1.k 5.i j4.2i "
    "2t.22 4.1k 7.g 1s.4 b.1 e.4qf 8.yd 16.8 6w7.3 1.6 1.1 1.82 f t.2 2 e.3 8.az 1s4.2y 5.c 3.8 7.9 "
    "2.3 3mo.19 2.m 9.37 1o.6t a.12 2.21 8.33 l.1x 3e.j c.j c.2e 9.o 3r.2c 1.1y 1.1 2 2.1 2.3 1.b 1 "
    "1.6 1.1s 1.3 2.7 1.6 1.r 1.3 1.4 1 3.6 1.9f 2.83 2.jh f.4 1.e uo.u 6.5 5x.6 1.g 2.6 1.1 1.4 5.1p "
    "x 34.18 3.d 2.9 4.1 8w.u h.1l 5 cw.15 km.6 1.3 1.1 1.e 1.5g 2.f 15.23 4.9 4.1 lt.1v 24.1o 5e.3 "
    "1.q 1.1 1 2 1.9 1.3 1 1 6 4 1 1 1.2 1.1 1 2 1 1 1 1 1.1 1 2.3 1.6 1.3 1.3 1 1.9 1.g 5.2 1.4 1.g "
    "1g.1 7i.17 4.2r c.e 2.e 1.e 1.10 a.4t 1k.s d.17 4.8 7.1 e.5 4a.rb 4.g 3.c 3.3a 4.2m 6.b 4 f.b "
    "4.1j 8.9 6.13 8.t 2.1 26.9f c.d 2.c 3.8 7.19 1.6 8.d 4.8 7.8 7.42 1.1i 11.9 sm.wyn w.37d 6.65 "
    "2.4g1 e.5rk 2e7.f1 15u.3t6 5.38f f9e8.6n"
)


class _Runs:
    """The runs of one table, decoded when first asked for."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._starts: list[int] = []
        self._ends: list[int] = []

    def _decode(self) -> None:
        starts, ends, at = [], [], 0
        for run in self._table.split():
            gap, _, more = run.partition(".")
            start = at + int(gap, 36)
            at = start + (int(more, 36) if more else 0) + 1
            starts.append(start)
            ends.append(at)
        self._ends, self._starts = ends, starts

    def __contains__(self, rune: int) -> bool:
        if not self._starts:
            self._decode()
        i = bisect_right(self._starts, rune) - 1
        return i >= 0 and rune < self._ends[i]


_letters, _digits, _printable = _Runs(_LETTERS), _Runs(_DIGITS), _Runs(_PRINTABLE)


@lru_cache(maxsize=4096)
def is_letter(char: str) -> bool:
    """unicode.IsLetter of one character."""
    return ord(char) in _letters


@lru_cache(maxsize=4096)
def is_digit(char: str) -> bool:
    """unicode.IsDigit of one character."""
    return ord(char) in _digits


@lru_cache(maxsize=4096)
def is_print(char: str) -> bool:
    """strconv.IsPrint of one character: letters, marks, numbers, punctuation, symbols, ASCII space."""
    return ord(char) in _printable


def is_alphanumeric(char: str) -> bool:
    """What may stand in a template's identifier: letters, digits and `_`."""
    if char.isascii():
        return char.isalnum() or char == "_"
    return is_letter(char) or is_digit(char)
