"""Real time: what webhooks bring is fetched, read, judged and acted on at once; a batch of one."""
