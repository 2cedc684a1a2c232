"""Everything that says yes or no about an answer: a rule author needs these four names."""

from judges.base import Attempt as Attempt
from judges.base import Finding as Finding
from judges.base import Unscored as Unscored
from judges.base import check as check
