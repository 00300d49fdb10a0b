"""A list of businesses from an office becomes a part of a dated registry snapshot, and is read back as one table."""
