"""Shared vocabulary, stores and front door of the monitor."""

__version__ = "0.1.0"
