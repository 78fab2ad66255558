"""Notes, checkpoints, cosignatures and policies: the examples of the documents, and what must be refused."""

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.logs import NOON, ORIGIN, fast_check, key_of, signer, verifier
from xingtan.core.clock import ManualClock
from xingtan.ledger import checkpoints, notes, policy
from xingtan.ledger.checkpoints import Checkpoint, CosignatureVerifier, Cosigner
from xingtan.ledger.tree import EMPTY_ROOT, NotProven

# The example of C2SP's signed-note, whose key is written in golang.org/x/mod/sumdb/note's documentation style, and of
# tlog-checkpoint and tlog-cosignature.
POEM = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC"
    "+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeO"
    "oRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHe"
    "olMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
AT = int(NOON.timestamp())


def signed(text: str = "A text.\n") -> bytes:
    return bytes(notes.sign(text, [signer()]))


def replaced(old: str, new: str, *, count: int = -1) -> bytes:
    changed = signed().decode().replace(old, new, count)
    assert changed.encode() != signed()
    return changed.encode()


@pytest.mark.parametrize("document", [POEM, SOFA])
def test_the_documents_examples_are_read_and_written(document: str) -> None:
    note = notes.parse(document.encode())
    assert bytes(note) == document.encode()


def test_what_the_examples_say() -> None:
    poem, sofa = notes.parse(POEM.encode()), notes.parse(SOFA.encode())
    assert poem.text.endswith("ed è subito sera.\n")
    assert [one.name for one in poem.signatures] == ["quasimodo.example/salvatore"]
    assert poem.signatures[0].key_id.hex() == "367ba04b"
    checkpoint = checkpoints.parse(sofa.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoints.cosigned_at_s(sofa.signatures[1].data) == 1679315147
    assert len(sofa.signatures[1].data) == 8 + 64


def test_a_note_is_verified() -> None:
    note = notes.parse(signed())
    assert [one.name for one in notes.verified(note, [verifier()])] == [ORIGIN]
    assert notes.verified(note, [notes.Ed25519Verifier(signer().key)])  # by the library's own arithmetic


def test_a_key_is_read_and_written() -> None:
    text = str(signer().key)
    assert notes.parse_key(text) == signer().key
    assert (
        text
        == f"{ORIGIN}+{signer().key_id.hex()}+{base64.b64encode(b'' + bytes([1]) + signer().key.public_bytes).decode()}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+",
        "name+00000000+",
        "name+00000000+AQ==",
        f"{signer().key}=",
        f" {signer().key}",
        str(signer().key).replace("+", "+0", 1),
        str(signer().key).upper(),
        str(signer().key).replace(ORIGIN, "other"),
        f"name+00000000+{base64.b64encode(bytes([2]) + bytes(32)).decode()}",
    ],
)
def test_malformed_keys(text: str) -> None:
    with pytest.raises(ValueError, match=r"key|base64|name"):
        notes.parse_key(text)


BAD_NOTES = {
    "empty": b"",
    "no signature": b"A text.\n\n",
    "no empty line": replaced("\n\n", "\n"),
    "missing final newline": signed()[:-1],
    "CRLF": signed().replace(b"\n", b"\r\n"),
    "a tab": replaced("A text", "A\ttext"),
    "NUL": replaced("A text", "A\0text"),
    "extra empty line at the end": signed() + b"\n",
    "extra empty line between signatures": signed() + b"\n" + signed().split(b"\n\n")[1],
    "em dash replaced by hyphen": replaced("— ", "- "),
    "em dash replaced by en dash": replaced("— ", "– "),
    "no space after the dash": replaced("— ", "—"),
    "two spaces": replaced(f"{ORIGIN} ", f"{ORIGIN}  "),
    "key name with plus": replaced(ORIGIN, "academy+example"),
    "key name with a no-break space": replaced(ORIGIN, "academy\xa0example"),
    "empty key name": replaced(f"{ORIGIN} ", " "),
    "no base64 at all": replaced("— ", "— x y"),
    "unpadded base64": replaced("=", ""),
    "base64 with a space": replaced("=", " ="),
    "URL base64": b"A text.\n\n\xe2\x80\x94 x AAAA__--\n",
    "non-canonical base64": b"A text.\n\n\xe2\x80\x94 x AAAAAAB=\n",
    "a key ID alone": b"A text.\n\n\xe2\x80\x94 x AAAAAA==\n",
    "not UTF-8": b"\xff" + signed(),
    "a surrogate": b"\xed\xa0\x80" + signed(),
    "17 signatures": signed() + signed().split(b"\n\n")[1] * 16,
}


