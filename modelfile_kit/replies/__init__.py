"""The model's replies: what they look like, how they end, and whether Ollama reads them back."""
