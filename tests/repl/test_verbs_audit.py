"""What happened, as it is listed."""

from __future__ import annotations


def test_events_of_a_plugin_that_there_never_was_are_17(proposed):
    assert proposed.json("audit", "log", "--plugin", "nosuch", code=17)["error"]["id"] == "nosuch"
    kinds = [event["kind"] for event in proposed.json("audit", "log", "--plugin", "text-stats")["events"]]
    assert kinds == ["judged"]
