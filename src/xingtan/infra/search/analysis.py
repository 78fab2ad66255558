"""What a text is searched by: terms, with their places; and what a query asks for: phrases of terms.

1. A text and a query are folded alike: NFKC, case, Latin accents, English stems. Each Han character is a term of its
   own, so a phrase of characters finds a word wherever a segmenter would have cut the text.
2. A term holds letters and digits only, so it needs no quoting anywhere and means nothing to any query language.
3. Places are offsets into the text as it was given, so a passage can be marked without changing it.
"""

import re
import threading
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any, NamedTuple

LONGEST_TERM = 64
_LONGEST_QUERY = 300  # characters; the rest of a longer one is not looked at
_MOST_PHRASES = 12
_LONGEST_PHRASE = 16
_SHORTEST_PREFIX = 2
_FAR = "\n"  # what two terms of a query never touch across

_HAN = "\u2e80-\u2fdf\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ACCENTS, _VOICING = "\u0300-\u036f", "\u3099\u309a"
_WORD = re.compile(rf"[{_HAN}]|(?:(?![{_HAN}])[^\W_][{_ACCENTS}{_VOICING}]*)+")
_IS_HAN = re.compile(f"[{_HAN}]")
_ACCENT = re.compile(f"[{_ACCENTS}]")

_COMMON = frozenset("的了吗呢吧啊是在和与及我你您有") | {"怎么", "如何", "什么"}
_COMMON |= {"a", "an", "and", "are", "for", "how", "in", "is", "of", "on", "or", "the", "to", "what", "with"}


class Token(NamedTuple):
    """A term and where it stands in the text: ``text[start:end]``."""

    term: str
    start: int
    end: int


class Phrase(NamedTuple):
    """Terms that must follow each other; or, when `prefix` is not empty, also any one term that begins with it."""

    terms: tuple[str, ...]
    prefix: str = ""


def tokens(text: str) -> list[Token]:
    """Return the terms of `text` in order, with their places."""
    found = []
    for match in _WORD.finditer(text):
        term = _term(match[0])
        if term:
            found.append(Token(term, match.start(), match.end()))
    return found


def query_terms(text: str) -> list[Phrase]:
    """Return what `text` asks for: all of these phrases, in any order; none for a query without a letter or digit.

    Runs of Han are cut into words by a dictionary. The last word of another script matches as a prefix, because it may
    not be typed to the end. Words like 的 and "the" count only when there is nothing else.
    """
    return list(_asked(text[:_LONGEST_QUERY]))


@lru_cache(maxsize=512)
def _asked(text: str) -> tuple[Phrase, ...]:
    found = list(dict.fromkeys(_phrases(text)))
    telling = [phrase for phrase in found if "".join(phrase.terms) not in _COMMON]
    return tuple((telling or found)[:_MOST_PHRASES])


def highlight(text: str, query: str, *, limit: int) -> list[tuple[str, bool]]:
    """Return the passage of at most `limit` characters that shows most of `query`, in pieces: (text, did it match).

    The pieces joined are a part of `text`, unchanged and not escaped: the template escapes them.
    """
    runs = _matches(text, query_terms(query))
    start, end = _passage(text, runs, limit=limit)
    pieces, at = [], start
    for _, run_start, run_end in _merged(runs):
        if run_start < start or run_end > end:
            continue
        pieces += [(text[at:run_start], False), (text[run_start:run_end], True)]
        at = run_end
    return [piece for piece in [*pieces, (text[at:end], False)] if piece[0]]


def _phrases(text: str) -> Iterator[Phrase]:
    found = tokens(text)
    for is_han, run in groupby(found, key=lambda token: _is_han(token.term)):
        if is_han:
            yield from _words(list(run))
            continue
        for token in run:
            may_go_on = token.end == found[-1].end == len(text.rstrip()) and len(token.term) >= _SHORTEST_PREFIX
            yield Phrase((token.term,), _plain(text[token.start : token.end]) if may_go_on else "")


def _words(run: list[Token]) -> Iterator[Phrase]:
    import rjieba  # noqa: PLC0415 - its dictionary takes memory and is needed only where somebody searches

    written = run[0].term
    for before, token in pairwise(run):
        written += token.term if before.end == token.start else _FAR + token.term
    for word in rjieba.cut(written, hmm=False):
        if word != _FAR:
            yield Phrase(tuple(word[:_LONGEST_PHRASE]))


def _matches(text: str, phrases: Sequence[Phrase]) -> list[tuple[int, int, int]]:
    """Return (number of the phrase, start, end) for each place where a phrase stands, in order."""
    words = list(_WORD.finditer(text))
    terms = [_term(word[0]) for word in words]
    if not all(terms):
        words = [word for word, term in zip(words, terms, strict=True) if term]
        terms = [term for term in terms if term]
    runs = [
        (number, words[index].start(), words[index + len(phrase.terms) - 1].end())
        for number, phrase in enumerate(phrases)
        for index in _starts(terms, phrase)
        if phrase.prefix or tuple(terms[index : index + len(phrase.terms)]) == phrase.terms
    ]
    return sorted(runs, key=lambda run: run[1:])


def _starts(terms: list[str], phrase: Phrase) -> list[int]:
    first, prefix = phrase.terms[0], phrase.prefix
    wanted = {term for term in set(terms) if term.startswith(prefix)} | {first} if prefix else {first}
    return [index for index, term in enumerate(terms) if term in wanted]


def _passage(text: str, runs: list[tuple[int, int, int]], *, limit: int) -> tuple[int, int]:
    """Return the window with most different phrases, then most matches, then the first; a third of it leads in."""
    best, best_score = 0, (0, 0)
    starts = [run[1] for run in runs]
    for index, (_, start, _) in enumerate(runs):
        window = runs[index : bisect_left(starts, start + limit * 2 // 3)]
        score = (len({run[0] for run in window}), len(window))
        if score > best_score:
            best, best_score = start, score
    start = max(0, min(best - limit // 3, len(text) - limit))
    return start, min(len(text), start + limit)


def _merged(runs: list[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """Yield the runs with overlapping and touching ones made one."""
    current: tuple[int, int, int] | None = None
    for run in runs:
        if current is not None and run[1] <= current[2]:
            current = (current[0], current[1], max(current[2], run[2]))
            continue
        if current is not None:
            yield current
        current = run
    if current is not None:
        yield current


@lru_cache(maxsize=50_000)
def _term(word: str) -> str:
    """Return the folded form of one word; empty when nothing of it is left."""
    term = _plain(word)
    return _stem(term) if term.isascii() and term.isalpha() else term


def _plain(word: str) -> str:
    """Return `word` folded, before stemming: in letters and digits only."""
    folded = _fold(_fold(word))  # folding case can make what NFKC changes again
    return "".join(letter for letter in folded if letter.isalnum())[:LONGEST_TERM]


def _fold(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word).casefold()
    return unicodedata.normalize("NFKC", _ACCENT.sub("", unicodedata.normalize("NFKD", decomposed)))


@lru_cache(maxsize=16_384)
def _is_han(term: str) -> bool:
    return _IS_HAN.match(term) is not None


_stemming = threading.local()


def _stem(word: str) -> str:
    stemmer: Any = getattr(_stemming, "english", None)
    if stemmer is None:
        import snowballstemmer  # noqa: PLC0415 - it loads every language it knows

        stemmer = _stemming.english = snowballstemmer.stemmer("english")  # keeps state, so one for each thread
    return str(stemmer.stemWord(word))
