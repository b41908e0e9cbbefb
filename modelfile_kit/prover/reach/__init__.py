"""Which branches of a chat template can conversations of a kind reach? Abstract interpretation of Jinja."""
