"""The exact evaluator: step by step as Go executes a template."""
