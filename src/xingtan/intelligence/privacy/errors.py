"""What the privacy of a release refuses."""

from xingtan.core.errors import Conflict


class CannotAnonymise(Conflict):
    """No table made of these rows meets the demand."""

    code = "cannot-anonymise"


class BudgetSpent(Conflict):
    """The question would cost more privacy than is left for this period."""

    code = "budget-spent"
