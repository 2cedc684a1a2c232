"""Plain sentences that tell a quantity: `There are 42 ways.`, `The speed at 20 °C is about 343 m/s.`"""

import re

_MOST_CHARS = 300
_THERE = re.compile(
    r"(?:(?:so|thus|hence|therefore|in total|altogether),?\s)?there (?:are|is)\s"
    r"(?:exactly |only |a total of |in total )?(?P<number>\d[\d,]{0,20})\s"
    r"(?:(?:different|distinct|possible|such|valid)\s)?(?P<noun>[a-z]{3,20})"
    r"(?:\s(?:in total|altogether|in all|of them))?[.!]?",
    re.IGNORECASE,
)
# They make another number of it.
_SCALES = re.compile(
    r"dozens?|hundreds?|thousands?|[mbtr]+illions?|scores?|gross|pairs?|couples?|times|percent|point|half|halves"
    r"|thirds?|quarters?|one|two|three|four|five|six|seven|eight|nine|ten|twenty|thirty|forty|fifty|more|less"
    r"|fewer|not|and|or|to|plus|minus|squared|cubed|factorial|over|choose|mod|triples?|twins?|tenths?|left|too"
    r"|wrong|out|off|degrees?",
    re.IGNORECASE,
)
_IS = re.compile(
    r"(?P<head>[^!?;\n]{3,240}?[^\W\d])\s(?:is|was|equals|becomes|will be)\s"
    r"(?:then |thus |therefore |about |approximately |roughly |around |equal to |exactly ){0,2}"
    r"(?P<rest>[-+\u2212$\\(\d.][^!?;]{0,120})",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<!\bi\.e)(?<!\be\.g)[.:]\s")
_UNPLAIN = re.compile(
    r"\b(?:not|no|never|neither|nor|or|either|cannot|if|unless|whether|suppos\w+|assum\w+|wrong|incorrect|false"
    r"|mistak\w+|error|uncertainty|bound|limit|estimate\w*|guess\w*|claim\w*|sa(?:y|ys|id)|thinks?|thought"
    r"|believ\w+|might|may|could|would|maybe|perhaps|possibly|initial\w*|first|previous\w*|original\w*"
    r"|at (?:least|most)|but|actually|wait|however|although|though|instead|than|except|is|was|are|were|equals"
    r"|becomes|differen\w+|twice|half|double|triple|square|squared|cube|inverse|reciprocal|logarithm|ln|negative|opposite"
    r"|minimum|maximum|between|ratio|some|many|most|people|student\w*|textbook)\b|n['’]t\b",
    re.IGNORECASE,
)

_COMPARED = re.compile(
    r"\b(?:high|low|long|short|great|larg|small|fast|slow|heavi|light|hott|cold|warm|clos|farth|furth)g?er\b",
    re.IGNORECASE,
)


def told_count(text: str) -> str | None:
    """The number of a sentence that says only how many there are of something; else None."""
    found = _THERE.fullmatch(text.strip().replace("*", "")) if len(text) <= _MOST_CHARS else None
    return None if found is None or _SCALES.fullmatch(found["noun"]) else found["number"]


def told_value(text: str) -> str | None:
    """What stands after the one verb of one plain sentence that holds figures before it; else None."""
    found = _IS.fullmatch(text.strip()) if len(text) <= _MOST_CHARS else None
    if found is None or not re.search(r"\d", found["head"]) or _SENTENCE_END.search(found["head"]):
        return None
    return None if _UNPLAIN.search(found["head"]) or _COMPARED.search(found["rest"]) else found["rest"]
