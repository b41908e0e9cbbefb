"""The allocator: sizes computed by hand, after ggml-alloc.c's rules."""

from __future__ import annotations

from modelfile_kit.fit.graph import Graph, Part

MIB = 1 << 20


def test_a_result_is_freed_after_its_last_use():
    graph = Graph()
    a = graph.input(MIB)
    b = graph.op(MIB, a)
    c = graph.op(MIB, b)  # takes the place of a
    graph.op(MIB, c)  # takes the place of b
    assert graph.peak() == 2 * MIB


def test_what_is_used_later_stays():
    graph = Graph()
    a = graph.input(MIB)
    b = graph.op(MIB, a)
    c = graph.op(MIB, b)
    graph.op(MIB, a, c)
    assert graph.peak() == 3 * MIB


def test_an_operation_can_write_over_its_source():
    graph = Graph()
    a = graph.input(MIB)
    b = graph.op(MIB, a, over=True)
    graph.op(MIB, b, over=True)
    assert graph.peak() == MIB


def test_nothing_is_written_over_that_is_read_again_or_of_another_size():
    graph = Graph()
    a = graph.input(MIB)
    b = graph.op(MIB, a, over=True)  # a is read again below
    graph.op(2 * MIB, a, b, over=True)
    assert graph.peak() == 4 * MIB


def test_a_view_is_not_written_over():
    graph = Graph()
    a = graph.input(MIB)
    graph.op(MIB, Part(a), over=True)
    assert graph.peak() == 2 * MIB


def test_a_hole_too_small_leaves_the_buffer_growing():
    graph = Graph()
    small = graph.input(MIB)
    kept = graph.op(MIB, small)  # behind the first one, which is a hole of 1 MiB from here on
    graph.op(2 * MIB, kept)
    assert graph.peak() == 4 * MIB


def test_the_smallest_hole_is_taken():
    graph = Graph()
    wide, wall, narrow, end = (graph.input(n * MIB) for n in (2, 1, 1, 1))
    graph.store(wide)
    graph.store(narrow)
    one = graph.op(MIB, wall)  # into the hole of 1 MiB, so that the next one fits too
    two = graph.op(2 * MIB, end)
    graph.store(one, two, wall, end)
    assert graph.peak() == 5 * MIB


def test_sizes_are_padded():
    graph = Graph()
    graph.input(1)
    graph.input(33)
    assert graph.peak() == 32 + 64
