"""The region of the screen where changes are reviewed."""
