"""Score runs on the desk: started from the list, how accurate they were, and the settings they obey."""

import re

import frappe
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settle
from tests.site.scored import RUN, Shop
from tests.site.world import MANAGER, SELLER

CALIBRATION = {
	"deciles": [{"customers": 20, "predicted": number / 10, "observed": number / 11} for number in range(10)]
}
METRICS = [
	("churn", "BG/NBD", "champion", "auc", 0.763, {}),
	("churn", "BG/NBD", "champion", "brier", 0.141, {}),
	("churn", "BG/NBD", "champion", "calibration", 0.04, CALIBRATION),
	("churn", "Base rate", "baseline", "auc", 0.5, {}),
	("churn", "Base rate", "baseline", "brier", 0.17, {}),
	("revenue", "Gamma-Gamma", "champion", "mae", 41.5, {}),
	("revenue", "Gamma-Gamma", "champion", "coverage", 0.81, {}),
]


@pytest.fixture(scope="module")
def run(site):
	"""A published run, with the figures of a back-test that so few customers do not give."""
	shop = Shop()
	shop.buyers([100, 70, 40, 10], [300])
	doc = shop.score()
	doc.set("metrics", [])
	for target, model, role, metric, value, detail in METRICS:
		row = {"target": target, "model": model, "role": role, "metric": metric, "value": value}
		doc.append("metrics", {**row, "cut_off": "2026-08-01", "detail": frappe.as_json(detail)})
	doc.flags.from_scoring = True
	doc.save()
	frappe.db.commit()
	yield doc
	shop.empty()


@pytest.mark.parametrize(("language", "device"), [("en", "desktop"), ("zh", "phone")])
def test_a_run_shows_its_accuracy_beside_the_baselines(desk, look, run, language, device):
	page = desk(MANAGER, language=language, device=device)
	page.goto(f"/app/ccms-score-run/{run.name}")
	table = page.locator("[data-fieldname='accuracy_html'] table").first
	expect(table.locator("tbody tr, > tr")).to_have_count(2)
	expect(table.locator("tr.font-weight-bold")).to_contain_text("BG/NBD")
	expect(page.locator("[data-fieldname='accuracy_html'] svg.frappe-chart")).to_be_visible()
	look(page, f"score-run-{language}-{device}")


def test_a_manager_scores_now_from_the_list(desk, look, run):
	page = desk(MANAGER)
	page.goto("/app/ccms-score-run")
	page.locator(".frappe-list").wait_for()
	settle(page)
	look(page, "score-runs")
	page.get_by_role("button", name="Score Now").first.click()
	dialog = page.locator(".modal.show")
	dialog.locator("[data-fieldname='company'] input").fill(run.company)
	dialog.locator("[data-fieldname='company'] input").press("Tab")
	dialog.get_by_role("button", name="Score Now").click()
	page.wait_for_url(re.compile(r"/app/ccms-score-run/SR-\d+"))
	expect(page.locator(".form-dashboard")).to_contain_text("Waiting for a background worker")
	look(page, "score-run-waiting")
	frappe.db.rollback()
	assert frappe.get_last_doc(RUN, {"company": run.company}).status == "Queued"


def test_a_seller_reads_scores_and_finds_no_button(desk, look, run):
	page = desk(SELLER)
	page.goto(f"/app/ccms-customer-score?company={run.company}")
	expect(page.locator(".result .list-row-container").filter(has_text="High Risk")).to_contain_text("Lost")
	look(page, "customer-scores")


def test_the_settings_say_what_was_scored(desk, look, run):
	page = desk(MANAGER)
	page.goto("/app/ccms-settings")
	page.get_by_role("tab", name="Behaviour").click()
	expect(page.locator("[data-fieldname='scoring_html']")).to_contain_text(run.company)
	expect(page.locator("[data-fieldname='horizon'] input")).to_have_value("90")
	expect(page.locator("[data-fieldname='rfm_groups'] .grid-body")).to_contain_text("Champions")
	look(page, "settings-behaviour")
