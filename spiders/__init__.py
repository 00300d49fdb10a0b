"""One spider per marketplace: only requests and reading."""
