"""MEMORY: the tables, and the questions asked of them."""
