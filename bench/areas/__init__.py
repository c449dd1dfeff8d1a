"""What is measured, area by area: each module has ``measure(registry) -> Iterator[Measure]``, or ``alone()`` without a registry."""
