"""Key pairs made for a test, as the two Chinese houses hand them out."""

import base64
from dataclasses import dataclass
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


@dataclass(frozen=True, slots=True)
class KeyPair:
    private: rsa.RSAPrivateKey

    @property
    def private_pem(self) -> str:
        plain = serialization.NoEncryption()
        kind = serialization.PrivateFormat.PKCS8
        return self.private.private_bytes(serialization.Encoding.PEM, kind, plain).decode()

    @property
    def public_pem(self) -> str:
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()

    def sign(self, text: bytes, digest: hashes.HashAlgorithm | None = None) -> str:
        made = self.private.sign(text, padding.PKCS1v15(), digest or hashes.SHA256())
        return base64.b64encode(made).decode()

    def has_signed(self, text: bytes, signature: str) -> bool:
        try:
            raw = base64.b64decode(signature, validate=True)
            self.private.public_key().verify(raw, text, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True


@cache
def key_pair(name: str) -> KeyPair:
    """One pair for each name and run."""
    assert name
    return KeyPair(rsa.generate_private_key(public_exponent=65537, key_size=2048))
