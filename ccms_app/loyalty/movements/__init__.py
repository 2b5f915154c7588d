"""Every movement of points, as functions over a book. They decide; the book records.

A document is posted by one call: `sell`, `give_back` (a return), `cancel`. Payments call `activate` and
`deactivate`; the nightly jobs `catch_up`, `expire`, `lapse`. All of them may be called twice: the second call
finds its idempotency key or the state it wanted, and does nothing.

`posting_date` is the day a movement belongs to; `today` is the day on which it is made, which decides whether a
lot can still be used.
"""

from .due import catch_up
from .expiry import expire, idle, lapse
from .giving_back import credit
from .membership import absorb, set_status
from .parting import hand_over, part, stand_alone
from .payment import activate, deactivate
from .reversal import cancel, give_back
from .sale import earn, quote_points, sell
from .spending import redeem, spend, spendable
from .vouchers import extend, grant, transfer

__all__ = [
	"absorb",
	"activate",
	"cancel",
	"catch_up",
	"credit",
	"deactivate",
	"earn",
	"expire",
	"extend",
	"give_back",
	"grant",
	"hand_over",
	"idle",
	"lapse",
	"part",
	"quote_points",
	"redeem",
	"sell",
	"set_status",
	"spend",
	"spendable",
	"stand_alone",
	"transfer",
]
