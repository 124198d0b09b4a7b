"""No bound without a test that pushes against it from outside: a limit that nobody ever met is a wish.

A test of this folder says which row of the table it pushes with `@pytest.mark.bound("max_clients")`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from chatd.limits import bounds

FOLDER = Path(__file__).parent


def pushed(source: str) -> Iterator[str]:
    """The bounds that the tests of a module say they push."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.bound":
                    yield from (str(argument.value) for argument in mark.args if isinstance(argument, ast.Constant))


def test_every_row_of_the_table_is_pushed() -> None:
    tested = {name for path in FOLDER.glob("test_*.py") for name in pushed(path.read_text())}
    rows = {bound.name for bound in bounds()}
    assert rows - tested == set(), "these rows have no test"
    assert tested - rows == set(), "these tests push what is no row"


def test_a_row_without_a_test_is_found() -> None:
    source = "@pytest.mark.bound('queue')\nasync def test_line(): ...\n@pytest.mark.bound('outbox')\ndef helper(): ..."
    assert list(pushed(source)) == ["queue"]
