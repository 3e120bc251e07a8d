"""Whole runs: stacks and movies, recipes and presets."""