@pytest.mark.parametrize("data", BAD_NOTES.values(), ids=BAD_NOTES.keys())
def test_malformed_notes(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        notes.verified(notes.parse(data), [verifier()])


def test_sixteen_signatures_are_read() -> None:
    note = notes.parse(signed() + signed().split(b"\n\n")[1] * 15)
    assert len(notes.verified(note, [verifier()])) == 1  # a second one of the same key counts for nothing


def test_unknown_signatures_are_ignored() -> None:
    note = notes.sign("A text.\n", [signer("other.example"), signer()])
    assert [one.name for one in notes.verified(note, [verifier()])] == [ORIGIN]
    with pytest.raises(NotProven, match="nobody"):
        notes.verified(note, [verifier("third.example")])


def test_a_wrong_signature_of_a_known_key_refuses_the_note() -> None:
    good, other = notes.sign("A text.\n", [signer()]), notes.sign("Another.\n", [signer()])
    note = notes.Note(good.text, (*other.signatures, *good.signatures))
    with pytest.raises(NotProven, match="does not hold"):
        notes.verified(note, [verifier()])


def test_a_key_id_collision_is_only_a_failing_signature() -> None:
    forged = notes.Signature(ORIGIN, signer().key_id, key_of("an attacker").sign(b"A text.\n"))
    with pytest.raises(NotProven, match="does not hold"):
        notes.verified(notes.Note("A text.\n", (forged,)), [verifier()])


def test_two_known_keys_with_one_name_and_id_are_refused() -> None:
    with pytest.raises(ValueError, match="share"):
        notes.verified(notes.parse(signed()), [verifier(), verifier()])


def test_a_wrong_type_byte_is_another_key() -> None:
    as_cosigner = CosignatureVerifier(notes.Key(ORIGIN, notes.COSIGNATURE, signer().key.public_bytes), fast_check)
    with pytest.raises(NotProven, match="nobody"):
        notes.verified(notes.parse(signed()), [as_cosigner])
    with pytest.raises(ValueError, match="does not sign notes"):
        notes.Ed25519Verifier(as_cosigner.key)
    with pytest.raises(ValueError, match="does not cosign"):
        CosignatureVerifier(signer().key)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"{text}\n\n— x AAAAAAAA\n".encode()))
def test_what_is_read_is_written_back(data: bytes) -> None:
    try:
        note = notes.parse(data)
    except ValueError:
        return
    assert bytes(note) == data


@given(st.integers(0, 8 * len(signed()) - 1))
def test_no_flipped_bit_of_a_note_passes(bit: int) -> None:
    data = bytearray(signed())
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ValueError, match=r"."):
        notes.verified(notes.parse(bytes(data)), [verifier()])


# Checkpoints

ROOT = base64.b64encode(bytes(range(32))).decode()


def test_a_checkpoint_is_read_and_written() -> None:
    checkpoint = Checkpoint(ORIGIN, 7, bytes(range(32)))
    assert str(checkpoint) == f"{ORIGIN}\n7\n{ROOT}\n"
    assert checkpoints.parse(str(checkpoint)) == checkpoint
    assert checkpoints.parse(f"{checkpoint}ext 1\next 2\n").extensions == ("ext 1", "ext 2")


