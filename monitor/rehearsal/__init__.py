"""Weeks of the service in minutes, on the sandbox: a world that moves, trouble on purpose, and what staff were told."""
