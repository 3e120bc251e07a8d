"""One object or several: what is known of parts, what was learned of it, and what follows."""
