"""Small GGUF files shaped as those on hubs are, and what each command must say of them."""
