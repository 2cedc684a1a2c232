"""Answers to multiple choice in other languages: `Odpowiedź: B. Insulina`, `la réponse B`, `C입니다`."""

import re
import unicodedata
from difflib import SequenceMatcher

from judges.base import Unscored
from judges.values.final import Final
from judges.values.wording import folded

_ARTICLE = r"(?:la|le|el|il|lo|die|der|das|den|het|de|det|a|o|η|το)"
_RIGHT = (
    r"(?:correct[ae]|final[e]?|bonne|exacte|richtige|korrekte|certa|corretta|giusta|esatta|правильный|верный"
    r"|правильна|вірна|poprawna|prawidłowa|właściwa|ostateczna|správná|správna|juiste|goede|rätta?|rätt"
    r"|rigtige?|riktige?|korrekta?|oikea|doğru|benar|đúng|corect|helyes|σωστή|الصحيحة|الصحيح|النهائية"
    r"|درست|صحیح|הנכונה|सही)"
)
_NOUN = (
    r"(?:respuesta|opción|réponse|antwort|lösung|resposta|risposta|ответ|відповідь|odpowied[źz]|odpověď"
    r"|odpoveď|antwoord|svar(?:et)?|vastaus|cevap|yanıt|jawaban|đáp[ \t]+án|răspuns(?:ul)?|válasz|απάντηση"
    r"|одговор|отговор|odgovor|정답|답|正?解|答え|الإجابة|الجواب|الاجابة|پاسخ|جواب|התשובה|תשובה|उत्तर)"
)
_IS = r"(?:es|est|ist|er|lautet|é|è|это|is|to|jest|je|är|on|adalah|ialah|là|este|είναι|هي|هو|היא|הוא)(?!\w)"
_STATED = re.compile(
    rf"(?:^|(?<=[.!?。؟][ \n]))[ \t>*_#-]{{0,9}}(?:{_ARTICLE}[ \t]+)?(?:{_RIGHT}[ \t]+)?{_NOUN}"
    rf"(?:[ \t]+(?:yang[ \t]+)?{_RIGHT}){{0,2}}"
    rf"(?:[ \t]*[*_]{{0,2}}[:\uff1a][ \t*_]*|[ \t]+{_IS}[ \t:*_]*|[은는이は][ \t]*)"
    r"(?P<x>[^\n]{1,300})$",
    re.IGNORECASE | re.MULTILINE,
)
_IN_ANOTHER = re.compile(rf"(?<!\w){_NOUN}", re.IGNORECASE)
_LETTER = re.compile(
    rf"(?:{_ARTICLE}[ \t]+)?(?:(?:r[ée]ponse|opci[óo]n|opção|opzione|alternativa|lettre|letra|lettera|antwort"
    r"|odpowiedź|opcja|option|вариант|варіант|optie|alternativ)[ \t]+)?"
    r"[*_(\"“«„]{0,3}(?-i:(?P<x>[A-Z]))[*_\"”»]{0,3}"
    r"(?:\)?[*_]{0,2}[ \t]*(?:입니다|이다|예요|번|です|である|だ|है)?"
    r"|[ \t]*\((?P<aside>[^()]{1,80})\)|(?:\)|[ \t]*[.:،]\)?|[ \t]+[-–—])[*_]{0,2}[ \t]+(?P<told>.{1,80}))"
    r"[.。!*_ \t]*",
    re.IGNORECASE,
)
# A gloss translates the option; none of these is a part of one.
_NO_GLOSS = re.compile(
    r"[?\uff1f؟;]|(?-i:(?<!\w)[A-Z](?!\w))|\b(?:no|non|not|nie|niet|nicht|kein\w*|ne|pas|não|nem|inte|ikke|ei|değil|bukan"
    r"|không|nu|не|ні|нет|або|или|чи|oder|ou|lub|albo|eller|veya|atau|hoặc|sau|vagy|tai|ili|o|of|or|ή|si|wenn|jeśli"
    r"|falls|wiem|maybe|vielleicht|może|quizás|falsch|faux|falso|źle|wrong|ليس|ليست|لا|أو|או|לא|نه|یا)\b"
    r"|아니|또는|ではな|じゃな",
    re.IGNORECASE,
)
# What makes of an answer a wrong one, or one under a condition.
_NO_ANSWER = re.compile(
    r"incorrect|\b(?:fals[aeoc]\w*|falsch\w*|fauss\w*|err[óo]ne\w*|erronée?|errad[ao]|sbagliat\w+|fout\w*|fel|salah"
    r"|błędn\w*|zła|nieprawidłow\w*|yanlış|неверн\w*|неправильн\w*|si|wenn|falls|jeśli|jeżeli|если|якщо|eğer|jika"
    r"|nếu|возможно|может быть|вероятно|peut-être|quizás?|tal vez|vielleicht|może|belki|forse|talvez|mungkin"
    r"|misschien|kanske|ehkä|možná)\b|아마|たぶん|ربما|오답|틀린|만약|もし|خاطئ|إذا|لو ",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"[\s*_(]*[A-Z][\s*_)]*[,、/][\s*_(]*[A-Z](?![A-Za-z])")
_TURNED = re.compile(
    r"\s*(?:nie|nein|non|no|não|нет|ні|hayır|nej|nee|jednak|pero|mais|aber|но|아니|いや|لا)\b", re.IGNORECASE
)
_MOST_CHARS, _ALIKE, _AROUND = 20_000, 0.6, 60


def stated_abroad(response: str) -> list[str]:
    """What lines and sentences of other languages than English state as the answer."""
    text = response[-_MOST_CHARS:]
    return [each["x"] for each in _STATED.finditer(text) if not _TURNED.match(text, each.end())]


def in_another_language(response: str, final: Final) -> bool:
    """Does the line call the answer something else than that?

    Raises Unscored where it is called a wrong one, or stands under a condition.
    """
    start = response.rfind("\n", 0, final.start) + 1
    line = response[max(start, final.start - _AROUND) : final.start + _AROUND].partition("\n")[0]
    if _IN_ANOTHER.search(line) is None:
        return False
    if _NO_ANSWER.search(line[: line.find(final.text)]):
        raise Unscored(f"not only a choice: {line!r}")
    return True


def lettered(text: str, options: list[str]) -> str | None:
    """The letter that a text of another language is, which a translation of its option may follow.

    Raises Unscored where that is rather another option, or denies it.
    """
    if _SEVERAL.match(text):
        raise Unscored(f"not only a choice: {text!r}")
    found = _LETTER.fullmatch(text.strip())
    gloss = None if found is None else found["aside"] or found["told"]
    if found is None or (gloss and _NO_GLOSS.search(gloss)):
        if found and found["aside"]:
            raise Unscored(f"not only a choice: {text!r}")
        return None
    letter = found["x"]
    likely = _likest(gloss, options) if gloss and options else None
    if likely not in (None, letter):
        raise Unscored(f"conflicting options: {letter}, {likely}")
    return letter


def _likest(gloss: str, options: list[str]) -> str | None:
    """The option that a translated word is spelled like, if any is."""
    told = _bare(gloss)
    alike = [SequenceMatcher(None, told, _bare(option)[:100]).ratio() for option in options]
    best = max(range(len(options)), key=alike.__getitem__)
    return chr(ord("A") + best) if alike[best] >= _ALIKE else None


def _bare(text: str) -> str:
    """Folded, without accents."""
    split = unicodedata.normalize("NFD", folded(text))
    return "".join(char for char in split if not unicodedata.combining(char))
