"""What one plain sentence says after its verb, with what may follow: a date, brackets, `followed by …`.

Each reading is the answer as it is spelled there, so that it can be compared whole; no words are left out
that could change it.
"""

import re

_GREETING = re.compile(
    r"(?:(?:sure|certainly|of course|absolutely|okay|ok|(?:that['’]s a )?(?:great|good|nice) question"
    r"|yes|thanks for asking|happy to help)[!.,]\s*|[\u2600-\u27bf\U0001f300-\U0001faff\ufe0f]+\s*)+",
    re.IGNORECASE,
)
_UNPLAIN = re.compile(
    r"\b(?:not?|non|never|neither|nor|none|cannot|hardly|except|unlike|without|anywhere|anything|anyone|any|or"
    r"|either|if|unless|whether|suppos\w+|assum\w+|alleged\w*|might|may(?=\s[a-z])|could|would|should|maybe"
    r"|perhaps|possibly|probably|likely|almost|nearly|many|some|people|everyone|someone|students?|teachers?"
    r"|friends?|think\w*|thought|believ\w+|sa(?:y|ys|id)|claim\w*|guess\w*|wrong\w*|incorrect\w*|false\w*"
    r"|mis(?!s|ter|tr|souri)\w+|myth|error|confus\w+|once|formerly|used|often|sometimes|least|second|runner"
    r"|other|another|instead|rather|than|but|however|though|although|while|whereas|actually|wait|until"
    r"|before|after|between|both|considered|compared|originally|initially|previously|tempting|popular"
    r"|common\w*|less|more|minus|plus|sure|joke|lie|neighbou?r\w*|near|next|close|like|away|absent|missing|without|ne|pas|ni|nicht"
    r"|doubt\w*|wish\w*|hop(?:e|es|ed|ing)|wonder\w*|imagin\w+|pretend\w*|dream\w*|fear\w*|den(?:y|ies)"
    r"|refus\w+|question\w*|ask(?:s|ed)?|heard|remember|recall|suspect\w*|hypothes\w+"
    r"|kein\w*|no|nunca|vielleicht|peut|quizás)\b|n['’]t\b|\bn['’](?=[eé])|[?¿~≠;]",
    re.IGNORECASE,
)
# What is told then is another's relation to the answer, unless the question asks for that.
_RELATED = re.compile(
    r"\b(?:succeeded|preceded|replaced|inspired|influenced|taught|married|opposed|criticized|rejected|denied"
    r"|defeated|disprov\w+|disput\w+|refut\w+|dismiss\w+|exclud\w+|opposite|former|los(?:t|er|ers|ing)"
    r"|rumou?r\w*|far from|incorrect|wrong|trap|trick|distractor|decoy|alternative|worst|least|poor)\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r",\s(?:(?:who|whose|whom|which|where|followed|then|with)\b[^,]*|[a-z]{3,20}\sby\s*)\Z", re.IGNORECASE
)
_ADVERB = (
    r"(?:\s(?:in fact|indeed|of course|certainly|definitely|simply|called|named|known as|en fait"
    r"|eigentlich))?"
)
_VERB = (
    r"(?:is|was|are|were|became|est|était|sont|es|era|fue|son|ist|war|sind|è|é|took place|happened|occurred"
    r"|stands for|came from|comes from)"
)
# After a verb, what was done, with the word that tells by whom, when or where.
_DONE = r"(?:\s[a-zé]{3,20}(?:\s(?:up|out))?\s(?:by|on|in|at|as)|\s(?:made|derived|obtained|extracted) from)?"
_SENTENCE = re.compile(
    rf"(?P<head>(?:In \d{{3,4}}, )?[^,.:!()\n]{{1,160}}?)\s{_VERB}{_ADVERB}{_DONE}(?:\s(?:on|in|by))?"
    r"\s(?P<x>[^!\n]{1,240}?)[.!]?"
)
_CLEFT = re.compile(
    r"(?:it|this|that|there) (?:is|was|are|were) (?P<x>[^,.!?\n]{1,80}?)"
    r"(?:\s(?:that|who|which|of them)\b[^!?\n]{0,120})?[.!]?",
    re.IGNORECASE,
)
_HEAD, _ONE, _LAST = r"(?P<head>[^.!?\n]{0,160}?)", r"[^,.!?\n]{1,60}?,?", r"(?P<x>[^,.!?\n]{1,80})[.!]?"
_CONTRASTS = [
    re.compile(rf"{_HEAD}\bnot (?!only|just|merely|simply){_ONE} but (?:rather )?{_LAST}", re.IGNORECASE),
    re.compile(rf"{_HEAD}\bn['’](?:est|était) pas (?!seulement){_ONE} mais {_LAST}", re.IGNORECASE),
    re.compile(rf"{_HEAD}\bnicht (?!nur){_ONE} sondern {_LAST}", re.IGNORECASE),
    re.compile(rf"{_HEAD}\bno (?:es|era|fue) (?!solo){_ONE} sino {_LAST}", re.IGNORECASE),
    re.compile(
        r"(?P<head>[^,，。！？\n]{0,60}?)不是[^,，。！？\n]{1,30}[,，]?而是(?P<x>[^,，。！？\n]{1,40})[。.！!]?"
    ),
]
# Who is mistaken says one thing, and the sentence another.
_BELIEVED = re.compile(
    r"(?:many|most|some|a lot of|people|it is (?:often|commonly|widely))\b[^.!?;\n]{0,120}?"
    r"\b(?:thinks?|believes?|believed|thought|says?|said|assumes?|assumed|guess)\b[^.!?;\n]{1,120}?, but "
    r"(?P<rest>(?:it|this|that|the (?:real |true |actual |correct )?\w{1,20})\s[^\n]{1,120})",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"(?P<left>[^。！？!?\n]{0,80}[,，](?P<turn>但是?|不过|然而)?)?(?P<head>[^,，。！？!?\n]{1,40}?)"
    r"(?:就是|是|为|叫做)(?P<x>[^,，。！？!?\n是不或和]{1,40})[。.！!]?"
)
_CHINESE_UNPLAIN = re.compile(
    r"不|没|非|错|误|曾|以为|认为|据说|有人|可能|也许|或|如果|吗|呢|之一|假|除|说|猜|想"
)
_CHINESE_SAID = re.compile(r"[是为叫]")
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = (
    rf"(?:(?:{_DAY}\s)?{_MONTH}\s(?:{_DAY},?\s)?)?(?:the year\s)?(?:c\.\s?|ca\.\s?)?\d{{3,4}}"
    r"(?:\s(?:AD|BC|CE|BCE))?"
)
_LIFE = (
    rf"(?:(?:born|died|from|in|on|b\.|d\.|since)\s)?{_DATE}"
    rf"(?:\s?(?:[-\u2013\u2014]|to)\s?(?:{_DATE}|\d{{2}}|present))?"
)
# `Henry, the eighth` is another one than Henry; `the eighth king` is a remark.
NUMBERED = (
    r"the\s(?:younger|elder|great|wise|bald|terrible|conqueror|first|second|third|\d+(?:st|nd|rd|th)"
    r"|(?:four|fif|six|seven|eigh|nin|ten|eleven|twelf|[a-z]{3,5}teen|twentie)th|[ivx]{1,5})\b(?!\s(?!of\b)\w)"
)
_ABOUT = r"(?:about|approximately|approx\.|roughly|around|ca?\.)\s\d(?-i:[^()A-Z]{0,30})"
_TAIL = re.compile(
    rf"(?:\s\((?:{_LIFE}|{_ABOUT})\)|,?\s(?:in|on|since|from|around)\s{_DATE}(?:\s(?:to|until)\s{_DATE})?"
    rf"|,\s(?!{NUMBERED})(?:a|an|the|who|which|whose|followed by|created|written|founded|born|located"
    r"|built|published|discovered|named|known|also known)\s[^()\n]{1,160}+)*+",
    re.IGNORECASE,
)
_DATED = re.compile(rf"\s\({_LIFE}\)\Z", re.IGNORECASE)
# `the Swiss mathematician Leonhard Euler`: the last word before the name is a common one.
_TITLED = re.compile(
    r"(?:the|a|an)\s(?:[\w-]{2,20}\s){0,3}?[a-z][a-zé-]{2,20}\s(?P<name>[A-Z\u00c0-\u00de].*)"
)
_NO_TITLE = re.compile(
    r"\b(?:of|in|on|at|to|for|from|by|with|and|young(?:er)?|old(?:er)?|elder|lesser|greater|upper|lower|new"
    r"|pseudo\w*|anti|fake|late[rs]?|would-be|so-called|north\w*|south\w*|east\w*|west\w*|great|first|third|fourth|\w+['’]s)\b",
    re.IGNORECASE,
)
_CUTS = re.compile(r",?\s(?:in|on|since|from|around)\s|\s\(|,\s")
_MOST_CHARS, _MOST_CUTS = 400, 12


