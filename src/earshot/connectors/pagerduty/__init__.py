"""PagerDuty: pages by the Events API v2."""
