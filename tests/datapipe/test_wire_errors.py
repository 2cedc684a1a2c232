"""Which error every status and every code in a body stands for."""

import json
from typing import Any

import pytest

from datapipe.backends.base import Refused, Transient, Unfit
from datapipe.backends.wire import FULL_S, error_of
from tests.datapipe.asked import failed
from tests.stub_server import says

REFUSED = [400, 413, 414, 422, 431]
LATER = [408, 425, 429, 499, 500, 501, 502, 503, 504, 529]
UNFIT = [300, 301, 302, 307, 308, 401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 415, 418, 421, 423, 451]


def kind(status: int, **error: Any) -> type[Exception]:
    return type(error_of(status, json.dumps({"error": error}).encode(), "s"))


@pytest.mark.parametrize(
    ("status", "said"),
    [*((s, Refused) for s in REFUSED), *((s, Transient) for s in LATER), *((s, Unfit) for s in UNFIT)],
)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": "no"}', b'{"error": {"code": "other"}}'])
def test_a_status_alone_says_who_is_to_blame(status: int, said: type[Exception], body: bytes) -> None:
    assert type(error_of(status, body, "s")) is said


@pytest.mark.parametrize("status", [200, 408, 413, 429, 500, 502, 503, 504])
def test_a_full_context_is_no_outage_whatever_it_is_sent_as(status: int) -> None:
    assert kind(status, code="context_length_exceeded") is Refused
    assert kind(status, type="context_length_exceeded") is Refused
    assert kind(status, code=500, type="context_length_exceeded") is Refused


@pytest.mark.parametrize("code", ["invalid_request_error", "BadRequestError"])
def test_an_invalid_request_is_believed_where_the_status_says_little(code: str) -> None:
    assert [kind(status, type=code) for status in (200, 500, 502)] == [Refused] * 3


@pytest.mark.parametrize("code", ["invalid_request_error", "BadRequestError", "context_length_exceeded"])
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_key_or_an_address_is_never_the_fault_of_a_question(status: int, code: str) -> None:
    assert kind(status, type=code) is Unfit


@pytest.mark.parametrize(("status", "said"), [(402, Unfit), (409, Unfit), (429, Transient), (503, Transient)])
def test_an_empty_account_or_a_full_server_is_not_the_fault_of_a_question(
    status: int, said: type[Exception]
) -> None:
    """Some call it an invalid request, as OpenAI does where a quota is used up."""
    assert kind(status, type="invalid_request_error", message="you exceeded your quota") is said


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (500, 400, Refused),
        (200, 400, Refused),
        (200, 429, Transient),
        (200, 503, Transient),
        (500, 404, Unfit),
        (400, 429, Transient),
        (400, 401, Unfit),
        (400, 7, Refused),
        (500, 7, Transient),
        (500, True, Transient),
    ],
)
def test_a_status_in_a_body_is_truer_than_that_of_its_reply(
    status: int, code: Any, said: type[Exception]
) -> None:
    assert kind(status, code=code) is said


def test_where_a_server_says_when_that_is_kept() -> None:
    for status in (402, 429, 503):
        error = error_of(status, b"", "s", retry_after=7.0)
        assert isinstance(error, Transient)
        assert error.retry_after == 7.0
    waits = {status: error_of(status, b"", "s") for status in (429, 408, 503)}
    assert {status: getattr(each, "retry_after", 0) for status, each in waits.items()} == {
        429: FULL_S,
        408: None,
        503: None,
    }


@pytest.mark.parametrize("status", [429, 503, 404, 400])
def test_the_status_of_a_reply_stays_with_its_error(status: int) -> None:
    """By it one that is full is told from one that is not there, though both say when to come back."""
    error = failed(says({}, status, Retry_After="5"))
    assert error.status == status
    assert getattr(error, "retry_after", None) == (None if status == 400 else 5.0)
