"""Words: reports, sentences, word pieces, prompt sets, views; no torch."""
