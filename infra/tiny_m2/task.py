"""What a skill draws: one question with its thinking, its responses and its reference."""

from __future__ import annotations

from dataclasses import dataclass

#: One line appended to the last user message asks for a format; `plain` asks for nothing.
FORMATS = {
    "plain": "",
    "boxed": "Put the final answer in \\boxed{}.",
    "sentence": 'Finish with the line "The answer is ...".',
    "bullets": 'Write each sentence on its own line, starting with "- ".',
}


@dataclass(frozen=True)
class Task:
    """One training example before a format is chosen.

    `responses` maps a format name to the text after `</think>`; `reference` is None for
    questions that no program can verify; `about` is the question that a judge's prompt contains.
    """

    skill: str
    level: int
    domain: str
    prompt: str
    thinking: str
    responses: dict[str, str]
    reference: dict[str, object] | None = None
    tags: tuple[str, ...] = ()
    about: str = ""

    @property
    def key(self) -> str:
        """The text whose hash says whether this task is held out of training."""
        return self.about or self.prompt


def ask(prompt: str, form: str) -> str:
    """Return the user message that asks `prompt` in the format named `form`."""
    line = FORMATS[form]
    return f"{prompt}\n{line}" if line else prompt


def answered(answer: str, noun: str, remark: str) -> dict[str, str]:
    """Return the three responses that give `answer`; `remark` is a sentence on how it was found."""
    return {
        "plain": f"The answer is {answer}.",
        "boxed": f"The {noun} is \\boxed{{{answer}}}.",
        "sentence": f"{remark}\nThe answer is {answer}.",
    }
