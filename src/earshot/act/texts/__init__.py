"""Templates: our own words with places for what is known; nothing that stands in a place can become markup."""
