"""An ECG that knows its own truth: R-peaks, waves, labels and report, made from a moving heart vector."""
