from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import NotAllowed
from xingtan.infra.files import MediaSigner

SIGNER = MediaSigner(b"s" * 32)
AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
SOON = AT + timedelta(minutes=5)
ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def refused(token: str, *, audience: str = "session", at: datetime = AT, signer: MediaSigner = SIGNER) -> str:
    with pytest.raises(NotAllowed) as caught:
        signer.verify(token, audience=audience, at=at)
    return str(caught.value)


@given(st.uuids(), st.text(max_size=30).filter(lambda text: text.isprintable()))
def test_a_token_says_which_file(asset_id: UUID, audience: str) -> None:
    token = SIGNER.sign(asset_id, audience, expires_at=SOON)
    assert SIGNER.verify(token, audience=audience, at=SOON - timedelta(seconds=1)) == asset_id


def test_every_defect_gets_the_same_sentence() -> None:
    token = SIGNER.sign(ID, "session", expires_at=SOON)
    sentences = {
        refused(token, audience="another"),
        refused(token, audience=""),
        refused(token, at=SOON),
        refused(token, at=SOON + timedelta(days=400)),
        refused(token, signer=MediaSigner(b"t" * 32)),
        refused(""),
        refused(token[:-1]),
        refused(token + "A"),
        refused(token + "="),
        refused(token + "\n"),
        refused(" " + token),
        refused("ü" * 75),
        refused("A" * 75),
    }
    assert sentences == {"This link has expired. Open the page again to get a new one."}


@given(st.integers(0, 74), st.sampled_from("ABCDEFGHabcdefgh0123456789-_"))
def test_no_letter_can_be_changed(at: int, letter: str) -> None:
    token = SIGNER.sign(ID, "session", expires_at=SOON)
    changed = token[:at] + letter + token[at + 1 :]
    if changed != token:
        refused(changed)


def test_the_same_bytes_written_otherwise_are_refused() -> None:
    token = SIGNER.sign(ID, "session", expires_at=SOON)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(token[-1])
    for twin in range(last & ~3, (last | 3) + 1):
        if twin != last:
            refused(token[:-1] + alphabet[twin])


def test_a_naive_instant_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="aware"):
        SIGNER.sign(ID, "session", expires_at=SOON.replace(tzinfo=None))
