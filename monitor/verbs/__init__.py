"""The verbs of the command line, one file each; part of the roof, so they may import everything below."""
