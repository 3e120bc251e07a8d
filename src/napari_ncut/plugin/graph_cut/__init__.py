"""The dock Graph cut: choose layers, turn the settings, see the result follow, keep it."""
