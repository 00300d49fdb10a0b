"""`monitor serve`: how things stand as pages that can only be read, on this machine, behind the office's own proxy.

Nothing personal is on them: counts, states, our own sentences, and of what marketplaces answered only words of a fixed
list (`monitor/covered.py`); of the reports only files of the controlled class (`reports.py`).
"""
