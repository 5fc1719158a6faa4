"""The browser in which the pages are tested."""

import os

import pytest
from browsing import CHROMIUM, watched


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="the package playwright drives the browser")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser):
    """Return a function that opens a page."""
    with watched(browser) as open_page:
        yield open_page
