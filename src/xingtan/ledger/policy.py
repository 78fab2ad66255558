"""Whom to believe: the logs, the witnesses, and how many of them are enough (C2SP tlog-policy).

A policy is a file of lines, so that a buyer, an operator and a stranger's program decide by the same words:

    log <key> [<url>]
    witness <name> <key> [<url>]
    group <name> all|any|<k> <name>...
    quorum none|<name>
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xingtan.core.clock import Clock
from xingtan.ledger import checkpoints, ed25519, notes
from xingtan.ledger.checkpoints import Checkpoint
from xingtan.ledger.encoding import decimal
from xingtan.ledger.tree import NotProven

MOST_LINES = 256
_NONE = "none"
_CONTROL = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness of a policy; `url` is where checkpoints are submitted, empty where the policy only verifies."""

    key: notes.Key
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses when at least `needed` of its members do."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """The known logs with their addresses, the known witnesses, and the quorum."""

    logs: Mapping[notes.Key, str]
    witnesses: Mapping[str, Witness]
    groups: Mapping[str, Group]
    quorum: str

    def is_met(self, cosigned: frozenset[str]) -> bool:
        """Say whether the witnesses named in `cosigned` are enough."""
        return self.quorum == _NONE or self._has_witnessed(self.quorum, cosigned)

    def _has_witnessed(self, name: str, cosigned: frozenset[str]) -> bool:
        if (group := self.groups.get(name)) is None:
            return name in cosigned
        return sum(self._has_witnessed(one, cosigned) for one in group.members) >= group.needed

    def open_checkpoint(
        self, data: bytes, *, check: notes.Check = ed25519.verify, clock: Clock | None = None
    ) -> tuple[Checkpoint, frozenset[str]]:
        """Return a checkpoint that a known log signed and the quorum cosigned, and the names of the witnesses."""
        note = notes.parse(data)
        known = [checkpoints.verifier(key, check=check, clock=clock) for key in self.logs]
        signers = {signature.name for signature in notes.verified(note, known)}
        checkpoint = checkpoints.parse(note.text)
        if checkpoint.origin not in signers:
            raise NotProven(f"{checkpoint.origin[:80]!r} has not signed its checkpoint")
        cosigned = self.cosigned(note, check=check, clock=clock)
        if not self.is_met(cosigned):
            raise NotProven(f"too few witnesses have cosigned the checkpoint: {', '.join(sorted(cosigned)) or 'none'}")
        return checkpoint, cosigned

    def cosigned(
        self, note: notes.Note, *, check: notes.Check = ed25519.verify, clock: Clock | None = None
    ) -> frozenset[str]:
        """Return the names of the witnesses that have cosigned `note`; a wrong cosignature counts as none."""
        found = set()
        for name, witness in self.witnesses.items():
            known = checkpoints.verifier(witness.key, check=check, clock=clock)
            try:
                notes.verified(note, [known])
            except NotProven:
                continue
            found.add(name)
        return frozenset(found)


def of_log(key: notes.Key) -> Policy:
    """Return the policy that believes this log without any witness."""
    return Policy({key: ""}, {}, {}, _NONE)


def parse(data: bytes) -> Policy:
    """Return the policy that the file `data` writes."""
    if _CONTROL.search(data):
        raise ValueError("a policy holds no control characters but tabs and newlines")
    lines = data.decode("utf-8", "surrogateescape").replace("\t", " ").split("\n")
    reader = _Reader()
    if len(lines) > MOST_LINES:
        raise ValueError(f"a policy has at most {MOST_LINES} lines")
    for line in lines:
        words = [word for word in line.split(" ") if word]
        if words and not words[0].startswith("#"):
            reader.read(words)
    if reader.quorum is None:
        raise ValueError("a policy says its quorum")
    return Policy(reader.logs, reader.witnesses, reader.groups, reader.quorum)


class _Reader:
    """A policy while it is read; a line knows only the lines above it."""

    def __init__(self) -> None:
        self.logs: dict[notes.Key, str] = {}
        self.witnesses: dict[str, Witness] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._in_a_group: set[str] = set()

    def read(self, words: Sequence[str]) -> None:
        match words:
            case ["log", key, *url] if len(url) <= 1:
                self._log(notes.parse_key(key), url)
            case ["witness", name, key, *url] if len(url) <= 1:
                self._witness(name, notes.parse_key(key), url)
            case ["group", name, needed, *members] if members:
                self._group(name, needed, tuple(members))
            case ["quorum", name] if self.quorum is None and (name == _NONE or self._is_known(name)):
                self.quorum = name
            case _:
                raise ValueError(f"a policy has no such line: {' '.join(words)[:80]!r}")

    def _log(self, key: notes.Key, url: Sequence[str]) -> None:
        if key.public_bytes in {one.public_bytes for one in self.logs}:
            raise ValueError(f"the log {key.name!r} is listed twice")
        self.logs[key] = "".join(url)

    def _witness(self, name: str, key: notes.Key, url: Sequence[str]) -> None:
        self._check_new(name)
        if key.kind != notes.COSIGNATURE:
            raise ValueError(f"the key of the witness {name!r} does not cosign")
        if key.public_bytes in {one.key.public_bytes for one in self.witnesses.values()}:
            raise ValueError(f"the key of the witness {name!r} is listed twice")
        self.witnesses[name] = Witness(key, "".join(url))

    def _group(self, name: str, needed: str, members: tuple[str, ...]) -> None:
        self._check_new(name)
        for member in members:
            if not self._is_known(member) or member in self._in_a_group or members.count(member) > 1:
                raise ValueError(f"{member!r} cannot be a member of {name!r}: unknown, or a member already")
        threshold = {"any": 1, "all": len(members)}.get(needed)
        threshold = decimal(needed) if threshold is None else threshold
        if not 1 <= threshold <= len(members):
            raise ValueError(f"{name!r} has {len(members)} members and cannot need {needed}")
        self._in_a_group.update(members)
        self.groups[name] = Group(threshold, members)

    def _is_known(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _check_new(self, name: str) -> None:
        if name == _NONE or self._is_known(name):
            raise ValueError(f"the name {name!r} is taken")
