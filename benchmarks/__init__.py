"""What the kit costs and gets right, beside named peers: `python -m benchmarks.corpus`, see README.md."""
