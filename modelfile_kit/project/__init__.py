"""A project's folder: its configuration, and which of its files a command is to look at."""
