"""What several docks need; knows none of them."""
