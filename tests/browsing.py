"""A real browser without a network, in which pages are opened and watched."""

import shutil
from contextlib import contextmanager
from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def watched(browser):
    """Yield a function that opens a page; in the end, nothing was said on a console and nothing fetched elsewhere."""
    said, fetched, contexts = [], [], []

    def open_page(address, *, width=1200, online=False, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=not online, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        url = address.as_uri() if isinstance(address, Path) else address
        own = ("blob:", "data:", url.rpartition("/")[0] if online else url)
        page.on("request", lambda request: request.url.startswith(own) or fetched.append(request.url))
        page.goto(url)
        page.evaluate("ganKeras.ready.then(ganKeras.settled)")
        return page

    try:
        yield open_page
    finally:
        for context in contexts:
            context.close()
    assert (said, fetched) == ([], [])
