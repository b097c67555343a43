"""`python -m chainsim` is the program `chainsim`."""

from chainsim.cli import main

if __name__ == "__main__":
    main()
