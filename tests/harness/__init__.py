"""Runs the test suites: `python -m tests.harness --help`.

The unit suite needs Python alone. The site and browser suites need a bench with Frappe and ERPNext; the bench is read, never written:
its apps are used through a temporary sites folder, a temporary site and servers of our own where none answer.
Only the standard library is imported here, so that any Python can start it.
"""
