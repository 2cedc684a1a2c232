"""Every type of instruction has a response that follows it and one that does not, and both are told apart."""

import json
from pathlib import Path
from typing import Any

import pytest

from judges.attempt import Attempt
from judges.values.following import readings
from judges.values.trials import trial
from judges.verifiers.instruction import instruction
from schemas.instructions import INSTRUCTIONS
from schemas.references import Constraint, InstructionReference, parse_reference

IFEVAL = Path(__file__).parents[2] / "../shared/data/ifeval/prompts.jsonl"
LOOSE = instruction.bind({"loose": True})
KWARGS: dict[str, dict[str, Any]] = {
    "keywords:existence": {"keywords": ["fire", "C++"]},
    "keywords:frequency": {"keyword": "war", "frequency": 3, "relation": "less than"},
    "keywords:forbidden_words": {"forbidden_words": ["rock", "C++"]},
    "keywords:letter_frequency": {"letter": "#", "let_frequency": 4, "let_relation": "at least"},
    "language:response_language": {"language": "hi"},
    "length_constraints:number_sentences": {"num_sentences": 3, "relation": "at least"},
    "length_constraints:number_paragraphs": {"num_paragraphs": 2},
    "length_constraints:number_words": {"num_words": 300, "relation": "at least"},
    "length_constraints:nth_paragraph_first_word": {
        "num_paragraphs": 3, "nth_paragraph": 2, "first_word": "elm",
    },
    "detectable_content:number_placeholders": {"num_placeholders": 2},
    "detectable_content:postscript": {"postscript_marker": "P.P.S"},
    "detectable_format:number_bullet_lists": {"num_bullets": 3},
    "detectable_format:number_highlighted_sections": {"num_highlights": 2},
    "detectable_format:multiple_sections": {"section_spliter": "Day", "num_sections": 2},
    "combination:repeat_prompt": {"prompt_to_repeat": "Write a poem."},
    "startend:end_checker": {"end_phrase": "Peace!"},
    "change_case:capital_word_frequency": {"capital_frequency": 2, "capital_relation": "less than"},
    "datapipe:contains": {"texts": ["a.b", "(c"]},
    "datapipe:lacks": {"texts": ["a.b"]},
    "datapipe:starts_with": {"text": "Well"},
    "datapipe:ends_with": {"text": "over."},
    "datapipe:table": {"columns": 3, "rows": 2},
    "datapipe:code_block": {"language": "python"},
    "datapipe:json_keys": {"keys": ["a", "b"], "only": True},
    "datapipe:json_schema": {"schema": {"type": "object"}},
}  # fmt: skip


def told(response: str, name: str, kwargs: dict[str, Any], loose: bool = False) -> str:
    check = LOOSE if loose else instruction
    constraints = [{"id": name, "kwargs": kwargs}]
    return check.judge(Attempt.of(response, {"type": "instruction", "constraints": constraints})).outcome


@pytest.mark.parametrize("loose", [False, True])
@pytest.mark.parametrize("name", INSTRUCTIONS)
def test_one_that_follows_passes_and_one_that_does_not_fails(name: str, loose: bool) -> None:
    kwargs = KWARGS.get(name, {"min": 2, "max": 3} if INSTRUCTIONS[name].model_fields else {})
    good, bad = trial(Constraint(id=name, kwargs=kwargs))
    assert name == "datapipe:json_schema" or good is not None
    assert good is None or told(good, name, kwargs, loose) == "pass"
    assert bad is not None
    assert told(bad, name, kwargs, loose) == "fail"


DAILY = Path(__file__).with_name("instruction_daily.jsonl").read_text("utf-8").splitlines()


@pytest.mark.parametrize(
    "row", list(map(json.loads, DAILY)), ids=lambda row: f"{row['id']} {row['text'][:20]!r}"
)
def test_texts_are_read_as_people_write_them(row: dict[str, Any]) -> None:
    assert told(row["text"], row["id"], row["kwargs"]) == row["outcome"]


