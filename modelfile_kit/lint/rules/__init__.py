"""The rules, one a file; each file's name is the rule's name."""
