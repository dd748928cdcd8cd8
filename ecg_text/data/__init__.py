"""Rows become tensors: catalogues of records, patient-disjoint splits, prepared stores and the loader."""
