"""Score Accuracy: the published model beside what was tried and beside plain rules, and how it did in earlier runs."""

import json

import frappe
import pytest
from frappe.utils import add_days, nowdate
from pytest import approx

from ccms_app.scoring.store import runs
from tests.site import shop
from tests.site.reports import Report
from tests.site.world import ANALYST, SELLER

NAME = "Score Accuracy"
DECILES = [{"customers": 30, "predicted": 0.1 * place, "observed": 0.1 * place + 0.02} for place in range(10)]


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def measured(run: str, *figures: tuple) -> None:
	"""figures: (target, model, role, metric, value)."""
	doc = frappe.get_doc(runs.DOCTYPE, run)
	doc.set("metrics", [])
	for target, model, role, metric, value in figures:
		detail = {"deciles": DECILES} if metric == "calibration" else {}
		doc.append(
			"metrics",
			{
				"target": target,
				"model": model,
				"role": role,
				"metric": metric,
				"value": value,
				"detail": json.dumps(detail),
				"cut_off": add_days(nowdate(), -90),
			},
		)
	doc.flags.from_scoring = True
	doc.flags.ignore_links = True
	doc.save(ignore_permissions=True)


CHURN = (
	("churn", "Recency", "baseline", "auc", 0.703),
	("churn", "BG/NBD", "candidate", "auc", 0.738),
	("churn", "Logistic regression", "champion", "auc", 0.765),
	("churn", "Logistic regression", "champion", "brier", 0.171),
	("churn", "Base rate", "baseline", "auc", 0.5),
	("churn", "Base rate", "baseline", "brier", 0.24),
	("churn", "Recency", "baseline", "brier", 0.19),
	("churn", "Logistic regression", "champion", "top_decile", 0.214),
	("churn", "Logistic regression", "champion", "calibration", 0.021),
	("revenue", "Gamma-Gamma", "champion", "mae", 210.5),
	("revenue", "Run rate", "baseline", "mae", 260),
	("revenue", "Gamma-Gamma", "champion", "coverage", 0.81),
)


def test_the_published_model_stands_first_and_plain_rules_last(company):
	measured(runs.published(company), *CHURN)
	report = Report(NAME, company=company)
	assert [row.role for row in report.rows] == ["Published", "Tried", "Plain rule", "Plain rule"]
	first = report.rows[0]
	assert (first.auc, first.brier, first.top_decile) == (0.765, 0.171, approx(21.4))
	assert report.rows[1].brier is None, "not measured is not 0"
	assert "76 of 100 cases; a plain rule does in 70" in report.message
	assert report.figures["AUC"] == "0.765" and "0.703" in report.cards["AUC"]
	assert "0.190" in report.cards["Brier"], "the better of the plain rules"


def test_calibration_by_tenths(company):
	measured(runs.published(company), *CHURN)
	picture = Report(NAME, company=company).picture
	assert picture.count("<tr") == 10
	assert "told 50 %" in picture and "came true 52 %" in picture and "30 customers" in picture


def test_another_prediction(company):
	measured(runs.published(company), *CHURN)
	report = Report(NAME, company=company, target="revenue")
	assert [row.model for row in report.rows] == ["Gamma-Gamma", "Run rate"]
	assert "260.00" in report.message and report.picture == ""
	assert report.rows[0].coverage == approx(81)
	with pytest.raises(frappe.ValidationError, match="must be one of"):
		Report(NAME, company=company, target="weather")


def test_the_runs_before_it(company):
	published = runs.published(company)
	frappe.db.delete("CCMS Score Metric", {"parent": ["!=", published]})
	for ago, value in ((2, 0.7), (1, 0.72)):
		name = runs.new(company)
		frappe.db.set_value(
			runs.DOCTYPE, name, {"status": "Completed", "data_cut": add_days(nowdate(), -ago)}
		)
		measured(name, ("churn", "BG/NBD", "champion", "auc", value))
	measured(published, *CHURN)
	report = Report(NAME, company=company)
	assert report.chart["data"]["datasets"][0]["values"] == [0.7, 0.72, 0.765]


def test_too_little_history_says_so(company):
	measured(runs.published(company))
	report = Report(NAME, company=company)
	assert report.rows == [] and "Not enough history" in report.message and "BG/NBD" in report.message


def test_who_reads_it(company, as_user):
	with as_user(ANALYST):
		Report(NAME, company=company)
	with as_user(SELLER), pytest.raises(frappe.PermissionError):
		Report(NAME, company=company)