BAD_CHECKPOINTS = {
    "empty": "",
    "one line": "a\n",
    "two lines": "a\n1\n",
    "no final newline": f"a\n1\n{ROOT}",
    "no origin": f"\n1\n{ROOT}\n",
    "leading zero": f"a\n01\n{ROOT}\n",
    "plus": f"a\n+1\n{ROOT}\n",
    "minus": f"a\n-1\n{ROOT}\n",
    "hexadecimal": f"a\n0x1\n{ROOT}\n",
    "underscore": f"a\n1_0\n{ROOT}\n",
    "space": f"a\n1 \n{ROOT}\n",
    "full-width digits": f"a\n１\n{ROOT}\n",
    "Arabic digits": f"a\n\u0661\n{ROOT}\n",
    "fraction": f"a\n1.0\n{ROOT}\n",
    "2^63": f"a\n{1 << 63}\n{ROOT}\n",
    "10^30": f"a\n{10**30}\n{ROOT}\n",
    "size 0 with wrong root": f"a\n0\n{ROOT}\n",
    "short root": f"a\n1\n{base64.b64encode(bytes(31)).decode()}\n",
    "long root": f"a\n1\n{base64.b64encode(bytes(33)).decode()}\n",
    "root without padding": f"a\n1\n{ROOT[:-1]}\n",
    "root with bits left over": f"a\n1\n{ROOT[:-2]}9=\n",
    "empty extension line": f"a\n1\n{ROOT}\n\nx\n",
    "CRLF": f"a\r\n1\r\n{ROOT}\r\n",
}


