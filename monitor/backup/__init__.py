"""Copies of everything that cannot be made again: both stores, crawl directories, files that people handed in.

Encrypted in the age format (the `age` program opens them too). Keys are never in a backup; they are kept apart.
"""
