"""The data that a Next.js page carries: the object in `script#__NEXT_DATA__`, or the same as the site's JSON route."""

import json
from typing import Any

from parsel import Selector

from monitor.errors import InputError
from monitor.reading import Answer, has, maybe


def next_data(answer: Answer) -> Any:
    """The page's object, None where an HTML page carries none. Raises InputError where it is cut short."""
    if not answer.looks_like_html:
        return answer.json()
    if b"__NEXT_DATA__" not in answer.body:
        return None
    text = Selector(text=answer.text, type="html").css("script#__NEXT_DATA__::text").get()
    if text is None:
        return None
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InputError("the page's data are cut short") from None


def _refuse_constant(text: str) -> Any:
    raise ValueError(text)


def is_not_found(answer: Answer) -> bool:
    """Whether it is the site's own "not found", as its software writes it: 404 alone was also met as a refusal."""
    if answer.status != 404 or not answer.looks_like_html:
        return False
    try:
        return maybe(next_data(answer), "page") in ("/404", "/_error")
    except InputError:
        return False


def page_props(document: Any) -> Any:
    """`pageProps` of a page (`props.pageProps`) or of a JSON route (`pageProps`); None where there are none."""
    if has(document, "props", "pageProps"):
        return document["props"]["pageProps"]
    return document["pageProps"] if has(document, "pageProps") else None
