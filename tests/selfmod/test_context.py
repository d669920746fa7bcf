from __future__ import annotations

from dataclasses import replace

from selfmod.context import API_TOKENS, api, gather, rejections
from selfmod.models.tokens import estimate
from selfmod.proposal import Proposal
from selfmod.spec import Spec
from selfmod.store import Store


def test_the_sdk_comes_only_where_something_of_the_outside_is_allowed():
    assert api(Spec(text="count words")) == ""
    text = api(Spec(text="fetch a page over http", allow=("network:example.org:443",)))
    assert "http" in text
    assert "def get" in text
    assert estimate(text) <= API_TOKENS


def rejected(text, reason, state="rejected"):
    return Proposal(id="P-1", spec=Spec(text=text), state=state, reason=reason)


def test_reasons_of_rejections_of_the_like():
    earlier = (
        rejected("count the words of a text", "counted digits"),
        rejected("draw a picture of cats", "ugly"),
        rejected("count all words in texts", "too slow"),
        rejected("count the words of a text", "counted digits"),
        rejected("count words quickly", "", "rejected"),
        rejected("count words", "no reason to tell", "refused"),
    )
    assert rejections(Spec(text="count the words"), earlier) == ("counted digits", "too slow")
    assert rejections(Spec(text=""), earlier) == ()
    many = tuple(replace(earlier[0], reason=str(number)) for number in range(9))
    assert rejections(Spec(text="count the words"), many) == ("8", "7", "6")


def test_all_of_it_together(state, tmp_path):
    store = Store(state, tmp_path)
    made = store.create(Spec(text="count the words"))
    store.save(replace(made, state="rejected", reason="why"))
    material = gather(Spec(text="count the words"), store=store, previous=None, texts=("more",), cache=None)
    assert (material.api, material.rejections, material.texts, material.previous) == ("", ("why",), ("more",), None)
