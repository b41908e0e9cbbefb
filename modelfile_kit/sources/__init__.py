"""Where models are kept elsewhere, and the names that lead there."""
