from __future__ import annotations

import os
import signal
import threading

import pytest

from modelfile_kit.core.interrupts import terminated_as_interrupted

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that asks a process to end")


def test_sigterm_is_an_interrupt_for_as_long_as_that_is_wanted() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), terminated_as_interrupted():
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
    assert signal.getsignal(signal.SIGTERM) == before


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
