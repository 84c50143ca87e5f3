"""Widgets of the findings screen: what the checkers found, filtered and grouped."""
