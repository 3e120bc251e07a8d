"""The dock Correct: objects cut, merged and deleted by hand."""
