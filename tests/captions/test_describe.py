"""Order, concurrency, memory, the cache and faults, with a model that misbehaves on purpose."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from modelfile_kit.captions.cache import AnswerCache
from modelfile_kit.captions.describe import TRIES, Caption, describe
from modelfile_kit.captions.models import Question
from modelfile_kit.core.errors import KitError, ServerError, UsageError
from modelfile_kit.core.http_client import Budget, patience
from modelfile_kit.runtime.completion import Completion
from modelfile_kit.runtime.ollama.replies import HalfStreamError, RefusedError
from modelfile_kit.vision.image_tokens import Eye
from modelfile_kit.vision.prepare import Wishes


class Model:
    """Answers with the image's number of bytes; `act` comes before."""

    identity = "m"
    eye: Eye | None = None

    def __init__(self, act: Callable[[bytes], None] = lambda image: None) -> None:
        self.act = act
        self.asked: list[bytes] = []
        self.together = self.most = 0
        self._lock = threading.Lock()

    def ask(
        self, image: bytes, question: Question, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        with self._lock:
            self.asked.append(image)
            self.together += 1
            self.most = max(self.most, self.together)
        try:
            self.act(image)
            if on_text:
                on_text("some ")
                on_text(f"{len(image)} bytes")
            return Completion(f"some {len(image)} bytes", 9, 3, "stop")
        finally:
            with self._lock:
                self.together -= 1


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Twelve images, no two alike."""
    made = [tmp_path / f"{n:02}.png" for n in range(12)]
    for n, path in enumerate(made):
        Image.new("RGB", (40 + n, 30), (20 * n, 0, 0)).save(path)
    return made


def captions(files: list[Path] | list[Path | KitError], model: Model, **more) -> list[Caption]:
    return list(describe(files, model, wait=lambda seconds: None, **more))


def test_answers_come_in_the_order_of_the_files(files):
    first_done = threading.Event()

    def act(image: bytes) -> None:  # the first image is the slowest
        if image == files[0].read_bytes():
            assert first_done.wait(10)
        elif image == files[2].read_bytes():
            first_done.set()

    model = Model(act)
    found = captions(files, model, jobs=3)
    assert [c.file for c in found] == [str(f) for f in files]
    assert [c.answer.text for c in found] == [f"some {len(f.read_bytes())} bytes" for f in files]
    assert 1 < model.most <= 3


def test_the_deadline_of_the_user_holds_for_every_answer(files):
    seconds: list[float] = []
    with patience(deadline=7.5):
        captions(files, Model(lambda image: seconds.append(Budget().seconds)), jobs=3)
    assert seconds == [7.5] * len(files)


def test_no_more_are_begun_than_are_wanted(files):
    model = Model()
    held = describe(files, model, jobs=2)
    next(held)
    # twice as many as jobs are in work or done beside the one that was taken
    assert len(model.asked) <= 5
    held.close()
    assert sum(1 for _ in held) == 0


def test_the_bytes_are_not_kept(files):
    assert all(c.image is not None and c.image.data == b"" for c in captions(files, Model()))


def test_nothing_is_asked_twice(files, tmp_path):
    cache = AnswerCache(tmp_path / "cache")
    first, second = Model(), Model()
    before = captions(files[:7], first, cache=cache)
    after = captions(files, second, cache=cache)
    assert (len(first.asked), len(second.asked)) == (7, 5)
    assert [c.cached for c in after] == [True] * 7 + [False] * 5
    assert [c.answer for c in after[:7]] == [c.answer for c in before]
    captions(files, second, cache=cache, question=Question("another"))
    captions(files, second, cache=cache, wishes=Wishes(longest=20))
    assert len(second.asked) == 5 + 12 + 12


def test_the_same_image_under_two_names_is_asked_once(files, tmp_path):
    copies = [tmp_path / f"copy-{n}.png" for n in range(6)]
    for copy in copies:
        copy.write_bytes(files[0].read_bytes())
    model = Model()
    found = captions(copies, model, jobs=4, cache=AnswerCache(tmp_path / "cache"))
    assert len(model.asked) == 1
    assert len({c.answer for c in found}) == 1


def test_broken_files_are_named_and_the_rest_goes_on(files, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(files[0].read_bytes()[:60])
    missing = tmp_path / "missing.png"
    none = KitError("the folder has no images", code="MK893")
    found = captions([files[0], broken, none, missing, files[1]], Model())
    assert [c.error.code if c.error else "" for c in found] == ["", "MK891", "MK893", "MK903", ""]
    assert found[1].to_dict()["error"]["message"].startswith("the image is damaged")
    assert found[4].to_dict()["caption"].endswith("bytes")


def test_a_cut_stream_is_the_fault_of_one_image(files, tmp_path):
    def act(image: bytes) -> None:
        if image == files[1].read_bytes():
            raise HalfStreamError("ended early", code="MK805")

    cache = AnswerCache(tmp_path / "cache")
    found = captions(files[:3], Model(act), cache=cache)
    assert [c.error.code if c.error else "" for c in found] == ["", "MK805", ""]
    again = Model()  # only the missing one is asked
    captions(files[:3], again, cache=cache)
    assert again.asked == [files[1].read_bytes()]


def refused(status: int, detail: str = "no", retry_after: str = "") -> RefusedError:
    code = {401: "MK861", 429: "MK890"}.get(status, "MK801")
    return RefusedError(detail, detail=detail, status=status, code=code, retry_after=retry_after)


@pytest.mark.parametrize(
    "error",
    [
        ServerError("no server answers", code="MK802"),
        refused(401),
        refused(400, "Multimodal data provided, but model does not support multimodal requests."),
    ],
    ids=["gone", "401", "no projector"],
)
def test_what_no_other_image_would_escape_ends_the_work(files, error):
    def act(image: bytes) -> None:
        if image == files[2].read_bytes():
            raise error

    seen: list[Caption] = []
    with pytest.raises(ServerError) as e:
        for caption in describe(files, Model(act), jobs=2):
            seen.append(caption)
    assert e.value is error
    assert [c.file for c in seen] == [str(f) for f in files[:2]]


def test_a_busy_server_is_asked_again_as_late_as_it_says(files):
    answers = [refused(429, retry_after="7"), refused(503), refused(429)]
    waits: list[float] = []

    def act(image: bytes) -> None:
        if answers:
            raise answers.pop(0)

    (found,) = describe(files[:1], Model(act), wait=waits.append)
    assert found.answer is not None
    assert waits == [7, 2, 4]


@pytest.mark.parametrize(("after", "tries"), [("", TRIES), ("3600", 1)])
def test_a_server_that_stays_busy_ends_the_work(files, after, tries):
    def act(image: bytes) -> None:
        raise refused(429, retry_after=after)

    model = Model(act)
    with pytest.raises(RefusedError) as e:
        captions(files, model, jobs=1)
    assert e.value.code == "MK890"
    assert model.asked.count(files[0].read_bytes()) == tries


def test_a_size_that_cannot_be_is_wrong_usage(files):
    wishes = Wishes(eye=Eye("gemma3", 896, 14, 4), most_tokens=100)
    with pytest.raises(UsageError, match="256"):
        captions(files, Model(), wishes=wishes)


def test_pieces_are_told_with_their_number(files):
    told: dict[int, str] = {}
    lock = threading.Lock()

    def on_text(number: int, text: str) -> None:
        with lock:
            told[number] = told.get(number, "") + text

    found = captions(files, Model(), on_text=on_text, jobs=4)
    assert [told[n] for n in range(12)] == [c.answer.text for c in found]


def test_a_disk_that_is_full_is_not_hidden(files, tmp_path, monkeypatch):
    def refuse(self, key, answer):
        raise OSError(28, "No space left on device", "answers")

    monkeypatch.setattr(AnswerCache, "write", refuse)
    with pytest.raises(KitError, match="cannot be remembered: the disk is full"):
        captions(files, Model(), cache=AnswerCache(tmp_path / "cache"))
