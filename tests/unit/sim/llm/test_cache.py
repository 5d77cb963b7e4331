from earshot.sim.llm.asking import Ask, Part
from earshot.sim.llm.cache import PromptCache
from earshot.sim.llm.catalogue import Tokens, catalogue


def _ask(*parts: Part, model: str = "gpt-6-luna", implicit: bool = False, key: str = "") -> Ask:
    return Ask(model=catalogue()[model], instructions="", content="", parts=parts, implicit=implicit, cache_key=key)


def _take(cache: PromptCache, ask: Ask, *counts: int, now: float, takes: float = 1.0) -> Tokens:
    return cache.take(ask, list(counts), now=now, ready=now + takes)


RULES, TALK = Part("rules", life=1800), Part("talk")


def test_requests_sent_together_all_write() -> None:
    cache = PromptCache(1024)
    assert _take(cache, _ask(RULES, TALK), 2000, 100, now=0) == Tokens(input=100, write=2000)
    assert _take(cache, _ask(RULES, TALK), 2000, 100, now=0.5) == Tokens(input=100, write=2000)
    assert _take(cache, _ask(RULES, TALK), 2000, 100, now=1) == Tokens(input=100, read=2000)


def test_reading_renews_the_life() -> None:
    cache = PromptCache(1024)
    _take(cache, _ask(RULES), 2000, now=0)
    assert _take(cache, _ask(RULES), 2000, now=1800) == Tokens(read=2000)
    assert _take(cache, _ask(RULES), 2000, now=3500) == Tokens(read=2000)
    assert _take(cache, _ask(RULES), 2000, now=5301) == Tokens(write=2000)


def test_another_model_key_or_text_does_not_hit() -> None:
    cache = PromptCache(1024)
    _take(cache, _ask(RULES), 2000, now=0)
    assert _take(cache, _ask(RULES, model="gpt-6.1-terra"), 2000, now=5).write == 2000
    assert _take(cache, _ask(RULES, key="k"), 2000, now=5).write == 2000
    assert _take(cache, _ask(Part("rules!", life=1800)), 2000, now=5).write == 2000


def test_lives_are_charged_apart_and_short_prefixes_not_at_all() -> None:
    cache = PromptCache(1024)
    ask = _ask(Part("a", life=43_200), Part("b", life=1800), TALK)
    assert _take(cache, ask, 1500, 300, 50, now=0) == Tokens(input=50, write_long=1500, write=300)
    assert _take(PromptCache(1024), _ask(RULES, TALK), 1000, 500, now=0) == Tokens(input=1500)


def test_old_models_write_for_nothing() -> None:
    cache = PromptCache(1024)
    ask = _ask(RULES, TALK, model="gpt-4o-mini", implicit=True)
    assert _take(cache, ask, 2000, 100, now=0) == Tokens(input=2100)
    assert _take(cache, ask, 2000, 100, now=2) == Tokens(read=2100)


def test_an_implicit_breakpoint_lies_at_the_end_but_the_common_beginning_is_found() -> None:
    cache = PromptCache(1024)
    rules = Part("rules")
    _take(cache, _ask(rules, Part("one"), implicit=True), 2000, 100, now=0)
    got = _take(cache, _ask(rules, Part("two"), implicit=True), 2000, 100, now=2)
    assert got == Tokens(read=2000, write=100)
