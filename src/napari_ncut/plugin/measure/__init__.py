"""The dock Measure: a table of objects."""
