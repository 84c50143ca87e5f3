"""What a proposal does to types, lint and tests, found on a copy of the tree."""
