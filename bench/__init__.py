"""What the registry costs, measured beside the bare thing it could be at best, in one run: ``make bench``.

Machines differ and are shared, so a figure alone says little: what is stated is the ratio of two things done in turn, the
registry's and a reference without it (a hand-written query, ``executemany`` of the same rows, a Flask view with one query).
"""
