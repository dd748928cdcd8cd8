"""What learns: ECG encoders, the text encoder, and the two-tower model that holds both."""
