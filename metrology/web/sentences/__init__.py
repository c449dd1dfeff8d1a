"""Sentences of problem codes, by area: each module has ``SENTENCES: dict[str, LazyString]``."""
