"""Exceptions that a person may see; every one is a single sentence: what was wrong, where, what to do."""


class MonitorError(Exception):
    """The work failed (exit code 1). The message is shown to the user as it is."""

    exit_code = 1


class UsageError(MonitorError):
    """The program was asked wrongly: a bad argument, configuration key or missing input (exit code 2)."""

    exit_code = 2


class InputError(MonitorError):
    """A handed-over file cannot be used as a whole; the message names file, row and column where known."""


class StoreError(MonitorError):
    """A database or folder cannot be read or written (locked, no space, no permission, newer version)."""


class ClusterError(MonitorError):
    """A scheduler or its workers cannot be reached or used; the message names which, and what to mend."""
