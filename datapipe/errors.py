"""Everything that escapes on purpose; the message names the place and the way out.

DatapipeError
├── ConfigError      the configuration asks for something that is not there            exit code 2
├── InputError       a file that was named cannot be read at all                       exit code 3
├── StoreError       the run's folder is not what was promised                         exit code 4
│   ├── DamagedPart  a part is truncated, changed or foreign
│   └── LeaseHeld    another living process owns the run
├── ServersDown      no model server answered                                          exit code 5
├── LedgerError      rows went missing, or came from nowhere                           exit code 6
├── QueryError       SQL that cannot be run                                            exit code 7
└── Aborted          another shard failed, or a person stopped the run                 exit code 130
"""


class DatapipeError(Exception):
    """Base of all of them; `exit_code` is what the command line returns."""

    exit_code = 1


class ConfigError(DatapipeError):
    exit_code = 2


class InputError(DatapipeError):
    exit_code = 3


class StoreError(DatapipeError):
    exit_code = 4


class DamagedPart(StoreError):
    pass


class LeaseHeld(StoreError):
    pass


class ServersDown(DatapipeError):
    exit_code = 5


class LedgerError(DatapipeError):
    exit_code = 6


class QueryError(DatapipeError):
    exit_code = 7


class Aborted(DatapipeError):
    exit_code = 130
