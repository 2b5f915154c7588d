"""Finding duplicates: FEBRL, 100,000 made people, and 100 newcomers against 100,000.

Run as `python -m benchmarks.matching [records]`; needs no site. Memory is the whole process's, with the made people in it.
"""

from __future__ import annotations

import resource
import sys
from time import perf_counter, process_time

import numpy as np

from ccms_app.identity.matching.engine import Matcher
from ccms_app.identity.matching.model import CERTAIN, POSSIBLE
from ccms_app.identity.matching.prepare import prepare

from . import febrl, people
from .on_site import table

NEWCOMERS = 100


def main() -> None:
	"""Print a table for each claim."""
	count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
	made(count)
	newcomers(count)
	febrl.main()


def made(count: int) -> None:
	"""Everybody against everybody, from raw frames to scored pairs."""
	world = people.make(count)
	before = _memory()
	start, busy = perf_counter(), process_time()
	matcher = Matcher(prepare(world.records, world.identities))
	prepared = perf_counter() - start
	codes = matcher.candidates()
	blocked = perf_counter() - start
	found = matcher.all()
	took, busy = perf_counter() - start, process_time() - busy
	ids = matcher.records.ids
	left, right = np.divmod(codes, len(ids))
	block_recall = len({frozenset(x) for x in zip(ids[left], ids[right], strict=True)} & world.truth) / len(
		world.truth
	)
	hit = np.array([frozenset(pair) in world.truth for pair in zip(found["a"], found["b"], strict=True)])
	certain, taken = (found["certainty"] == CERTAIN).to_numpy(), (found["certainty"] != POSSIBLE).to_numpy()
	precision, recall = hit[taken].mean(), hit[taken].sum() / len(world.truth)
	rows = [
		("true pairs", len(world.truth), ""),
		("candidates", len(codes), ""),
		("block recall", f"{block_recall:.4f}", ""),
		("certain", int(certain.sum()), ""),
		("precision of certain", f"{hit[certain].mean():.4f}", "≥ 0.99"),
		("precision", f"{precision:.4f}", ""),
		("recall", f"{recall:.4f}", ""),
		("F1", f"{2 * precision * recall / (precision + recall):.4f}", "≥ 0.93"),
		("prepared, blocked after (s)", f"{prepared:.1f}, {blocked:.1f}", ""),
		("in all (s; of processor)", f"{took:.1f}; {busy:.1f}", "≤ 60"),
		("memory before, at most (MB)", f"{before:.0f}, {_memory():.0f}", "≤ 800"),
	]
	table(
		f"{count:,} made customers, {people.SECOND_RECORDS:.0%} of them duplicates",
		rows,
		("", "found", "bar"),
	)


def newcomers(count: int) -> None:
	"""100 newcomers against the index of all others, kept in memory: preparing, candidates, comparing, scoring."""
	world = people.make(count + NEWCOMERS, seed=5)
	is_new = world.records["id"] >= f"C{count:06d}"
	matcher = Matcher(prepare(world.records[~is_new], world.identities))
	start = perf_counter()
	matcher_new = prepare(world.records[is_new], world.identities[world.identities["id"] >= f"C{count:06d}"])
	found = matcher.new(matcher_new)
	took = perf_counter() - start
	hit = sum(frozenset(pair) in world.truth for pair in zip(found["a"], found["b"], strict=True))
	rows = [
		(f"{NEWCOMERS} against {count:,} (s)", f"{took:.2f}", "≤ 2"),
		("pairs found, right", f"{len(found)}, {hit}", ""),
	]
	table("Newcomers, the index being in memory", rows, ("", "found", "bar"))


def _memory() -> float:
	return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
	main()
