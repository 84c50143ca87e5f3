"""How far the reading of a prompt is, as one row of text."""

from __future__ import annotations

_CELLS = 12


def reading_texts(done: int, total: int, cached: int) -> tuple[str, ...]:
    """Tokens read, from the cache and left, with a bar of all three; the fullest text first.

    `done` holds the cached ones too, as engines count.
    """
    if total <= 0:
        return ("reading",)
    done = min(done, total)
    cached = min(cached, done)
    from_cache = _CELLS * cached // total
    read = _CELLS * done // total - from_cache
    bar = f"{'▒' * from_cache}{'█' * read}{'░' * (_CELLS - from_cache - read)}"
    return (
        f"reading {bar} {done - cached:,} read, {cached:,} from cache, {total - done:,} left",
        f"reading {bar} {done:,}/{total:,}",
        f"reading {100 * done // total}%",
    )
