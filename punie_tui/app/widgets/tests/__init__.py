"""Widgets of the tests screen: what is known of each test, its rows, and the report of one."""
