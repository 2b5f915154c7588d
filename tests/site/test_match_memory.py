"""Nights of matching that read only who has changed and who is like them; and what is remembered for it is nobody's."""

from contextlib import contextmanager

import frappe
import pytest

from ccms_app.identity.store import match_memory, match_records, matching
from ccms_app.identity.store.duplicate_handler import Handler
from tests.site.test_duplicates import BORN, pair_of, people  # noqa: F401

pytestmark = pytest.mark.commits

NAMES = ("令狐芳华", "Olga Ivanova", "Peter Novak", "Ada Byron", "Zhu Ling", "Hans Moser")


@contextmanager
def reading(monkeypatch):
	"""The customers that are read within."""
	seen, read = [], match_records.read

	def noted(customers, clear=False):
		seen.extend(customers)
		return read(customers, clear)

	with monkeypatch.context() as patched:
		patched.setattr(match_records, "read", noted)
		yield seen


@pytest.fixture
def crowd(people):  # noqa: F811
	"""Some customers who are like nobody."""
	made = [
		people.add(name, mobile_no=f"1381111{at:04}", ccms_birth_date=f"19{60 + at}-02-03")
		for at, name in enumerate(NAMES)
	]
	matching.run(full=True)
	return made


def test_a_night_reads_who_is_new_and_who_is_like_them(crowd, people, monkeypatch):  # noqa: F811
	new = people.add("令狐芳華", ccms_birth_date="1960-02-03")
	with reading(monkeypatch) as seen:
		result = matching.run()
	assert result.compared == 1 and set(seen) == {new, crowd[0]}
	assert pair_of(crowd[0], new)
	# and the new one is remembered in turn
	newer = people.add("Linghu Fanghua", ccms_birth_date="1960-02-03")
	with reading(monkeypatch) as seen:
		matching.run()
	assert set(seen) == {newer, new, crowd[0]}
	assert pair_of(new, newer)


def test_who_changed_is_found_by_what_is_known_now(crowd, people, monkeypatch):  # noqa: F811
	doc = frappe.get_doc("Customer", crowd[1])
	doc.update({"customer_name": "Ulrike Meyer", "ccms_birth_date": BORN})
	doc.save()
	frappe.db.commit()
	matching.run()
	as_before = people.add("Olga Ivanova", ccms_birth_date="1961-02-03")
	with reading(monkeypatch) as seen:
		matching.run()
	assert crowd[1] not in seen, "nothing of the former name is remembered"
	as_now = people.add("Ulrike Meyer", ccms_birth_date=BORN)
	matching.run()
	assert pair_of(crowd[1], as_now) and not pair_of(crowd[1], as_before)


def test_who_is_disabled_renamed_or_gone_is_no_candidate_and_who_comes_back_is(crowd, people):  # noqa: F811
	frappe.db.set_value("Customer", crowd[0], "disabled", 1, update_modified=False)
	renamed = frappe.rename_doc("Customer", crowd[2], f"{crowd[2]} 2")
	people.made.append(renamed)
	frappe.db.commit()
	one, other = (
		people.add("令狐芳華", ccms_birth_date="1960-02-03"),
		people.add("Petr Novak", mobile_no="13811110002"),
	)
	matching.run()
	assert not pair_of(crowd[0], one) and pair_of(renamed, other)
	frappe.db.set_value("Customer", crowd[0], "disabled", 0)
	frappe.db.commit()
	matching.run()
	assert pair_of(crowd[0], one)


def spoil_nothing(path) -> None:
	path.unlink()


def spoil_bytes(path) -> None:
	path.write_bytes(path.read_bytes()[:-9] + b"nonsense!")


def spoil_key(path) -> None:
	"""The file of another state of the database."""
	before = path.read_bytes()
	matching.run(full=True)
	path.write_bytes(before)


def spoil_all(path) -> None:
	path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [spoil_nothing, spoil_bytes, spoil_key, spoil_all])
def test_without_the_file_everybody_is_read_and_it_is_there_again(crowd, people, monkeypatch, spoil):  # noqa: F811
	spoil(match_memory._path())
	new = people.add("令狐芳華", ccms_birth_date="1960-02-03")
	with reading(monkeypatch) as seen:
		matching.run()
	assert set(crowd) < set(seen) and pair_of(crowd[0], new)
	people.add("令狐芳華", ccms_birth_date="1960-02-03")
	with reading(monkeypatch) as seen:
		matching.run()
	assert not set(crowd[1:]) & set(seen)


def test_an_erasure_leaves_nothing_and_nobody_reads_the_file(crowd):
	path = match_memory._path()
	data = path.read_bytes()
	assert path.stat().st_mode & 0o077 == 0
	for text in (*NAMES, *crowd, "13811110000"):
		assert text.encode() not in data
	assert "files" not in path.parts[-3:], "a File record may name nothing there"
	Handler().erase(crowd[0], "")
	assert not path.exists() and match_memory.load() is None
	frappe.db.commit()


def test_a_run_that_dies_while_it_remembers_is_made_good(crowd, people, monkeypatch):  # noqa: F811
	new = people.add("令狐芳華", ccms_birth_date="1960-02-03")

	def die(*_args):
		raise KeyboardInterrupt

	with monkeypatch.context() as patched:
		patched.setattr(frappe.db, "set_global", die)
		with pytest.raises(KeyboardInterrupt):
			matching.run()
	frappe.db.rollback()
	matching.run()
	assert pair_of(crowd[0], new)
