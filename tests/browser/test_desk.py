"""The desk opens for the people who use it."""

import pytest

from tests.browser.conftest import DEVICES
from tests.site.world import MANAGER


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("language", ("en", "zh"))
def test_a_manager_opens_the_programmes(desk, look, language, device):
	page = desk(MANAGER, language=language, device=device)
	page.goto("/app/ccms-loyalty-program")
	page.wait_for_selector(".frappe-list", state="visible")
	assert page.evaluate("frappe.boot.lang") == language
	look(page, f"programmes-{language}-{device}")
