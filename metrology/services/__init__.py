"""WORK: one function per thing someone does; each flushes, the caller commits once."""
