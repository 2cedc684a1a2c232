"""`python -m datapipe` is `datapipe`."""

from datapipe.cli import main

if __name__ == "__main__":
    main()
