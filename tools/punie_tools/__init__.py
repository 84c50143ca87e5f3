"""Typed tools on a working tree, usable without the app."""
