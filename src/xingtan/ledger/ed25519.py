"""Verification of Ed25519 signatures (RFC 8032, section 5.1.7), strictly, in one file of the standard library.

1. There is one signature of a message under a key that is accepted in one writing: a scalar not below the order of the
   base point is refused, so is a point written with a coordinate not below the prime.
2. Points of small order are refused as keys and as commitments, under which a signature would hold for any message.
3. The equation is the one without the cofactor, as OpenSSL has it.

It verifies and never signs: Python's integers take time that depends on their values, which matters for secrets only.
"""

from hashlib import sha512

KEY_BYTES = 32
SIGNATURE_BYTES = 64

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
_BASE_Y = 4 * pow(5, -1, _P) % _P

# Extended coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z and x·y = T/Z (RFC 8032, section 5.1.4).
_Point = tuple[int, int, int, int]
_ZERO: _Point = (0, 1, 1, 0)


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether `signature` is the signature of `message` under `public_key`; malformed ones are not."""
    if len(public_key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    key, commitment = _point(public_key), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= _ORDER or _is_small(key) or _is_small(commitment):
        return False
    challenge = int.from_bytes(sha512(signature[:32] + public_key + message).digest(), "little") % _ORDER
    negated = (-key[0] % _P, key[1], key[2], -key[3] % _P)
    return _is_same(_sum_of_products(scalar, challenge, negated), commitment)


def _point(written: bytes) -> _Point | None:
    """Return the point that these 32 bytes write (RFC 8032, section 5.1.3), None where they write none."""
    y = int.from_bytes(written, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= _P:
        return None
    x = _x_of(y)
    if x is None or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _x_of(y: int) -> int | None:
    """Return a coordinate x that makes (x, y) a point of the curve."""
    above, below = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = above * pow(below, 3, _P) * pow(above * pow(below, 7, _P), (_P - 5) // 8, _P) % _P
    if (below * x * x - above) % _P == 0:
        return x
    x = x * _ROOT_OF_MINUS_ONE % _P
    return x if (below * x * x - above) % _P == 0 else None


def _add(left: _Point, right: _Point) -> _Point:
    """Return the sum of two points (RFC 8032, section 5.1.4)."""
    a = (left[1] - left[0]) * (right[1] - right[0]) % _P
    b = (left[1] + left[0]) * (right[1] + right[0]) % _P
    c = 2 * left[3] * right[3] * _D % _P
    d = 2 * left[2] * right[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _sum_of_products(scalar: int, challenge: int, key: _Point) -> _Point:
    """Return scalar·B + challenge·key, both in one walk over the bits."""
    steps = (_ZERO, _BASE, key, _add(_BASE, key))
    found = _ZERO
    for bit in range(max(scalar.bit_length(), challenge.bit_length()) - 1, -1, -1):
        found = _add(found, found)
        if step := (scalar >> bit & 1) | (challenge >> bit & 1) << 1:
            found = _add(found, steps[step])
    return found


def _is_same(left: _Point, right: _Point) -> bool:
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 == (left[1] * right[2] - right[1] * left[2]) % _P


def _is_small(point: _Point) -> bool:
    """Say whether eight times the point is nothing."""
    for _ in range(3):
        point = _add(point, point)
    return _is_same(point, _ZERO)


def _base() -> _Point:
    point = _point(_BASE_Y.to_bytes(32, "little"))
    assert point is not None  # noqa: S101 - a constant of the curve
    return point


_BASE = _base()
