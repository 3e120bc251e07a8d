"""One object at a time: edits by hand, review and measurements."""
