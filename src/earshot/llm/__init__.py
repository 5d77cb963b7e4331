"""Model providers behind one seam: online, in batches, for closed decisions; and what they cost."""
