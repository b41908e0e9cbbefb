"""llama.cpp in a child process: the embedded engine."""
