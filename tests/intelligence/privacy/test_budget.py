"""A budget is spent once, visibly and for good; what is no ε is refused; a question has one answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xingtan.core.errors import Conflict, Invalid
from xingtan.intelligence.privacy.budget import Answer, Budget, Payment, exact_epsilon
from xingtan.intelligence.privacy.errors import BudgetSpent


def telling(value: int) -> Callable[[Fraction], Answer]:
    return lambda epsilon: Answer({"count": Fraction(value)}, {"count": Fraction(0)}, epsilon)


def counting() -> tuple[list[int], Callable[[Fraction], Answer]]:
    """Return a computation that answers differently each time, and the list of its runs."""
    runs: list[int] = []

    def compute(epsilon: Fraction) -> Answer:
        runs.append(len(runs))
        return telling(len(runs))(epsilon)

    return runs, compute


@pytest.mark.parametrize(
    "wrong",
    [
        0, -1, 0.0, -0.0, -0.1, float("nan"), float("inf"), Decimal("NaN"), Decimal(-1), Fraction(0), Fraction(-1, 2),
        "", "NaN", "1e-99999999", "１", "1,5", True, None, [], 1e300,
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_epsilon_is_refused_and_costs_nothing(wrong: object) -> None:
    budget, (runs, compute) = Budget.of(1), counting()
    with pytest.raises(Invalid):
        budget.answer("q", wrong, compute=compute)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        Budget.of(wrong)  # type: ignore[arg-type]
    assert budget.payments == ()
    assert runs == []


def test_a_float_is_read_as_it_is_written() -> None:
    assert exact_epsilon(0.1) + exact_epsilon("0.2") == exact_epsilon(Decimal("0.3")) == Fraction(3, 10)
    assert exact_epsilon(1e-5) == Fraction(1, 100_000)


def test_the_same_question_has_one_answer_whatever_it_would_pay() -> None:
    budget, (runs, compute) = Budget.of(1), counting()
    first = budget.answer("count of learners", "0.5", compute=compute)
    assert budget.answer("count of learners", "0.5", compute=compute) is first
    assert budget.answer("count of learners", "99", compute=compute) is first
    assert runs == [0]
    assert budget.spent == Fraction(1, 2)


def test_a_budget_can_be_spent_to_the_last_and_no_further() -> None:
    budget = Budget.of("0.3")
    for number in range(3):
        budget.answer(f"q{number}", 0.1, compute=telling(number))
    assert budget.left == 0
    with pytest.raises(BudgetSpent):
        budget.answer("one more", "0.000001", compute=telling(9))
    assert budget.answer("q1", 0.1, compute=telling(9)).figures["count"] == 1


def test_there_is_no_refund_for_an_answer_that_never_came() -> None:
    def fail(_epsilon: Fraction) -> Answer:
        raise ZeroDivisionError

    budget = Budget.of(1)
    with pytest.raises(ZeroDivisionError):
        budget.answer("q", "0.6", compute=fail)
    assert budget.payments == (Payment("q", Fraction(3, 5)),)
    with pytest.raises(BudgetSpent):
        budget.answer("q", "0.6", compute=telling(1))


def test_an_answer_for_another_epsilon_is_not_given() -> None:
    budget = Budget.of(2)
    with pytest.raises(Conflict):
        budget.answer("q", 1, compute=lambda epsilon: telling(1)(2 * epsilon))
    assert budget.answered("q") is None
    assert budget.spent == 1


def test_what_was_paid_before_counts_and_answers() -> None:
    old = Budget.of(1)
    old.answer("q", "0.75", compute=telling(5))
    new = Budget.of(1, old.payments)
    assert new.left == Fraction(1, 4)
    assert new.answer("q", "0.75", compute=telling(6)).figures["count"] == 5


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.fractions(Fraction(1, 100), Fraction(1))), max_size=30))
def test_no_sequence_of_questions_spends_more_than_the_limit(asked: list[tuple[str, Fraction]]) -> None:
    budget, answers = Budget.of(2), {}
    for question, epsilon in asked:
        spent = budget.spent
        try:
            answer = budget.answer(question, epsilon, compute=telling(len(answers)))
        except BudgetSpent:
            assert spent + epsilon > budget.limit
            assert budget.spent == spent
            continue
        assert answers.setdefault(question, answer) is answer
        assert budget.spent - spent in (0, epsilon)
        assert budget.spent + budget.left == budget.limit


def test_many_at_once_spend_no_more_than_one_after_the_other() -> None:
    budget = Budget.of(1)

    def ask(number: int) -> bool:
        try:
            budget.answer(f"q{number % 20}", "0.1", compute=telling(number))
        except BudgetSpent:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        given_ = list(pool.map(ask, range(200)))
    assert budget.spent == 1
    assert len(budget.payments) == len({payment.question for payment in budget.payments}) == 10
    assert 10 <= sum(given_) < 200
