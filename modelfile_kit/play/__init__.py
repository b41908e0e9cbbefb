"""A local page on which a conversation is typed and its prompts, tokens and reply are seen at once."""
