"""The peers of the benchmarks: how they are fetched and asked."""
