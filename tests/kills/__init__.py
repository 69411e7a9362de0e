"""Armed kills: the real process under load, SIGKILL at named seams and at random, and an oracle.

`orders` says where to die; `seams`, `defects` and `bent` live in the process; `people` and
`chapters` are the load, `core` what should come of it, `reaper` kills and restarts, `evidence` and
`oracle` judge. docs/kills.md explains it for whoever runs it.
"""
