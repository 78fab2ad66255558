"""A budget of privacy: what each answer costs, and that it is never given twice nor taken back.

1. An ε is a positive, finite, exact number; anything else is refused before anything is looked at.
2. The sum of what was spent never exceeds the limit, however many ask at once.
3. A cost is noted before its answer is computed, and stays when the computation fails: there is no refund.
4. The same question gets the same answer for as long as the budget lives, and costs nothing the second time.

A budget stands for one dataset and one period. Whoever stores it stores `payments`, and hands them back on the next
day's start.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from threading import RLock

from xingtan.core.errors import Conflict, Invalid, say
from xingtan.intelligence.privacy.errors import BudgetSpent

_PLAIN = re.compile(r"[0-9]{1,6}(\.[0-9]{1,20})?(e-0?[0-9])?", re.IGNORECASE)

Epsilon = Fraction | Decimal | int | float | str

FINEST = Fraction(1, 10**6)
"""No ε is smaller: a noise of a million times what one person can change says nothing."""

LARGEST = Fraction(1000)
"""No ε is larger: beyond it there is no privacy left to count."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Noisy figures by name, each with the half-width that its noise exceeds with probability at most 5 %."""

    figures: Mapping[str, Fraction]
    margins: Mapping[str, Fraction]
    epsilon: Fraction


@dataclass(frozen=True, slots=True)
class Payment:
    """What was asked, what it cost, and what was answered; None when the computation failed."""

    question: str
    epsilon: Fraction
    answer: Answer | None = None


def exact_epsilon(given: Epsilon) -> Fraction:
    """Return ε as a fraction, a float being read as it is written; `Invalid` for what is no positive finite number."""
    exact = given if isinstance(given, Fraction) else _as_written(given)
    if exact is None or not FINEST <= exact <= LARGEST:
        raise Invalid.of("epsilon", say("Epsilon must be a positive number."))
    return exact


def _as_written(given: Decimal | float | str) -> Fraction | None:
    text = str(given)
    if isinstance(given, bool) or not _PLAIN.fullmatch(text):
        return None
    return Fraction(text)


@dataclass(slots=True)
class Budget:
    """What one dataset may tell in one period."""

    limit: Fraction
    _paid: list[Payment] = field(default_factory=list)
    _lock: RLock = field(default_factory=RLock, repr=False)

    @classmethod
    def of(cls, limit: Epsilon, paid: Iterable[Payment] = ()) -> "Budget":
        """Return a budget with what was paid from it already."""
        return cls(exact_epsilon(limit), list(paid))

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Return everything that was paid, in its order."""
        with self._lock:
            return tuple(self._paid)

    @property
    def spent(self) -> Fraction:
        """Return the sum of what was paid."""
        return sum((payment.epsilon for payment in self.payments), start=Fraction(0))

    @property
    def left(self) -> Fraction:
        """Return what may still be paid; never negative."""
        return max(Fraction(0), self.limit - self.spent)

    def answer(self, question: str, epsilon: Epsilon, *, compute: Callable[[Fraction], Answer]) -> Answer:
        """Return the answer that was given before, else pay ε and compute it; `BudgetSpent` when too little is left.

        A question names everything that decides its answer: the measure, the filter, the bounds.
        """
        price = exact_epsilon(epsilon)
        with self._lock:
            if (known := self.answered(question)) is not None:
                return known
            if price > self.left:
                raise BudgetSpent(
                    say("This period's privacy budget is spent; %(left)s of it is left.", left=f"{float(self.left):g}")
                )
            place = len(self._paid)
            self._paid.append(Payment(question, price))
            answer = compute(price)
            if answer.epsilon != price:
                raise Conflict(say("This answer was computed for another epsilon than was paid."))
            self._paid[place] = replace(self._paid[place], answer=answer)
            return answer

    def answered(self, question: str) -> Answer | None:
        """Return the answer that this question got, if it did."""
        return next((one.answer for one in self.payments if one.question == question and one.answer is not None), None)
