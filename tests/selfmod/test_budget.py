from __future__ import annotations

import json
import threading

import pytest

from plugins.errors import BudgetError, StateError
from plugins.state import UserState
from selfmod.budget import Budget, Caps
from selfmod.models.base import Cost, Message, Price, Request
from selfmod.models.errors import AnswerTimedOut, HostRefused, StreamCut

ASK = Request(messages=(Message(role="user", content="hello there"),), max_tokens=1000)
PRICE = Price(prompt=1.0, completion=2.0)
NOTHING = Cost(money=0.0)
DAY = 86400.0


@pytest.fixture
def state(tmp_path):
    return UserState(tmp_path)


def use(budget, cost, spent=NOTHING, price=PRICE, request=ASK):
    with budget.charge(request, price, spent) as charge:
        charge.cost = cost


def test_what_was_used_is_on_the_account_of_the_day(state):
    now = [DAY]
    budget = Budget(state, Caps(), clock=lambda: now[0])
    use(budget, Cost(prompt_tokens=5, completion_tokens=7, money=0.5))
    use(Budget(state, Caps(), clock=lambda: now[0]), Cost(prompt_tokens=1, completion_tokens=1, money=0.25))
    assert budget.used_today() == Cost(prompt_tokens=6, completion_tokens=8, money=0.75)
    now[0] = 2 * DAY
    assert budget.used_today() == NOTHING


def test_the_worst_case_is_on_the_account_during_the_call(state):
    budget = Budget(state, Caps())
    with budget.charge(ASK, PRICE, NOTHING) as charge:
        used = budget.used_today()
        assert used.completion_tokens == 1000
        assert used.money == pytest.approx(PRICE.of(used.prompt_tokens, 1000))
        charge.cost = Cost(prompt_tokens=1, completion_tokens=2, money=0.0)
    assert budget.used_today() == Cost(prompt_tokens=1, completion_tokens=2, money=0.0)


@pytest.mark.parametrize(
    ("caps", "what"),
    [
        (Caps(proposal_tokens=1100), "this proposal"),
        (Caps(day_tokens=1100), "today"),
        (Caps(proposal_money=0.003), "this proposal"),
        (Caps(day_money=0.003), "today"),
    ],
)
def test_each_cap_is_checked_before_the_call(state, caps, what):
    budget = Budget(state, caps)
    first = Cost(prompt_tokens=60, completion_tokens=60, money=0.002)
    use(budget, first)
    with pytest.raises(BudgetError, match=what) as caught:
        use(budget, first, spent=first)
    assert caught.value.exit_code == 14
    assert "ratchet.toml" in caught.value.hint
    assert budget.used_today() == first


def test_a_cap_of_nothing_allows_nothing(state):
    for caps in (Caps(proposal_tokens=0), Caps(day_tokens=0), Caps(proposal_money=0.0), Caps(day_money=0.0)):
        with pytest.raises(BudgetError):
            use(Budget(state, caps), NOTHING)
    use(Budget(state, Caps(proposal_money=0.0, day_money=0.0)), NOTHING, price=Price(prompt=0.0, completion=0.0))


def test_an_unknown_price_is_counted_in_tokens(state):
    budget = Budget(state, Caps(day_money=0.0))
    assert budget.worst(ASK, None).money is None
    assert budget.worst(ASK, Price(prompt=1.0, completion=1.0, currency="EUR")).money is None
    use(budget, Cost(prompt_tokens=3, completion_tokens=4), price=None)
    assert budget.used_today() == Cost(prompt_tokens=3, completion_tokens=4, money=0.0)


def test_a_failed_call_costs_nothing_unless_an_answer_had_begun(state):
    budget = Budget(state, Caps())
    for error in (HostRefused("x"), StreamCut("x", started=False)):
        with pytest.raises(type(error)), budget.charge(ASK, PRICE, NOTHING):
            raise error
    assert budget.used_today() == NOTHING
    for number, error in enumerate((StreamCut("x", started=True), AnswerTimedOut("x"), KeyboardInterrupt()), start=1):
        with pytest.raises(type(error)), budget.charge(ASK, PRICE, NOTHING):
            raise error
        assert budget.used_today().completion_tokens == 1000 * number


def test_threads_do_not_lose_a_charge(state):
    budget = Budget(state, Caps())
    cost = Cost(prompt_tokens=1, completion_tokens=1, money=0.0)
    threads = [threading.Thread(target=use, args=(budget, cost)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget.used_today() == Cost(prompt_tokens=8, completion_tokens=8, money=0.0)


@pytest.mark.parametrize("damage", ["{", json.dumps({"prompt_tokens": "many"}), json.dumps({"money": 5})])
def test_a_damaged_account_allows_nothing(state, damage):
    budget = Budget(state, Caps(), clock=lambda: DAY)
    use(budget, NOTHING)
    held = {**json.loads(state.read("budget.json")), **json.loads(damage)} if damage != "{" else None
    state.path("budget.json").write_text(damage if held is None else json.dumps(held))
    with pytest.raises(StateError):
        use(budget, NOTHING)
