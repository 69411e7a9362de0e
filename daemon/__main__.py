"""`python -P -m daemon`: the same as the command `routerbot`.

What lives here: nothing but that. The unit starts the daemon this way, with `-P`, so that a folder
named `state` where it happens to be started cannot stand in for ours.
"""

from daemon.cli import main

if __name__ == "__main__":
    main()
