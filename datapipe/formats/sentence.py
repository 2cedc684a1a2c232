"""The final answer is the last line, a sentence of its own."""

from datapipe.format import FINAL_TYPES, Format


def _rewrite(response: str, final: str | None) -> str | None:
    lines = response.rstrip().split("\n")
    if not final or lines[-1].strip().rstrip(".") == f"The answer is {final}":
        return None
    kept = [line for line in lines if final not in line]
    return "\n".join([*kept, f"The answer is {final}."]).strip()


FORMAT = Format(
    asks='Finish with the line "The answer is ...".',
    fits=lambda lane, kind: kind in FINAL_TYPES,
    rewrite=_rewrite,
)
