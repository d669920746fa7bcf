"""`gate bench`: the gate's own error rate, on candidates whose right verdict is known."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from plugins.errors import NotFoundError, UsageError
from repl.answer import Answer

if TYPE_CHECKING:
    from repl.render import Screen
    from repl.session import Session
    from selfmod.gate.bench import Tried


def bench(session: Session, arguments: Namespace) -> Answer:
    """Judge the corpus and count the mistakes."""
    from selfmod.gate.bench import NoCorpus, run_bench

    attempts = 1 if arguments.attempts is None else arguments.attempts
    if not 1 <= attempts <= 100:
        raise UsageError("--attempts is 1 to 100")

    def told(tried: Tried) -> None:
        verdict = "WRONG" if tried.wrong else "ok"
        session.progress.say(f"{verdict:<6} {tried.kind:<5} {tried.category:<20} {tried.name}  {tried.seconds:.2f} s")

    try:
        found = run_bench(session.sandbox, held_back=arguments.held_back, attempts=attempts, on_case=told)
    except NoCorpus as error:
        raise NotFoundError(str(error)) from error
    payload = found.to_json()
    return Answer(payload=payload, show=lambda screen: _show(screen, payload))


def _show(screen: Screen, figures: dict[str, Any]) -> None:
    caught, refused = figures["caught"], figures["false_refusals"]
    rows = [["known-bad refused", *_rate(caught)], *_part("", caught["categories"])]
    rows += [["known-good refused", *_rate(refused)], *_part("by ", refused["stages"]), *_part("by ", refused["rules"])]
    rows += _part("that reach for ", refused["reaches"])
    screen.table(["", "of", "rate", "95 % interval"], rows)
    times = figures["seconds"]
    screen.line(f"Time of a good one: p50 {times['p50']:.2f} s, p95 {times['p95']:.2f} s")
    for count, rate in figures["false_acceptance_after"].items():
        screen.line(f"A bad one gets through {count} different attempts: at most {rate['high']:.1%}")
    for wrong in figures["wrong"]:
        verdict = "accepted" if wrong["accepted"] else f"refused by {', '.join(wrong['rules'])}"
        screen.line(("wrong: ", "bold red"), f"{wrong['category']} {wrong['name']}: {verdict}")


def _part(word: str, rates: dict[str, Any]) -> list[list[str]]:
    return [[f"  {word}{name}", *_rate(rate)] for name, rate in rates.items()]


def _rate(rate: dict[str, Any]) -> list[str]:
    return [f"{rate['hits']} of {rate['of']}", f"{rate['rate']:.1%}", f"{rate['low']:.1%} to {rate['high']:.1%}"]
