from ccms_app.identity.store.kept import KeptRow


class CCMSIdentityLink(KeptRow):
	pass
