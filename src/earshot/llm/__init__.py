"""Model providers behind one seam: online, in batches, for closed decisions; and what they cost.

`settings`, `catalogue` and `keys` are light; everything else imports the providers' packages (1.6 s).
"""
