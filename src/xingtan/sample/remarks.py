"""What readers keep: a sentence of the lesson, and now and then a thought beside it."""

import html as entities
import re
from functools import cache

_BLOCK = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_SENTENCE = re.compile(r"[^。！？.!?]{12,160}[。！？.!?]")
_THOUGHTS = {
    "zh": (
        "这里要再读一遍。", "下周就试试。", "和我店里的情况一样。", "写得真清楚。", "这个例子可以讲给同事听。",
        "原来一直想反了。", "问一下林老师：如果数据更少呢？", "抄在本子上。",
    ),
    "en": (
        "Read this again.", "Try it next week.", "Exactly what happens in my shop.", "So clearly put.",
        "A good example for the team.", "I had this the wrong way round.", "What if there is even less data?",
        "Copy this into the notebook.",
    ),
}  # fmt: skip


@cache
def _sentences(html: str) -> tuple[str, ...]:
    found = []
    for block in _BLOCK.findall(html):
        if "<math" not in block and "<code" not in block:
            text = re.sub(r"\s+", " ", entities.unescape(_TAG.sub("", block))).strip()
            found += [sentence.strip() for sentence in _SENTENCE.findall(text)]
    return tuple(found)


def quote_of(html: str, pick: float) -> str:
    """Return a sentence of the lesson's text, `pick` (0 to 1) of the way through it; empty when it has none."""
    sentences = _sentences(html)
    return sentences[min(int(pick * len(sentences)), len(sentences) - 1)] if sentences else ""


def words_of(pick: float, language: str) -> str:
    """Return a reader's own words."""
    thoughts = _THOUGHTS["zh" if language == "zh" else "en"]
    return thoughts[int(pick * 997) % len(thoughts)]
