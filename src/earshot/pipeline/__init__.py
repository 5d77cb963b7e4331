"""The flow: one module per use case. Steps never call each other; this calls them and saves between."""
