"""Mail to the team by SMTP: sent at most once, never again when nobody knows whether it arrived."""
