"""Erasing a person: who it is, what the store keeps, crawl directories, files that went out, and all of it in order."""
