"""Garbage is found between turns, also what outlived an earlier look."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from punie_tui.app.collector import Collector


class Knot:
    """Refers to itself, so that only the collector ends it."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def collection_of_others() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_was_kept_once_is_looked_at_again_later() -> None:
    collector = Collector()
    collector.begin()
    young, old = Knot(), Knot()
    is_young_there, is_old_there = weakref.ref(young), weakref.ref(old)
    del young
    collector.look()
    assert is_young_there() is None
    del old
    collector.look()
    assert is_old_there() is not None
    for _ in range(20):
        collector.look()
    assert is_old_there() is None
