"""Score the final answer with the reasoning-gym task that made the question: only a full score passes."""

import json
import re

from judges.base import Attempt, Finding, Unscored, check
from judges.values.claimed import stated_answers
from judges.values.counts import Unclear
from judges.values.finals import Final, final_answers, later_statement
from judges.values.gym import Refused, entry_fault, refusal, score, skips_words, wrong_answers
from judges.values.seen import seen
from judges.values.wording import folded
from schemas.references import LogicReference, Reference

_TAG = re.compile(r"<answer>((?:(?!</?answer>).){0,20000}+)</answer>", re.IGNORECASE | re.DOTALL)
_FENCE = re.compile(r"^```\w*\n((?:(?!```).*\n){0,2000}+)```", re.MULTILINE)
_WRAP = re.compile(r"\\(?:text|texttt|mathrm|mathbf|textbf)\{([^{}]*)\}")
# Words that make of an answer a hedge or a denial, unless the right answer has them too.
_HEDGE = re.compile(
    r"\b(?:or|either|neither|nor|not|never|maybe|perhaps|possibly|wait|actually|except|anything|but|none|both)\b"
    r"|n['’]t\b|或|不是|≠|\\(?:neq?|not|phantom|cancel)\b",
    re.IGNORECASE,
)
_WORD, _PROSE = re.compile(r"\w+"), re.compile(r"[a-z]{3}")
_FILLERS = frozenset({"and", "is", "a", "an", "the", "so", "while"})
_LOOSE_WORDS = 12
_SUM = {"question": "State the final answer to: 4 + 3 =", "answer": "7", "metadata": {}}
_KNAVES = {"question": "Who is who?", "answer": "Zoey is a fool, and Riley is a sage.", "metadata": {}}
_GRID = {"question": "Rotate it.", "answer": "3 1\n4 2", "metadata": {}}


def _try(text: str, task: str, entry: object) -> Attempt:
    return Attempt.of(text, {"type": "logic", "task": task, "entry": entry})


@check(
    passes=[
        _try("7", "chain_sum", _SUM),
        _try("4 + 3 makes 7.\nAnswer: **7**", "chain_sum", _SUM),
        _try("<think>8?</think><answer> 7 </answer>", "chain_sum", _SUM),
        _try("So it is \\boxed{7}.", "chain_sum", _SUM),
        _try("The answer is Riley is a sage, and Zoey is a fool.", "knights_knaves", _KNAVES),
        _try("Turning it gives this.\n\nAnswer:\n3 1\n4 2", "rotate_matrix", _GRID),
        _try("```\n3 1\n4 2\n```", "rotate_matrix", _GRID),
    ],
    fails={
        _try("The answer is 8.", "chain_sum", _SUM): "'8' does not score 1 in 'chain_sum'",
        _try("\\boxed{Zoey is a sage, and Riley is a sage.}", "knights_knaves", _KNAVES): (
            "'Zoey is a sage, and Riley is a sage' does not score 1 in 'knights_knaves'"
        ),
    },
    unscored={
        _try("Answer: 7 or 8", "chain_sum", _SUM): "a hedge or a denial: '7 or 8'",
        _try("\\boxed{7} \\boxed{8}", "chain_sum", _SUM): "two final answers: '7' and '8'",
        _try("<answer>7</answer> The answer is 8.", "chain_sum", _SUM): "two final answers: '7' and '8'",
        _try("Some say 7. " * 9, "chain_sum", _SUM): "no final answer",
        _try("7", "chain_som", _SUM): "task 'chain_som': reasoning-gym has none of this name",
        _try("7", "chain_sum", {"question": "?"}): "the entry has no answer that is text",
    },
    optional={"reasoning-gym": "logic"},
)
def logic(attempt: Attempt) -> Finding:
    """A task that gives points to garbage, or not all to its own answer, is refused: unscored, and why."""
    reference = attempt.expected(LogicReference)
    entry = json.dumps(reference.entry, sort_keys=True)
    if fault := refusal(reference.task) or entry_fault(reference.task, entry):
        raise Unscored(fault)
    gold = str(reference.entry["answer"])
    readings = _readings(seen(attempt.response, gold), gold.strip())
    try:
        right = [reading for reading in readings if score(reference.task, entry, reading) == 1.0]
    except Refused as error:
        raise Unscored(str(error)) from error
    if right and skips_words(reference.task, entry):
        extra = min((_beside(reading, gold) for reading in right), key=len)
        if extra:
            raise Unscored(f"more than an answer: {sorted(extra)[0]!r} in {right[0]!r}")
    said = f"{readings[0]!r} does not score 1 in {reference.task!r}"
    return Finding(None if right else said, extracted=readings[0])


