"""Parts of benchmarks/results.py."""
