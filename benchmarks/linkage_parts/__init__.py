"""What benchmarks/linkage.py is made of: the world kept apart, the measures, the pictures."""
