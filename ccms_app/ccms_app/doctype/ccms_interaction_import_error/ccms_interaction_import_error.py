from ccms_app.interactions.store.kept import KeptEvent


class CCMSInteractionImportError(KeptEvent):
	pass
