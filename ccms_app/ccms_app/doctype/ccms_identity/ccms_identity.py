from ccms_app.identity.store.kept import KeptRow


class CCMSIdentity(KeptRow):
	pass
