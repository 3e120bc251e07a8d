"""The dock See why: the plots behind a result."""
