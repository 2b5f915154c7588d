from ccms_app.loyalty.store.ledger_document import LedgerDocument


class CCMSPointsAllocation(LedgerDocument):
	pass
