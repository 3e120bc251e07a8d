"""Settings, progress, checks of arguments, threads: what every room stands on."""
