"""The laws of the house: what may import what."""

import subprocess
import sys

import pytest

from tests.unit.house import DOMAINS, FRAMEWORK, PACKAGE, domain_of, imports, module_of, pure_files

# which other domains a domain may know
ARROWS = {
	"loyalty": set(),
	"behaviour": set(),
	"identity": set(),
	"scoring": {"behaviour"},
	"recommend": {"behaviour"},
	"segments": {"scoring", "behaviour"},
	"privacy": {"identity"},
	"quality": {"identity"},
	"interactions": {"loyalty", "identity", "privacy"},
	"surveys": {"loyalty"},
	"engagement": {"segments", "scoring", "behaviour", "loyalty"},
}
BLOCKED = """
import importlib, sys
for name in sys.argv[1].split(","):
	sys.modules[name] = None
for name in sys.argv[2:]:
	importlib.import_module(name)
"""


def test_every_pure_file_imports_without_frappe():
	modules = [module_of(path) for path in pure_files()]
	assert modules, "no pure file found"
	command = [sys.executable, "-c", BLOCKED, ",".join(FRAMEWORK), *modules]
	done = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True)
	assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", pure_files(), ids=module_of)
def test_a_pure_file_names_neither_frappe_nor_a_store(path):
	for name in imports(path):
		assert name.split(".")[0] not in FRAMEWORK
		assert "store" not in name.split(".")


@pytest.mark.parametrize("domain", DOMAINS)
def test_arrows_between_domains_run_one_way(domain):
	for path in sorted((PACKAGE / domain).rglob("*.py")):
		for name in imports(path):
			other = domain_of(name)
			assert other in {None, domain, *ARROWS[domain]}, f"{module_of(path)} imports {name}"


def test_a_domain_knows_no_artefact():
	outside = (
		"ccms_app.ccms_app",
		"ccms_app.api",
		"ccms_app.overrides",
		"ccms_app.tasks",
		"ccms_app.commands",
	)
	for domain in DOMAINS:
		for path in sorted((PACKAGE / domain).rglob("*.py")):
			for name in imports(path):
				assert not name.startswith(outside), f"{module_of(path)} imports {name}"
