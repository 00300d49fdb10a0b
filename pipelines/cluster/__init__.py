"""The stages of a week on an existing Dask cluster: which piece of work goes to which worker, and what joins them.

Nothing is decided here. Workers run the functions of `pipelines/linkage/` and share files; Dask is imported inside
functions.
"""
