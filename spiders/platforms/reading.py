"""One answer of any shop software into a page: told by its address, else by its shape."""

from monitor.reading import Answer, Page
from spiders.platforms import detect, markup, saved, sitemap


def read(page: Page, answer: Answer) -> bool:
    """Fill the page; False where the answer is of no known kind. Raises InputError where it is no whole document."""
    if sitemap.read_robots(page, answer):
        return True
    if sitemap.is_sitemap(answer):
        return sitemap.read_sitemap(page, answer)
    if answer.looks_like_html:
        return markup.read(page, answer)
    document = answer.json()
    if any(software.read(page, answer, document) for software in detect.KNOWN.values()):
        return True
    if answer.is_saved and saved.read(page, document):
        return True
    if isinstance(document, dict) and "namespaces" in document:
        page.kind, page.next["platform"] = "api_index", detect.of_api_index(document)
        return True
    return False
