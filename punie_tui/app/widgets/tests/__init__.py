"""Widgets of the tests screen: what is known of each test, its rows, the report of one, and what runs and changes."""
