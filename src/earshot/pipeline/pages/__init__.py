"""Use cases of the web pages: what each one shows, reckoned here and below, never in templates."""
