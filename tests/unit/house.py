"""What stands where in the package, for the tests that hold the code against the laws of the house."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "ccms_app"
DOMAINS = (
	"loyalty",
	"behaviour",
	"scoring",
	"segments",
	"recommend",
	"identity",
	"privacy",
	"quality",
	"interactions",
	"engagement",
	"surveys",
)
FRAMEWORK = ("frappe", "erpnext")


def pure_files() -> list[Path]:
	"""Every file of a domain folder but its store: these know nothing of Frappe."""
	files = (path for domain in DOMAINS for path in sorted((PACKAGE / domain).rglob("*.py")))
	return [path for path in files if path.name != "store.py" and "store" not in path.parts]


def module_of(path: Path) -> str:
	"""The dotted name a file is imported by."""
	parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
	return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
	"""The dotted names of everything a file imports, at any depth of its code."""
	for node in ast.walk(ast.parse(path.read_text())):
		if isinstance(node, ast.Import):
			yield from (alias.name for alias in node.names)
		elif isinstance(node, ast.ImportFrom):
			yield absolute(node, module_of(path), path.name == "__init__.py")


def absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
	"""The name an import statement means, its leading dots resolved."""
	if not node.level:
		return node.module or ""
	base = module.split(".")
	up = node.level - 1 if is_package else node.level
	return ".".join([*base[: len(base) - up], *([node.module] if node.module else [])])


def domain_of(name: str) -> str | None:
	"""The domain folder that a dotted name lies in."""
	parts = name.split(".")
	return parts[1] if parts[0] == PACKAGE.name and len(parts) > 1 and parts[1] in DOMAINS else None
