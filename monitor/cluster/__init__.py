"""The same week on an existing Dask cluster: how it is reached, what its workers may know, where they share files.

Dask is an extra and is imported inside functions: whoever stays on one machine never needs it.
"""
