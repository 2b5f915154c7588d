"""The harness: what it looks for, and what it says when that is not there."""

import pytest

from tests.harness import bench, services


def a_bench(root):
	"""A folder that looks like a bench with two packages installed."""
	packages = root / "env" / "lib" / "python3.11" / "site-packages"
	for folder in (
		root / "env" / "bin",
		root / "apps" / "frappe",
		root / "apps" / "erpnext",
		packages,
		root / "sites",
	):
		folder.mkdir(parents=True)
	(root / "env" / "bin" / "python").touch()
	for package in ("Click-8.2.1", "python_dateutil-2.8.2"):
		(packages / f"{package}.dist-info").mkdir()
	return root


def test_a_bench_is_found_where_it_is_said_to_be(tmp_path, monkeypatch):
	monkeypatch.setenv("CCMS_BENCH", str(a_bench(tmp_path)))
	found = bench.find()
	assert found.root == tmp_path
	assert found.config == {}
	assert found.pins == ["Click==8.2.1", "python_dateutil==2.8.2"]


@pytest.mark.parametrize("missing", ["env/bin/python", "apps/erpnext"])
def test_what_a_bench_lacks_is_named(tmp_path, monkeypatch, missing):
	path = a_bench(tmp_path) / missing
	path.rmdir() if path.is_dir() else path.unlink()
	monkeypatch.setenv("CCMS_BENCH", str(tmp_path))
	with pytest.raises(bench.NoBench, match=missing):
		bench.find()


def test_the_account_comes_from_the_environment_before_the_configuration(monkeypatch):
	monkeypatch.setenv("CCMS_DB_ROOT_PASSWORD", "given")
	monkeypatch.delenv("CCMS_DB_ROOT_USER", raising=False)
	found = services.database_of({"db_port": 3307, "root_login": "admin", "root_password": "kept"})
	assert found == services.Database("127.0.0.1", 3307, "admin", "given")


def test_a_missing_program_is_named(monkeypatch):
	with pytest.raises(services.Missing, match="no-such-server is not installed"):
		services.need("no-such-server")


def test_a_server_that_does_not_start_says_why(tmp_path):
	log = tmp_path / "log"
	with pytest.raises(RuntimeError, match="it is broken"):
		with services.background(["sh", "-c", "echo it is broken; exit 1"], log, services.free_port()):
			pass
