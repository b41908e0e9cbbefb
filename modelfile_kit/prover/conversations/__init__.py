"""Conversations that try every branch of a chat template, generated from the template itself."""
