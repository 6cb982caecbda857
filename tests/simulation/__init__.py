"""The whole job under one seeded scheduler, in virtual time: log, runner, clocks, stores, faults.

The stages of the job are the real ones (`transforms`), with the real wire codec; what is modelled
is what surrounds them: `log` is a broker, `job` a runner, `stores` what obeys and answers, `faults`
what goes wrong. `world` lets one thing happen at a time, `promises` looks on.

`python -m tests.simulation SEED` replays one seed.
"""
