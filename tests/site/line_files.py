"""The Parquet files of invoice lines, as tests make and look at them."""

import frappe
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ccms_app.behaviour.lines import SCHEMA
from ccms_app.behaviour.store import extract, files

from .factories import COMPANY


def read(company: str = COMPANY, **options) -> extract.Extraction:
	"""Extract what is committed."""
	frappe.db.commit()
	return extract.extract(company, **options)


def tables(company: str = COMPANY) -> list[pa.Table]:
	"""The lines by month."""
	found = [
		pq.read_table(files.folder(company) / known["file"])
		for known in files.read(company)["months"].values()
	]
	assert all(table.schema.equals(SCHEMA) for table in found)
	return found


def lines_of(customer, company: str = COMPANY) -> list[dict]:
	"""The lines of a customer in the files, by invoice and item."""
	rows = []
	for table in tables(company):
		rows += table.filter(pc.equal(table["customer"], customer.name)).to_pylist()
	return sorted(rows, key=lambda row: (row["day"], row["invoice"], row["item"]))


def everything(company: str = COMPANY) -> pa.Table:
	"""All lines in the files, by day, document and line."""
	found = pa.concat_tables(tables(company))
	return found.sort_by([(name, "ascending") for name in ("day", "voucher_type", "invoice", "line")])
