"""What leaves the project: office files, pages, tables."""