def same(a: str, b: str) -> bool:
    """Are two final answers the same text, spaces aside?"""
    return a.split() == b.split()


def near_misses(reference: Reference) -> list[str]:
    """Another number, the other truth value, another text, a text that lacks its end."""
    return wrong_answers(_gold(reference)) if _gold(reference) else []


def equivalents(reference: Reference) -> list[str]:
    """The answer as it is, in tags, in a box where it is one line, and behind words."""
    gold = _gold(reference)
    tagged = [gold, f"<answer>{gold}</answer>", f"Step by step.\n\nAnswer:\n{gold}"] if gold else []
    one_line = gold and not set(gold) & set("\n{}\\")
    return [*tagged, f"So it is \\boxed{{{gold}}}.", f"The answer is {gold}"] if one_line else tagged


def _gold(reference: Reference) -> str:
    answer = reference.entry.get("answer") if isinstance(reference, LogicReference) else None
    return answer.strip() if isinstance(answer, str) else ""


def _readings(response: str, gold: str) -> list[str]:
    """Ways to read the one answer that is stated, without wrappers. Raises Unscored where it is not one."""
    stated = _stated(response, gold)
    if _hedges(stated[0]) - _hedges(gold):
        raise Unscored(f"a hedge or a denial: {stated[0]!r}")
    loose = [text.strip().strip("*`$_").strip() for text in stated]
    read = [*(text.rstrip(".").rstrip("*`$") for text in loose), *loose, *stated, *map(_unwrapped, loose)]
    return list(dict.fromkeys(text.strip() for text in read if text.strip())) or ["?"]


def _stated(response: str, gold: str) -> list[str]:
    """The stated answer first as the whole of what was stated, then shorter."""
    try:
        stated = stated_answers(response)
    except Unclear as doubt:
        raise Unscored(str(doubt)) from doubt
    strong = _strong(response)
    later = later_statement(response, strong[-1]) if strong else None
    found = [*strong, *([later] if later else [])] if strong else stated
    texts = _distinct([each.text for each in found])
    if len(texts) > 1:
        raise Unscored(f"two final answers: {texts[0]!r} and {texts[1]!r}")
    if strong:
        return [texts[0]]
    fenced = _FENCE.findall(response)
    said = final_answers(response)
    if said and "\n" in gold:
        return [_fenceless(response[said[-1].start :].partition(":")[2].strip("* \n")) or said[-1].text]
    if said:
        return [said[-1].line or said[-1].text, said[-1].text]
    if len(fenced) == 1:
        return [fenced[0].rstrip("\n")]
    if len(response.split()) > len(gold.split()) + _LOOSE_WORDS:
        raise Unscored("no final answer")
    return [response.strip()]


def _strong(response: str) -> list[Final]:
    """What stands in tags or in boxes."""
    tags = [
        Final(each[1].strip(), "boxed", each.start()) for each in _TAG.finditer(response) if each[1].strip()
    ]
    boxes = [each for each in final_answers(response) if each.how == "boxed"]
    return sorted(tags + boxes, key=lambda each: each.start)


def _distinct(texts: list[str]) -> list[str]:
    return list({folded(_unwrapped(text)): _unwrapped(text) for text in reversed(texts)}.values())[::-1]


def _unwrapped(text: str) -> str:
    return _WRAP.sub(r"\1", text).strip().strip("$").strip()


def _fenceless(text: str) -> str:
    found = _FENCE.match(text)
    return found[1].rstrip("\n") if found else text


def _beside(text: str, gold: str) -> set[str]:
    """Words that the right answer has not; where it is no text, such as moves, those of other signs."""
    extra = set(_WORD.findall(text.casefold())) - set(_WORD.findall(gold.casefold())) - _FILLERS
    if _PROSE.search(gold):
        return extra
    return {word for word in extra if not (word.isdigit() or set(word) <= set(gold.casefold()))}


def _hedges(text: str) -> set[str]:
    return {word.lower() for word in _HEDGE.findall(text)}
