"""Step 5: facts, rules and the actions that follow from them."""
