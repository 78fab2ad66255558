"""What learning refuses."""

from xingtan.core.errors import NotAllowed


class NotReleased(NotAllowed):
    """The lesson is bought, and opens on a later day."""

    code = "not-released"


class NotBought(NotAllowed):
    """The lesson belongs to a product that this person does not hold."""

    code = "not-bought"
