"""Makes the driver of the app a fixture of all tests here."""

import pytest
from app_driver import drive

__all__ = ["drive"]


@pytest.fixture(autouse=True)
def no_tmux_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test copies is not put into the tmux that the tests may be run in."""
    monkeypatch.delenv("TMUX", raising=False)


@pytest.fixture(autouse=True)
def reviews_are_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language server for each review would cost minutes; the tests of what it finds turn it on."""
    monkeypatch.setenv("PUNIE_CHECK_REVIEWS", "false")
