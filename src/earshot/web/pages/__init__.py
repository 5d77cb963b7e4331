"""The pages that people look at: one module of routes per page, all of them over the same shell."""
