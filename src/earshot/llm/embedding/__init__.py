"""Embeddings: vectors of texts, made by a provider or by a model on this machine."""
