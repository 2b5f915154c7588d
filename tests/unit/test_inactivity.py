"""Points without a date lapse when nothing was earned or spent for too long; what is entered late moves no past day."""

from decimal import Decimal as D

from ccms_app.loyalty.model import EXPIRE, Program
from tests.unit.ledger_world import World


def test_a_first_purchase_entered_late_lapses_nothing_before_today():
	"""Who had never been active had points that somebody gave them; they could be used until now."""
	world = World(
		Program("Club", expiry_model="Inactivity", expiry_months=1, accrue_when="When Paid"), members=2
	)
	world.grant(D(15), member="M2", back=33)
	world.transfer(D(6), "M2", "M1")
	assert world.book("M1").member.points_active == 6
	world.sell(D(59), member="M1", back=35)
	member, entries = world.book("M1").member, world.book("M1").new_entries
	assert (member.points_active, member.points_pending) == (0, 0)
	assert {entry.posting_date for entry in entries if entry.entry_type == EXPIRE} == {world.today}
