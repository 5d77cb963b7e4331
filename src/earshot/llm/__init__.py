"""Model providers behind one seam: online, in batches, for closed decisions; and what they cost.

`settings`, `catalogue` and `keys` are light; everything else imports pydantic-ai (0.5 s), and `clients` the SDK of
each company that is used (0.2 to 0.9 s).
"""
