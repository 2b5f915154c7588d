from ccms_app.interactions.store.kept import KeptEvent


class CCMSInteractionMark(KeptEvent):
	pass
