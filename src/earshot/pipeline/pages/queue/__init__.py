"""Use cases of the queue's page: one module per kind of entry, and the page over all of them."""
