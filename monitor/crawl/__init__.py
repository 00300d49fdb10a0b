"""Crawl directories, how a crawl is run as a process of its own and watched, and how its directory is read back."""
