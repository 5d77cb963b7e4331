"""Use cases: reports of a series are written, sent once per period and destination, and looked at again."""
