"""A request that is refused: it says why, is rolled back as every failed request is, and leaves no trace."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
import pytest

from .ledger_checks import snapshot


@contextmanager
def raises_refusal(
	message: str = "", error: type[Exception] | tuple = frappe.ValidationError
) -> Iterator[None]:
	"""`with raises_refusal("Only 5 points"): …`; points are as before, and so is everything else after the rollback."""
	before = snapshot()
	frappe.db.savepoint("refused")
	with pytest.raises(error, match=message or None):
		yield
	frappe.db.rollback(save_point="refused")
	frappe.clear_messages()
	assert snapshot() == before
