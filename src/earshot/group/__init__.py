"""Step 3: findings of like matter share a theme, so that frequencies really count."""