def told(response: str) -> list[str]:
    """What the one sentence of a response may answer, with less and less after it; or nothing."""
    text = response.strip().replace("*", "") if len(response) <= _MOST_CHARS else ""
    greeting = _GREETING.match(text)
    text = text[greeting.end() :] if greeting else text
    if not text or "\n" in text:
        return []
    for way in _CONTRASTS:
        found = way.fullmatch(text)
        if found:
            return [] if _doubted(found["head"]) or _doubted(found["x"]) else _names(found["x"])
    believed = _BELIEVED.fullmatch(text)
    text = believed["rest"] if believed else text
    return _plain(text) or _chinese(text)


def relates(text: str, question: str) -> bool:
    """Does it tell of another's relation to the answer, `was succeeded by …`, for which nobody asked?"""
    asked = question.casefold()
    return any(found.casefold()[:5] not in asked for found in _RELATED.findall(text))


def belongs_elsewhere(before: str) -> bool:
    """Is what stands before an answer a clause on something else, `…, whose rival was`?"""
    return _RELATIVE.search(before[-_MOST_CHARS:]) is not None


def undated(text: str) -> str:
    """`Leonhard Euler (1707–1783)` without the years."""
    return _DATED.sub("", text)


def _plain(text: str) -> list[str]:
    if _UNPLAIN.search(text):
        return []
    cleft = _CLEFT.fullmatch(text)
    found = _SENTENCE.fullmatch(text)
    read = _names(cleft["x"]) if cleft else []
    return read + (_until(found["x"]) if found else [])


def _doubted(text: str) -> bool:
    return (_UNPLAIN.search(text) or _CHINESE_UNPLAIN.search(text)) is not None


def _chinese(text: str) -> list[str]:
    """What the last clause says; what stands before it may be another's opinion only where `但` follows."""
    found = _CHINESE.fullmatch(text)
    left = (found and found["left"]) or ""
    if found is None or (not found["turn"] and (_CHINESE_SAID.search(left) or _CHINESE_UNPLAIN.search(left))):
        return []
    return [] if _CHINESE_UNPLAIN.search(found["head"] + found["x"]) else [found["x"]]


def _until(said: str) -> list[str]:
    """The whole of what is said, and what stands before each thing that may follow an answer."""
    cuts = [found.start() for found in _CUTS.finditer(said)][:_MOST_CUTS]
    heads = [said[:at] for at in cuts if _TAIL.fullmatch(said, at)]
    return [each for head in (said, *heads) for each in _names(head)]


def _names(said: str) -> list[str]:
    """The text, and the name at its end behind what the person or the thing is."""
    titled = _TITLED.fullmatch(said)
    named = titled is not None and not _NO_TITLE.search(said, 0, titled.start("name"))
    return [said, titled["name"]] if titled and named else [said]
