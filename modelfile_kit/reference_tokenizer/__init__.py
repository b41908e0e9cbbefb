"""The tokenizer that a model was trained with, as the model's own files have it."""
