"""Personal data in free text: where it is, what it is, and the text with it covered.

1. Spans are those of the text as given, whatever digits, widths, dashes or invisible characters it is written with.
2. Spans do not overlap; of two that would, the kind that is proved by more (a check digit, a date) wins.
3. Every pattern is anchored and bounded: the time is in proportion to the text.
4. It finds what has a form. A name that nothing introduces, a nickname, a riddle are not found.
"""

from xingtan.intelligence.privacy.pii.finder import Finding, Kind, find
from xingtan.intelligence.privacy.pii.masking import mask

__all__ = ["Finding", "Kind", "find", "mask"]
