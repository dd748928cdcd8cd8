"""Numbers become pictures: the ECG sheet, the small strip, the demo's page."""
