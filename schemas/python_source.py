"""Is a text Python, and does it define a name? It is compiled and never executed."""

import symtable
import warnings
from codeop import compile_command


def defines(source: str, name: str) -> bool:
    """Whether a module of this source binds the name. Raises ValueError for what is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `"\d"` in somebody's tests is for them to mend
            compile(source, "<source>", "exec", dont_inherit=True)
            table = symtable.symtable(source, "<source>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(_told(error)) from None
    found = table.lookup(name) if name in table.get_identifiers() else None
    return found is not None and (found.is_assigned() or found.is_imported())


def may_begin(source: str) -> None:
    """Raise ValueError for what is no Python, however it goes on: a stub may lack its body."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile_command(source, "<source>", "exec")
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise ValueError(_told(error)) from None


def _told(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg} (line {error.lineno})"
    return f"{type(error).__name__}: {str(error) or 'nested too deep'}"
