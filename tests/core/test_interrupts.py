from __future__ import annotations

import os
import signal
import threading

import pytest

from modelfile_kit.core.interrupts import terminated_as_interrupted

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
