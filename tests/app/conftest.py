"""Makes the driver of the app a fixture of all tests here."""

from app_driver import drive

__all__ = ["drive"]
