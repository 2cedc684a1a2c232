"""Read the source of tests: what a line of theirs looks at."""

import ast


def looks_at_arguments(tests: str, entry: str, line: int) -> bool:
    """Does the statement at this line look at nothing that the candidate returned?

    Then what it finds changed is what the candidate is asked to change.
    """
    try:
        tree = ast.parse(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    checks = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "check"]
    asked = {entry, *(each.arg for check in checks for each in check.args.args)}
    told = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.For | ast.NamedExpr | ast.AnnAssign | ast.AugAssign)
        for target in ast.walk(node)
        if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store) and _names(node) & asked
    }
    at = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or n.lineno)
    ]
    inner = max(at, key=lambda node: (node.lineno, -(node.end_lineno or 0)), default=None)
    return inner is not None and not _names(inner) & (asked | told)


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
