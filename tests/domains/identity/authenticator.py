"""A passkey device in software: real keys, real signatures, the real byte layouts of WebAuthn Level 2 §6."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

_USER_PRESENT, _USER_VERIFIED, _HAS_CREDENTIAL = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One device with one key."""

    origin: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    counter: int = 0
    verifies_user: bool = True

    def register(self, options_json: str) -> str:
        """Answer `navigator.credentials.create`."""
        options = json.loads(options_json)
        client = self._client_data("webauthn.create", options["challenge"])
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        credential = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public
        data = self._data(options["rp"]["id"], extra=credential, flags=_HAS_CREDENTIAL)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"clientDataJSON": client, "attestationObject": attestation})

    def sign_in(self, options_json: str, *, rp_id: str | None = None) -> str:
        """Answer `navigator.credentials.get`."""
        options = json.loads(options_json)
        self.counter += 1
        client = self._client_data("webauthn.get", options["challenge"])
        data = self._data(rp_id or options["rpId"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"clientDataJSON": client, "authenticatorData": data, "signature": signature})

    def _data(self, rp_id: str, *, extra: bytes = b"", flags: int = 0) -> bytes:
        flags |= _USER_PRESENT | (_USER_VERIFIED if self.verifies_user else 0)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big") + extra

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, bytes]) -> str:
        encoded: dict[str, Any] = {name: bytes_to_base64url(value) for name, value in response.items()}
        identity = bytes_to_base64url(self.credential_id)
        return json.dumps({"id": identity, "rawId": identity, "type": "public-key", "response": encoded})
