"""What can go wrong at a marketplace, on request.

Written `kind` or `kind:key=value,...`, as in `429:retry_after=2,times=1`, `rename:field=price` or `empty:after=3`.
What the kinds answer is in `monitor.sandbox.signs` (refusals), `monitor.sandbox.damage` (broken answers) and
`monitor.sandbox.repeats` (lists that do not end).
"""

from dataclasses import dataclass, fields, replace

from monitor.errors import UsageError

# Refusals as the fact sheets describe them; every site can be told to answer with any of them.
SIGNS = {
    "refuse": "the marketplace's own refusal page",
    "shopee_error": "error 90309999 in JSON (status=200 for the one that is easy to miss)",
    "shopee_verify": "redirect to a page that asks for a proof",
    "shell": "an empty page with a script in place of the answer",
    "lazada_header": "header bxpunish over an empty page",
    "lazada_cookie": "cookie x5secdata over an empty page",
    "lazada_flag": "rgv587_flag in JSON",
    "lazada_ret": "FAIL_SYS_USER_VALIDATE in JSON",
    "graphql_errors": "GraphQL errors with a null root",
    "akamai": "Akamai's Access Denied",
    "cloudflare": "Cloudflare's page that asks to wait",
    "probe": "GoFood's page that holds nothing but probe.js (status 202)",
    "hotspot": "login page of a hotspot, status 200",
}
ROBOTS = {
    "robots_refuse": "robots.txt allows nothing",
    "robots_fail": "robots.txt cannot be read (503)",
}
REPEATS = {
    "repeat": "every page of a list is its first page",
    "endless": "the same, and each says that more follow",
}
DAMAGES = {
    "cut": "answers whose text is cut in half",
    "invalid": "JSON with an error in its middle",
    "encoding": "answers in another encoding than they say",
    "rename": "the field `field` has another name",
    "retype": "the field `field` has another type",
    "bomb": "a small gzip that unpacks to `size` MB",
}
WIRE = {
    "none": "answers as usual",
    "429": "too many requests, with Retry-After",
    "5xx": "server error (503, or status=...)",
    "empty": "lists end without saying so",
    "drop": "connections that end in the middle of an answer",
    "reset": "connections that end before an answer",
    "down": "nobody listens (from the start of the server on)",
    "slow": "answers that take `seconds` longer",
    "drip": "answers whose bytes come over `seconds`",
    "big": "a page of `size` MB",
    "redirect": "redirect to=loopback, private or host",
}
KINDS = WIRE | SIGNS | ROBOTS | REPEATS | DAMAGES
_TARGETS = ("loopback", "private", "host")


@dataclass(frozen=True)
class Fault:
    """after: requests answered as usual before it begins; times: requests it then hits, None for all that follow.

    status: of the answer, 0 for the usual one. size: megabytes (1,000,000 bytes). field: "" lets the fault choose.
    """

    kind: str = "none"
    after: int = 0
    times: int | None = None
    retry_after: int = 1
    seconds: float = 1.0
    status: int = 0
    size: int = 200
    field: str = ""
    to: str = "loopback"

    def hits(self, number: int) -> bool:
        """Whether it meets the request with this number, counted from 0 since the fault was set."""
        if self.kind == "none" or number < self.after:
            return False
        return self.times is None or number < self.after + self.times


_TYPES = {"seconds": float, "field": str, "to": str}


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
            fault = replace(fault, **{key: _TYPES.get(key, int)(value)})
        except ValueError:
            raise UsageError(f"Option '{key}' in fault '{text}' needs a number.") from None
    if fault.to not in _TARGETS:
        raise UsageError(f"Option 'to' in fault '{text}' must be one of {', '.join(_TARGETS)}.")
    return fault
