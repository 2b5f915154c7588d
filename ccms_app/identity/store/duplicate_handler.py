"""Pairs of probable duplicates through merges, undoing, erasure and export."""

from __future__ import annotations

from ccms_app.customer_handler import Nothing

from . import duplicates, match_memory, match_words


class Handler(Nothing):
	"""Answers for CCMS Duplicate Pair."""

	doctypes = (duplicates.DOCTYPE,)
	restored = ((duplicates.DOCTYPE, "customer_a"), (duplicates.DOCTYPE, "customer_b"))

	def export(self, customer: str) -> dict[str, list[dict]]:
		"""That a customer was taken for another, without telling for whom."""
		rows = [
			{
				"score": row["score"],
				"certainty": row["certainty"],
				"status": row["status"],
				"found_on": str(row["found_on"]),
				"evidence": match_words.sentence(row["evidence"]),
			}
			for row in duplicates.of_customer(customer)
		]
		return {duplicates.DOCTYPE: rows} if rows else {}

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		match_memory.forget()  # hashes alone, but of all that was known
		found = duplicates.forget(customer) + (duplicates.forget(erased_as) if erased_as else 0)
		return {duplicates.DOCTYPE: found} if found else {}

	def merged(self, source: str, target: str) -> None:
		duplicates.merged(target)
