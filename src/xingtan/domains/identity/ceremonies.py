"""The two ceremonies of WebAuthn (Level 2 §7): options for the browser, and what to believe of its answer.

Import it where a passkey is used: the library and the certificates that it knows take half a second of every start.
"""

import json
from collections.abc import Iterable
from uuid import UUID

import webauthn
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from xingtan.domains.identity.errors import PasskeyRefused

_WRONG = (WebAuthnException, ValueError, KeyError, TypeError)


def making(
    rp_id: str, rp_name: str, *, person_id: UUID, email: str, name: str, known: Iterable[bytes]
) -> tuple[bytes, str]:
    """Return a challenge, and the options for `navigator.credentials.create` as JSON."""
    options = webauthn.generate_registration_options(
        rp_id=rp_id,
        rp_name=rp_name,
        user_id=person_id.bytes,
        user_name=email,
        user_display_name=name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_described(known),
    )
    return options.challenge, webauthn.options_to_json(options)


def made(response_json: str, challenge: bytes, *, rp_id: str, origin: str) -> VerifiedRegistration:
    """Return the passkey that the device made; `PasskeyRefused` for another origin or challenge."""
    try:
        return webauthn.verify_registration_response(
            credential=response_json,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
        )
    except _WRONG as error:
        raise PasskeyRefused from error


def showing(rp_id: str, *, allowed: Iterable[bytes] | None) -> tuple[bytes, str]:
    """Return a challenge, and the options for `navigator.credentials.get` as JSON; None allows every passkey."""
    options = webauthn.generate_authentication_options(
        rp_id=rp_id,
        allow_credentials=None if allowed is None else _described(allowed),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options.challenge, webauthn.options_to_json(options)


def shown(
    response_json: str, challenge: bytes, *, rp_id: str, origin: str, public_key: bytes, sign_count: int
) -> VerifiedAuthentication:
    """Return what the passkey signed; `PasskeyRefused` for another origin, challenge, key or an old counter."""
    try:
        return webauthn.verify_authentication_response(
            credential=response_json,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except _WRONG as error:
        raise PasskeyRefused from error


def credential_id_of(response_json: str) -> bytes:
    """Return the id of the passkey that answers; `PasskeyRefused` when there is none."""
    try:
        return base64url_to_bytes(json.loads(response_json)["rawId"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PasskeyRefused from error


def _described(ids: Iterable[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one) for one in ids]
