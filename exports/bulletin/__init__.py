"""The weekly bulletin: page, PDF, pictures and message, all of the controlled class and all from one content.

`files` makes them, `check` reads the finished files back. Both want the facts of the controlled class.
"""

from exports.bulletin.making import content, files
from exports.bulletin.reading import check

__all__ = ["check", "content", "files"]
