"""What a person asks on an ordinary day; whether it is understood is no matter to the bench."""

from __future__ import annotations

REQUESTS = (
    "did anything change since my last commit?",
    "run the whole test suite for me",
    "just tests/test_ledger.py please",
    "where does Ledger.post get its rate from?",
    "who calls add_up?",
    "let me see lines 20 to 60 of src/shop/cart.py",
    "any type errors in src/shop?",
    "lint everything and repair what you can",
    "look for 'deprecated' in all markdown files",
    "the last seven commits, please",
    "who last touched src/shop/prices.py?",
    "what does the newest commit change?",
    "rename total_price to price_with_tax",
    "which python files do we have below tools?",
    "run only what failed last time",
    "stage src/shop/cart.py",
    "what's the outline of src/shop/orders.py?",
    "tidy up the formatting of tests",
    "find the class InvoiceWriter",
    "format src, then run the type checker on it",
)
