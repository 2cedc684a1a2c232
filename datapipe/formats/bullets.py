"""One sentence a line, each behind a dash."""

import re

from datapipe.format import Format

_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]+[\"'”’)]*")


def _rewrite(response: str, final: str | None) -> str | None:
    text = response.strip()
    sentences = [each.strip() for each in _SENTENCE.findall(text)]
    complete = sum(map(len, sentences)) >= len(text) - len(sentences)
    if final is not None or len(sentences) < 2 or "\n" in text or not complete:
        return None
    return "\n".join(f"- {sentence}" for sentence in sentences)


FORMAT = Format(
    asks='Write each sentence on its own line, starting with "- ".',
    fits=lambda lane, kind: lane == "non_verifiable",
    rewrite=_rewrite,
)
