"""What can go wrong at a marketplace, on request.

Written `kind` or `kind:key=value,...`, as in `429:retry_after=2,times=1` or `empty:after=3`.
"""

from dataclasses import dataclass, fields, replace

from monitor.errors import UsageError

KINDS = {
    "none": "answers as usual",
    "refuse": "the marketplace's own refusal page",
    "429": "too many requests, with Retry-After",
    "empty": "lists end without saying so",
    "5xx": "server error 503",
    "cut": "answers whose text is cut in half",
    "drop": "connections that end in the middle of an answer",
    "slow": "answers that take `seconds` longer",
}


@dataclass(frozen=True)
class Fault:
    """after: requests answered as usual before it begins; times: requests it then hits, None for all that follow."""

    kind: str = "none"
    after: int = 0
    times: int | None = None
    retry_after: int = 1
    seconds: float = 1.0

    def hits(self, number: int) -> bool:
        """Whether it meets the request with this number, counted from 0 since the fault was set."""
        if self.kind == "none" or number < self.after:
            return False
        return self.times is None or number < self.after + self.times


def read_fault(text: str) -> Fault:
    """The fault of a text like `429:times=1`. Raises UsageError."""
    kind, _, options = text.partition(":")
    if kind not in KINDS:
        raise UsageError(f"Unknown fault '{kind}'; known are {', '.join(KINDS)}.")
    fault = Fault(kind)
    known = {item.name for item in fields(Fault)} - {"kind"}
    for option in filter(None, options.split(",")):
        key, _, value = option.partition("=")
        if key not in known:
            raise UsageError(f"Unknown option '{key}' in fault '{text}'; known are {', '.join(sorted(known))}.")
        try:
            fault = replace(fault, **{key: float(value) if key == "seconds" else int(value)})  # type: ignore[arg-type]
        except ValueError:
            raise UsageError(f"Option '{key}' in fault '{text}' needs a number.") from None
    return fault
