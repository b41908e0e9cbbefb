"""What a chat template does with contents that its user would not expect."""
