"""Search: tables of embeddings on disk, and a FAISS index that answers which records are nearest to a query."""
