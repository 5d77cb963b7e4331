"""Rules at work: how far they are switched on, what they doubt, back-tests and explanations."""
