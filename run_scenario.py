"""Run scenarios: `python run_scenario.py FILE...` is short for `chainsim run FILE...`."""

import sys

if __name__ == "__main__":
    try:
        from chainsim.cli import main
    except ModuleNotFoundError as error:
        print(f"{error}: install it with  {sys.executable} -m pip install -e .", file=sys.stderr)
        sys.exit(4)
    sys.argv[1:1] = ["run"]
    main()
