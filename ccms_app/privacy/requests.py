"""What a privacy request promises: by when, and what may be done about it."""

from __future__ import annotations

from datetime import date, timedelta

ACCESS, CORRECTION, PORTABILITY, ERASURE = "Access", "Correction", "Portability", "Erasure"
RESTRICTION, OBJECTION = "Restriction", "Objection"
OPEN, WAITING, RUNNING, COMPLETED, REFUSED = "Open", "Waiting", "Running", "Completed", "Refused"
UNSETTLED = (OPEN, WAITING, RUNNING)
DAYS, DAYS_IN_CHINA = 30, 15
"""GDPR 12 (3) says a month; 15 days is what this product promises under PIPL, which says "in time"."""
CHINA = "China"
LEAST_REASON = 10


def due_on(received_on: date, country: str) -> date:
	"""By when a request must be answered where this law holds."""
	return received_on + timedelta(days=DAYS_IN_CHINA if country == CHINA else DAYS)
