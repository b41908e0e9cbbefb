from __future__ import annotations

import os
import signal
import threading

import pytest

from modelfile_kit.core.interrupts import Held, instead_of_interrupt, let_in, terminated_as_interrupted

# A signal that is sent to a process with threads may reach another one; raise_signal reaches this one.
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that asks a process to end")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_it_is_an_interrupt_for_as_long_as_that_is_wanted(name: str) -> None:
    number = getattr(signal, name)
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), terminated_as_interrupted():
        signal.raise_signal(number)
    assert signal.getsignal(number) == before


def test_a_second_one_does_not_end_the_removing() -> None:
    removed = False
    with pytest.raises(KeyboardInterrupt), terminated_as_interrupted():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            with terminated_as_interrupted():
                signal.raise_signal(signal.SIGTERM)
                signal.raise_signal(signal.SIGHUP)
                removed = True
    assert removed


def test_a_step_instead_of_the_first_one() -> None:
    steps: list[str] = []
    with (
        terminated_as_interrupted(),
        pytest.raises(KeyboardInterrupt),
        instead_of_interrupt(lambda: steps.append("told")),
    ):
        signal.raise_signal(signal.SIGTERM)
        assert steps == ["told"]
        signal.raise_signal(signal.SIGINT)
    assert steps == ["told"]


def test_under_nohup_a_closed_terminal_ends_nothing() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with terminated_as_interrupted():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_changes_nothing() -> None:
    # Python lets only the main thread set what a signal does.
    seen = []

    def work() -> None:
        with terminated_as_interrupted():
            seen.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_what_is_held_is_interrupted_at_its_end(name: str) -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), terminated_as_interrupted():
        with Held():
            with Held():
                signal.raise_signal(getattr(signal, name))
                done.append("inner")
            done.append("outer")
        done.append("behind")
    assert done == ["inner", "outer"]
    with Held():  # it was one interrupt
        done.append("later")
    assert done[-1] == "later"


def test_an_error_of_what_is_held_gives_way_to_the_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt), terminated_as_interrupted(), Held():
        signal.raise_signal(signal.SIGINT)
        raise ValueError("both")


@pytest.mark.parametrize("before", [True, False])
def test_a_wait_inside_lets_interrupts_in(before: bool) -> None:
    steps = []

    def step() -> None:
        steps.append("begun")
        signal.raise_signal(signal.SIGINT)
        steps.append("ended")

    with terminated_as_interrupted(), pytest.raises(KeyboardInterrupt), Held():
        if before:
            signal.raise_signal(signal.SIGINT)
        try:
            let_in(step)
        finally:
            # The tidying up is held again.
            signal.raise_signal(signal.SIGINT)
            steps.append("tidied")
    assert steps == (["tidied"] if before else ["begun", "tidied"])
    assert let_in(lambda: 5) == 5


@pytest.mark.parametrize("count", [1, 2])
def test_what_has_to_be_whole_is_interrupted_by_the_second_one_alone(count: int) -> None:
    done: list[object] = []

    def step() -> None:
        for number in range(count):
            signal.raise_signal(signal.SIGINT)
            done.append(number)

    with pytest.raises(KeyboardInterrupt), terminated_as_interrupted():
        with Held(whole=True):
            with Held():
                let_in(step)
            done.append("whole")
        done.append("behind")
    assert done == ([0, "whole"] if count == 1 else [0])
    with Held():
        assert let_in(lambda: "nothing waits") == "nothing waits"


def test_another_thread_holds_nothing() -> None:
    begun, end = threading.Event(), threading.Event()

    def work() -> None:
        with Held():
            begun.set()
            end.wait(60)
            let_in(lambda: None)

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait(60)
    with pytest.raises(KeyboardInterrupt), terminated_as_interrupted():
        signal.raise_signal(signal.SIGINT)
    end.set()
    thread.join()
