"""NIGHT: the ticker and its work; each piece safe to run twice and by two processes."""
