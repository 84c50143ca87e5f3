"""What this machine can hold, and what a process has held."""

from __future__ import annotations

import subprocess
import sys

_LARGE = 200 << 20


def test_the_peak_of_a_process_is_its_own_and_not_that_of_the_one_that_started_it() -> None:
    held = bytearray(b"x") * _LARGE
    asked = "from punie_tui.engine.machine import peak_memory_bytes; print(peak_memory_bytes())"
    told = subprocess.run([sys.executable, "-P", "-c", asked], check=True, capture_output=True, text=True)
    assert 0 < int(told.stdout) < len(held)
