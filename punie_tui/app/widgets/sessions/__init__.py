"""Lists of sessions and of their turns."""
