"""`python -m ecg_text` is the command line, also under `accelerate launch -m ecg_text`."""

from ecg_text.cli.main import main

if __name__ == "__main__":
    main()
