"""The schema's history, run forward by itself whenever a database is opened."""