@pytest.mark.slow
@pytest.mark.skipif(not IFEVAL.is_file(), reason="the prompts are not here")
@pytest.mark.parametrize("loose", [False, True])
def test_every_prompt_of_ifeval_is_known_and_its_trials_are_told_apart(loose: bool) -> None:
    check, tried = LOOSE if loose else instruction, 0
    for line in IFEVAL.read_text("utf-8").splitlines():
        row = json.loads(line)
        pairs = zip(row["instruction_id_list"], row["kwargs"], strict=True)
        given = [{"id": name, "kwargs": kwargs} for name, kwargs in pairs]
        whole = parse_reference({"type": "instruction", "constraints": given})
        assert not (check.judge(Attempt.of("Yes.", whole)).reason or "").startswith("raised")
        for constraint in given:
            alone = InstructionReference(type="instruction", constraints=[Constraint(**constraint)])
            for text, want in zip(trial(alone.constraints[0]), ("pass", "fail"), strict=True):
                assert text is not None, constraint
                assert check.judge(Attempt.of(text, alone)).outcome == want, (constraint, text)
                tried += 1
    assert tried == 2 * 834


@pytest.mark.parametrize(
    ("constraint", "why"),
    [
        ({"id": "punctuation:no_coma"}, "did you mean 'punctuation:no_comma'"),
        ({"id": "en:made:up"}, "unknown instruction 'en:made:up'"),
        ({"id": "keywords:existence"}, "keywords"),
        ({"id": "keywords:existence", "kwargs": {"keywords": None}}, "keywords"),
        ({"id": "punctuation:no_comma", "kwargs": {"num_words": 3}}, "Extra inputs"),
        (
            {"id": "length_constraints:number_words", "kwargs": {"num_words": 3, "relation": "around"}},
            "less than",
        ),
        ({"id": "language:response_language", "kwargs": {"language": "xx"}}, "language"),
        ({"id": "datapipe:words", "kwargs": {"min": 3, "max": 2}}, "min 3 is over max 2"),
        ({"id": "datapipe:json_schema", "kwargs": {"schema": {"type": "objec"}}}, "no JSON schema"),
    ],
)
def test_what_is_unknown_is_refused_at_load_and_never_passed(constraint: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_reference({"type": "instruction", "constraints": [constraint]})
    past = Constraint.model_construct(id=constraint["id"], kwargs=constraint.get("kwargs", {}))
    reference = InstructionReference.model_construct(type="instruction", constraints=[past])
    said = instruction.judge(Attempt.of("Some words.", reference))
    assert said.outcome == "unscored"
    assert constraint["id"] in (said.reason or "")


def test_repeated_ids_are_all_checked_and_the_score_is_the_share() -> None:
    bounds = [{"min": 2}, {"max": 3}, {"max": 1}, {"min": 9}]
    constraints = [{"id": "datapipe:words", "kwargs": each} for each in bounds]
    said = instruction.judge(Attempt.of("a b", {"type": "instruction", "constraints": constraints}))
    assert (said.outcome, said.score) == ("fail", 0.5)
    assert said.reason == "datapipe:words: 2 words, at most 1 wanted"
    assert "at least 9 wanted" in (said.evidence or "")


def test_the_eight_readings() -> None:
    assert readings("a\n*b*\nc") == ["a\n*b*\nc", "*b*\nc", "a\n*b*", "*b*", "a\nb\nc", "b\nc", "a\nb", "b"]


@pytest.mark.parametrize(
    ("text", "name", "kwargs", "strict", "loose"),
    [
        ("Sure, here:\nNo more", "punctuation:no_comma", {}, "fail", "pass"),
        ('Here:\n"Quoted"', "startend:quotation", {}, "fail", "pass"),
        ("**Peace!**", "startend:end_checker", {"end_phrase": "Peace!"}, "fail", "pass"),
        ("a, b", "punctuation:no_comma", {}, "fail", "fail"),
    ],
)
def test_loose_looks_past_a_frame(
    text: str, name: str, kwargs: dict[str, Any], strict: str, loose: str
) -> None:
    assert (told(text, name, kwargs), told(text, name, kwargs, True)) == (strict, loose)
