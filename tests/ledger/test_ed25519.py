"""Ed25519 in the library's own arithmetic: RFC 8032's vectors, the `cryptography` package, and what must be refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.logs import fast_check, key_of
from xingtan.ledger import ed25519

ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19

# RFC 8032, section 7.1: seed, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]

# Every point of small order, in every way to write it: the eight points, and those with a coordinate beyond the prime
# or a sign that zero does not have.
SMALL = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


@pytest.mark.parametrize(("seed", "public_key", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc(seed: str, public_key: str, message: str, signature: str) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    assert key.public_key().public_bytes_raw().hex() == public_key
    assert ed25519.verify(bytes.fromhex(public_key), bytes.fromhex(message), bytes.fromhex(signature))
    assert not ed25519.verify(bytes.fromhex(public_key), bytes.fromhex(message) + b"!", bytes.fromhex(signature))


@given(st.text(max_size=8), st.binary(max_size=300))
@settings(deadline=None, max_examples=40)
def test_real_signatures_hold(name: str, message: bytes) -> None:
    key = key_of(name)
    assert ed25519.verify(key.public_bytes, message, key.sign(message))
    assert not ed25519.verify(key.public_bytes, message + b"\0", key.sign(message))
    assert not ed25519.verify(key_of(f"{name}!").public_bytes, message, key.sign(message))


@given(st.integers(0, 64 * 8 - 1), st.sampled_from(["signature", "key"]))
@settings(deadline=None, max_examples=60)
def test_no_flipped_bit_passes_and_both_agree(bit: int, which: str) -> None:
    key = key_of("flipped")
    parts = {"key": bytearray(key.public_bytes), "signature": bytearray(key.sign(b"message"))}
    bit %= 8 * len(parts[which])
    parts[which][bit // 8] ^= 1 << bit % 8
    public_key, signature = bytes(parts["key"]), bytes(parts["signature"])
    assert not ed25519.verify(public_key, b"message", signature)
    assert not fast_check(public_key, b"message", signature)


def test_a_scalar_that_is_not_reduced_is_refused() -> None:
    key = key_of("scalars")
    signature = key.sign(b"message")
    scalar = int.from_bytes(signature[32:], "little")
    for more in range(1, 16):
        if (changed := scalar + more * ORDER) < 1 << 256:
            assert not ed25519.verify(key.public_bytes, b"message", signature[:32] + changed.to_bytes(32, "little"))
    assert ed25519.verify(key.public_bytes, b"message", signature)


def test_the_list_is_what_it_says() -> None:
    points = [ed25519._point(bytes.fromhex(point)) for point in SMALL]
    assert all(point and ed25519._is_small(point) for point in points[:8])
    assert not any(points[8:])


@pytest.mark.parametrize("point", SMALL)
def test_a_key_of_small_order_is_refused(point: str) -> None:
    """Under such a key, the signature of a zero scalar holds for one message in eight, if not for all."""
    for number in range(16):
        message = b"%d" % number
        for commitment in (SMALL[0], point):
            assert not ed25519.verify(bytes.fromhex(point), message, bytes.fromhex(commitment) + bytes(32))


@pytest.mark.parametrize("point", SMALL)
def test_a_commitment_of_small_order_is_refused(point: str) -> None:
    key = key_of("small")
    assert not ed25519.verify(key.public_bytes, b"message", bytes.fromhex(point) + key.sign(b"message")[32:])


@pytest.mark.parametrize("above", range(19))
def test_a_coordinate_beyond_the_prime_is_refused(above: int) -> None:
    written = (PRIME + above).to_bytes(32, "little")
    assert not ed25519.verify(written, b"", bytes(64))


@pytest.mark.parametrize(("key", "signature"), [(0, 64), (31, 64), (33, 64), (32, 0), (32, 63), (32, 65)])
def test_other_lengths_are_refused(key: int, signature: int) -> None:
    whole = key_of("lengths")
    public_key = (whole.public_bytes + b"\0")[:key]
    assert not ed25519.verify(public_key, b"message", (whole.sign(b"message") + b"\0")[:signature])


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
@settings(deadline=None, max_examples=60)
def test_nothing_made_up_holds(public_key: bytes, signature: bytes) -> None:
    assert not ed25519.verify(public_key, b"message", signature)