@pytest.mark.parametrize("text", BAD_CHECKPOINTS.values(), ids=BAD_CHECKPOINTS.keys())
def test_malformed_checkpoints(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        checkpoints.parse(text)


def test_the_empty_tree_has_one_root() -> None:
    assert checkpoints.parse(str(Checkpoint("a", 0, EMPTY_ROOT))).size == 0


def test_a_log_signs_under_its_own_origin() -> None:
    note = notes.sign(str(Checkpoint("other.example", 1, bytes(32))), [signer()])
    with pytest.raises(NotProven, match="checkpoint of"):
        checkpoints.open_checkpoint(bytes(note), verifier())


# Cosignatures


def cosigned(at_s: int = AT, name: str = "w.example") -> notes.Note:
    text = str(Checkpoint(ORIGIN, 1, bytes(32)))
    return notes.sign(text, [signer(), Cosigner(name, key_of(name), at_s)])


def cosigner(name: str = "w.example", **more: object) -> CosignatureVerifier:
    return CosignatureVerifier(Cosigner(name, key_of(name), 1).key, fast_check, **more)  # type: ignore[arg-type]


def test_a_cosignature_says_when() -> None:
    line = notes.verified(cosigned(), [cosigner()])[0]
    assert checkpoints.cosigned_at_s(line.data) == AT
    message = f"cosignature/v1\ntime {AT}\n{cosigned().text}".encode()
    assert fast_check(key_of("w.example").public_bytes, message, line.data[8:])


@pytest.mark.parametrize("at_s", [0, -1, 1 << 63])
def test_a_cosignature_of_no_time_is_not_made(at_s: int) -> None:
    with pytest.raises(ValueError, match="time"):
        cosigned(at_s)


def forged(at_s: int) -> notes.Note:
    note = cosigned()
    data = at_s.to_bytes(8) + key_of("w.example").sign(b"cosignature/v1\ntime %d\n" % at_s + note.text.encode())
    return notes.Note(note.text, (notes.Signature("w.example", cosigner().key_id, data),))


@pytest.mark.parametrize("at_s", [0, 1 << 63])
def test_a_cosignature_of_no_time_is_refused(at_s: int) -> None:
    with pytest.raises(NotProven):
        notes.verified(forged(at_s), [cosigner()])


def test_a_cosignature_from_the_future_is_refused_by_a_clock() -> None:
    clock = ManualClock(NOON)
    later = forged(AT + 3600)
    assert notes.verified(later, [cosigner()])
    with pytest.raises(NotProven):
        notes.verified(later, [cosigner(clock=clock)])
    clock.set(NOON + timedelta(hours=1))
    assert notes.verified(later, [cosigner(clock=clock)])


@pytest.mark.parametrize("cut", [0, 7, 8, 71])
def test_a_cosignature_that_is_cut_off(cut: int) -> None:
    note = cosigned()
    short = notes.Signature("w.example", cosigner().key_id, note.signatures[1].data[:cut])
    with pytest.raises(NotProven):
        notes.verified(notes.Note(note.text, (short,)), [cosigner()])


# Policies


def policy_text(quorum: str = "quorum both") -> bytes:
    a, b, c = (cosigner(name).key for name in ("a", "b", "c"))
    return (
        f"# who is believed\n\nlog {signer().key} https://academy.example/ledger\n  witness\tA {a} https://a.example\n"
        f"witness B {b}\nwitness C {c}\ngroup some 2 A B\ngroup both all some C\n{quorum}\n"
    ).encode()


@pytest.mark.parametrize(
    ("quorum", "cosigned", "is_met"),
    [
        ("quorum both", "ABC", True),
        ("quorum both", "AB", False),
        ("quorum both", "AC", False),
        ("quorum some", "AB", True),
        ("quorum some", "A", False),
        ("quorum C", "C", True),
        ("quorum C", "AB", False),
        ("quorum none", "", True),
    ],
)
def test_a_quorum(quorum: str, cosigned: str, is_met: bool) -> None:  # noqa: FBT001 - a table
    assert policy.parse(policy_text(quorum)).is_met(frozenset(cosigned)) is is_met


def test_the_example_of_the_policy_document() -> None:
    keys = {name: cosigner(name).key for name in ("X1", "X2", "X3", "Y1", "Y2", "Y3")}
    read = policy.parse(
        "\n".join(
            [
                f"log {signer().key}",
                *(f"witness {name} {key}" for name, key in keys.items()),
                "group X-witnesses 2 X1 X2 X3",
                "group Y-witnesses any Y1 Y2 Y3",
                "group X-and-Y all X-witnesses Y-witnesses",
                "quorum X-and-Y",
            ]
        ).encode()
    )
    assert read.is_met(frozenset({"X1", "X3", "Y2"}))
    assert not read.is_met(frozenset({"X1", "X2", "X3"}))
    assert not read.is_met(frozenset({"X1", "Y1", "Y2", "Y3"}))


@pytest.mark.parametrize(
    "change",
    [
        ("quorum both", ""),
        ("quorum both", "quorum none\nquorum none"),
        ("quorum both", "quorum D"),
        ("quorum both", "quorum"),
        ("group some 2", "group some 3"),
        ("group some 2", "group some 0"),
        ("group some 2", "group some 02"),
        ("group some 2 A B", "group some 2 A A"),
        ("group some 2 A B", "group some 2 A D"),
        ("group some 2 A B", "group some 2"),
        ("group both all some C", "group both all some A"),
        ("group both", "group some"),
        ("group both", "group none"),
        ("witness B", "witness A"),
        ("witness B", "witness none"),
        ("# who", "\x07# who"),
        ("# who", "\r\n# who"),
        ("# who is believed", f"log {signer().key}"),
        ("# who", "monitor x\n# who"),
        ("witness C", "witness C x y z"),
    ],
)
def test_malformed_policies(change: tuple[str, str]) -> None:
    text = policy_text().decode()
    assert change[0] in text
    with pytest.raises(ValueError, match=r"."):
        policy.parse(text.replace(*change, 1).encode())


def test_a_witness_with_a_key_that_does_not_cosign() -> None:
    with pytest.raises(ValueError, match="does not cosign"):
        policy.parse(f"witness A {signer().key}\nquorum none\n".encode())


def test_a_policy_opens_checkpoints() -> None:
    read = policy.parse(f"log {signer().key}\nwitness W {cosigner().key}\nquorum W\n".encode())
    checkpoint, names = read.open_checkpoint(bytes(cosigned()), check=fast_check)
    assert (checkpoint.size, names) == (1, {"W"})
    with pytest.raises(NotProven, match="too few"):
        read.open_checkpoint(bytes(cosigned(name="other.example")), check=fast_check)
    with pytest.raises(NotProven, match="nobody"):
        read.open_checkpoint(bytes(notes.sign(cosigned().text, [signer("other.example")])), check=fast_check)
    text = str(Checkpoint("other.example", 1, bytes(32)))
    with pytest.raises(NotProven, match="has not signed its"):
        read.open_checkpoint(bytes(notes.sign(text, [signer()])), check=fast_check)
