"""What identity refuses."""

from xingtan.core.errors import Conflict, Refused, say


class SignInRefused(Refused):
    """The address and the password, or the code, do not belong together. Says no more: a guess learns nothing."""

    code = "sign-in-refused"

    def __init__(self) -> None:
        super().__init__(say("The address and the password do not match."))


class LinkDead(Refused):
    """A sign-in link that was used, has grown old or never existed."""

    code = "link-dead"

    def __init__(self) -> None:
        super().__init__(say("This link has been used or has grown old. Ask for a new one; it takes a minute."))


class CodeRefused(Refused):
    """A second factor that is wrong, used before or too old."""

    code = "code-refused"

    def __init__(self) -> None:
        super().__init__(say("This code is not right. Codes work once and for half a minute; try the next one."))


class PasskeyRefused(Refused):
    """An authenticator's answer that does not hold."""

    code = "passkey-refused"

    def __init__(self) -> None:
        super().__init__(say("This passkey could not be used. Please try again, or sign in another way."))


class AddressTaken(Conflict):
    """Another account has this address."""

    code = "address-taken"

    def __init__(self) -> None:
        super().__init__(say("There is an account with this address already."))


class LastOwner(Conflict):
    """The academy would be left without an owner."""

    code = "last-owner"

    def __init__(self) -> None:
        super().__init__(say("An academy needs an owner. Give the role to somebody else first."))


class AlreadySetUp(Conflict):
    """The academy is there already."""

    code = "already-set-up"

    def __init__(self) -> None:
        super().__init__(say("This academy has been set up already."))
