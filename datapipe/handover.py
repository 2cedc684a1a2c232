"""Answers as verifier processes read them: what a question brings is encoded once for all answers to it."""

from collections.abc import Mapping

from datapipe.format import as_sent
from datapipe.worker_frames import encode
from judges.attempt import asked, in_json, last_said, told
from schemas.rows import Answer, Question

Place = tuple[str, str]
"""Question and format."""


class Handover:
    """The answers of a shard as the bytes of `encode(attempt.to_json())`, their members in another order."""

    def __init__(self, questions: Mapping[str, Question]) -> None:
        self._questions = questions
        self._whole: dict[Place, bytes] = {}
        self._bare: dict[Place, bytes] = {}

    def whole(self, answer: Answer) -> bytes:
        """`Attempt.from_rows` of an answer."""
        place = answer.question_id, answer.format
        if place not in self._whole:
            self._open(place)
        raw, turns = encode(answer.raw), encode([told(turn) for turn in answer.turns])
        ended, layout = encode(answer.finish_reason), encode(answer.layout)
        head = self._whole[place]
        return b'%b"raw":%b,"finish_reason":%b,"layout":%b,"turns":%b}' % (head, raw, ended, layout, turns)

    def bare(self, answer: Answer) -> bytes:
        """The same, `bare`."""
        place = answer.question_id, answer.format
        if place not in self._bare:
            self._open(place)
        response, _ = last_said(answer.turns)
        said, ended = encode(response), encode(answer.finish_reason)
        turn = b'{"role":"assistant","content":%b}' % said
        return b'%b"raw":%b,"finish_reason":%b,"turns":[%b]}' % (self._bare[place], said, ended, turn)

    def _open(self, place: Place) -> None:
        """Encode what comes with the question: objects that are still open."""
        name, form = place
        question = self._questions[name]
        sent = as_sent(question, form)
        both = {
            "prompt": asked(sent),
            "question": asked(question.messages),
            "format": form,
            "reference": question.reference,
        }
        alone = {"language": None, "messages": "[]", "layout": "none"}
        self._whole[place] = _opened(both | {"language": question.language, "messages": in_json(sent)})
        self._bare[place] = _opened(both | alone)


def _opened(members: dict[str, str | None]) -> bytes:
    return encode(members)[:-1] + b","
