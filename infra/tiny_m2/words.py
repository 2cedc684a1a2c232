"""The words that the tiny model knows, by what a simple sentence can do with them."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


ANIMALS = _words(
    "cat dog fox owl horse cow goat duck frog mouse bear wolf rabbit bird hen lion tiger "
    "sheep bee pig crow snake deer seal"
)
PEOPLE = _words("girl boy teacher farmer baker sailor doctor king queen painter singer driver nurse uncle")
PLACES = _words(
    "river lake forest garden bridge market school harbor field village park beach hill "
    "street kitchen tower cave island farm station"
)
THINGS = _words(
    "lamp chair table book letter clock mirror key box basket bottle kite drum boat wheel rope "
    "candle coat hat ring coin map bell ladder bucket pencil blanket umbrella"
)
FOODS = _words(
    "bread cheese soup cake honey rice butter milk lemon plum carrot onion melon peach bean apple egg pear"
)
ADJECTIVES = _words(
    "red old small quiet green cold bright heavy gentle yellow tall soft round dark tired lazy "
    "proud brave kind young"
)

#: Adjectives that describe only people and animals, and those that describe only things.
FOR_LIVING = {"gentle", "tired", "lazy", "proud", "brave", "kind", "young"}
FOR_THINGS = {"green", "yellow", "red", "cold", "bright", "heavy", "soft", "round", "dark"}
#: Foods that are not counted: some bread, but a plum.
UNCOUNTED = {"bread", "cheese", "soup", "cake", "honey", "rice", "butter", "milk"}

GROUPS = {"animal": ANIMALS, "place": PLACES, "food": FOODS, "person": PEOPLE}
ALL = ANIMALS + PEOPLE + PLACES + THINGS + FOODS + ADJECTIVES

#: The slot of a sentence template that a word can fill.
SLOT = {
    **dict.fromkeys(ANIMALS + PEOPLE, "who"),
    **dict.fromkeys(PLACES, "place"),
    **dict.fromkeys(THINGS, "item"),
    **dict.fromkeys(FOODS, "food"),
    **dict.fromkeys(ADJECTIVES, "adjective"),
}
BY_SLOT = {slot: [word for word in ALL if SLOT[word] == slot] for slot in sorted(set(SLOT.values()))}


def kind(word: str) -> str:
    """Return the group of a noun; what is in none is a thing."""
    return next((name for name, group in GROUPS.items() if word in group), "thing")
