"""PLANNING: choosing days and teams for visits."""
