"""Let another model answer from the next turn on."""

from __future__ import annotations

from punie_tui.agent.session import Session
from punie_tui.engine.open_engine import open_engine


def change_model(session: Session, model: str) -> None:
    """Open it, and only when it could reply close the one before. Not while a turn runs; may take a while.

    Raises EngineError, and then the one before answers as it did.
    """
    settings = session.settings
    engine = open_engine(model, route_above=settings.route_above if settings.route_first else None)
    try:
        engine.start()
        engine.check()
    except BaseException:
        engine.close()
        raise
    session.change_engine(engine, model)
