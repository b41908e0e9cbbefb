"""Test images whose right answer is known, asking about them and judging the answers."""
