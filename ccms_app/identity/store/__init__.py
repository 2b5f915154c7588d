"""The one door between who is who and the site."""
