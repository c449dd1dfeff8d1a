"""The rules of legal metrology: values, limits, verdicts, dates. No clock, no input or output, no framework."""
