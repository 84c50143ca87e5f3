"""The embedded model: its weights, how it is spoken to, and what it can say."""

from pathlib import Path

MODEL_DIRECTORY: Path = Path(__file__).parent / "model"
