"""rag-or-tune: retrieval-augmented generation or fine-tuning, for your case."""
