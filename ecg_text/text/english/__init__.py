"""Reports in English: lexica of German, Swedish and English wording, and the engine that applies them."""
