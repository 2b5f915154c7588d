"""DuckDB and Spark: the same expressions, the same figures (exact on whole numbers, dates and text).

Spark's session runs in New York's time zone all the while: what the shop's clock showed must not move.
"""

import sys
import warnings

import pandas as pd
import pyarrow.parquet as pq
import pytest

from ccms_app.behaviour import orders
from ccms_app.behaviour.engine import Engine, EngineError
from ccms_app.behaviour.features import COLUMNS, compute
from ccms_app.behaviour.lines import SCHEMA, from_facts
from ccms_app.behaviour.settings import Settings
from ccms_app.facts.files import check
from ccms_app.scoring.score import score
from tests.unit import made_purchases, test_score

LINES = 100_000
SETTINGS = Settings(max_invoices_a_day=2)
# New York, and what makes Spark answer small questions sooner
SESSION = {
	"spark.sql.session.timeZone": "America/New_York",
	"spark.sql.shuffle.partitions": "1",
	"spark.sql.adaptive.enabled": "false",
	"spark.sql.codegen.wholeStage": "false",
}
FLOATS = {"rtol": 1e-9, "atol": 1e-9}


@pytest.fixture(scope="module")
def made() -> pd.DataFrame:
	return made_purchases.purchases(LINES * 11 // 10)


@pytest.fixture(scope="module")
def files(made, tmp_path_factory):
	"""The lines as a site keeps them: a Parquet file a month."""
	folder = tmp_path_factory.mktemp("lines")
	for month, part in made.groupby(made["posted_at"].dt.strftime("%Y-%m")):
		pq.write_table(made_purchases.table(part), folder / f"{month}.parquet")
	return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def duckdb(files):
	with Engine("duckdb") as engine:
		lines = engine.lines(files)
		yield {
			"features": compute(engine, lines, made_purchases.AS_OF, SETTINGS),
			**{name: rows(engine, what, lines) for name, what in TABLES.items()},
		}


@pytest.fixture(scope="module")
def spark():
	try:
		engine = Engine("spark", "local[2]", config=SESSION)
	except EngineError as error:
		reason = f"SPARK IS NOT TESTED: {error}"
		print(f"\n{reason}", file=sys.__stderr__)
		warnings.warn(reason, stacklevel=1)
		pytest.skip(reason)
	with engine:
		yield engine


TABLES = {"orders": orders.orders, "daily": orders.daily, "left out": orders.left_out}


def rows(engine: Engine, what, lines) -> pd.DataFrame:
	with engine.keeping() as keep:
		found = engine.frame(what(lines, made_purchases.AS_OF, SETTINGS, keep))
	return found.sort_values(list(found.columns[:7]), ignore_index=True)


def test_the_made_lines_hold_what_is_hard(made, duckdb):
	assert len(made) >= LINES
	assert made["brand"].isna().any() and (made["qty"] == 0).any() and made["is_return"].any()
	features = duckdb["features"]
	assert (features["orders"] == 1).mean() > 0.1
	assert (features["orders"] == 0).any()
	assert len(duckdb["left out"]) > 3
	assert features[[name for name in COLUMNS if name != "company_gap"]].nunique(dropna=False).min() > 1
	assert (features["returned_365"] > 0).any() and features["return_rate"].max() == 1


def test_features_agree(duckdb, spark, files):
	found = compute(spark, spark.lines(files), made_purchases.AS_OF, SETTINGS)
	pd.testing.assert_frame_equal(found, duckdb["features"], **FLOATS)


@pytest.mark.parametrize("name", TABLES)
def test_orders_agree(duckdb, spark, files, name):
	found = rows(spark, TABLES[name], spark.lines(files))
	pd.testing.assert_frame_equal(found, duckdb[name], **FLOATS)


def test_scores_agree(spark):
	lines = from_facts(check(test_score.world(200), "test"))
	with Engine() as engine:
		wanted = score(engine, engine.lines(lines), test_score.AS_OF, 90, SETTINGS)
	found = score(spark, spark.lines(lines), test_score.AS_OF, 90, SETTINGS)
	assert len(wanted.scores) > 100 and wanted.scores["churn_probability"].nunique() > 20
	pd.testing.assert_frame_equal(found.scores, wanted.scores, **FLOATS)


def test_times_come_from_memory_and_back_as_they_were(spark, made):
	session = spark.backend._session
	assert session.conf.get("spark.sql.session.timeZone") == "America/New_York"
	found = spark.frame(spark.lines(made_purchases.table(made[:500])).order_by("line"))
	expected = made[:500].sort_values("line", ignore_index=True)[SCHEMA.names]
	assert found["posted_at"].tolist() == expected["posted_at"].tolist()
	assert found["day"].dt.date.tolist() == expected["day"].tolist()
