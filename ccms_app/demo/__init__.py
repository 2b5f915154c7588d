"""`make demo`: the real engines on a real shop's history, without ERPNext and without a database."""
