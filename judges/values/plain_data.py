"""Values that travel between programs: plain data only, with its exact types, as JSON with tags."""

from judges.values.plain_kinds import DEPTH, Named, NotPlain, Strange, TooDeep
from judges.values.plain_read import decode
from judges.values.plain_write import encode

__all__ = ["DEPTH", "Named", "NotPlain", "Strange", "TooDeep", "decode", "encode"]
