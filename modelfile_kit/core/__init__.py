"""What every room stands on: conversations, diagnostics, errors and files. It imports nothing of the kit."""
