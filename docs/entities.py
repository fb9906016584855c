"""Draw how the public marts refer to each other, as a Mermaid diagram in Markdown; `make entities` calls it.

dbterd reads the marts and their references, which are generic tests ``refers_to``, from dbt's manifest, and
writes the diagram. A mart without a reference is left out, and so is a column that no key or reference holds.
"""

import argparse
import logging
import re
from pathlib import Path

from dbterd.adapters.algos.test_relationship import TestRelationshipAlgo
from dbterd.adapters.targets.mermaid import MermaidAdapter
from dbterd.core.models import Ref, Table
from dbterd.default import default_manifest_version
from dbterd.helpers.file import read_manifest
from dbterd.types import Catalog, Manifest

OPTIONS = {
    "algo": "test_relationship:(name:refers_to|c_from:column|c_to:field|t_to:to)",
    "entity_name_format": "table",
    "resource_type": ["model", "seed"],
    "select": ["schema:main"],
}
MANY, AT_MOST_ONE = "01", "11"  # dbterd's names of how many rows refer to one
INTRODUCTION = """\
# How the marts refer to each other

Each line is a reference that every build checks (generic test `refers_to`): every row of the mart at the end
with a circle has its row in the mart at the other end, which several share where there is a fork. The label
gives the columns to join on, besides `retailer`. A join needs that too wherever both marts have it: two
retailers may use the same numbers.

Shown are the key of each mart (PK) and the columns that refer to another. Marts that no reference touches are
left out. One is `sessions`, which joins `customers` on `customer_id` but has visitors who never bought.

dbterd draws this from the project's tests, and `make entities` has it drawn anew.
"""


class Entities(MermaidAdapter):
    """dbterd's Mermaid diagram, with signs that allow for a row that no other refers to."""

    RELATIONSHIP_SYMBOLS = {MANY: "}o--||", AT_MOST_ONE: "|o--||"}  # noqa: RUF012


def main() -> None:
    """Write the diagram of the project whose manifest is in dbt's target folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path, help="folder with dbt's manifest.json")
    parser.add_argument("out", type=Path, help="Markdown file to write")
    chosen = parser.parse_args()
    chosen.out.write_text(f"{INTRODUCTION}\n```mermaid\n{diagram(chosen.target)}\n```\n", encoding="utf-8")


def diagram(target: Path) -> str:
    """Mermaid text of the references between the marts, from the manifest in a target folder."""
    logging.getLogger("dbterd").setLevel(logging.WARNING)
    manifest = read_manifest(str(target), int(default_manifest_version(str(target))))
    catalog = Catalog.model_construct(nodes={}, sources={})  # the declared types do
    algorithm = TestRelationshipAlgo()
    tables = algorithm.select_tables(algorithm.get_tables(manifest, catalog, **OPTIONS), **OPTIONS)
    references = algorithm.make_up_relationships(algorithm.get_relationships(manifest, **OPTIONS), tables)
    keys = {table.name: key(manifest, table) for table in tables}
    for reference in references:
        explain(reference, manifest, keys)
    shown = [with_keys_only(table, keys[table.name], references) for table in tables]
    text = Entities().build_erd(
        sorted((table for table in shown if table.columns), key=lambda table: table.name),
        sorted(references, key=lambda reference: reference.table_map[::-1]),
    )
    lower = re.sub(r'"\w+"', lambda name: name[0].lower(), text)
    return lower.replace("erDiagram", "erDiagram\n  direction LR", 1).strip()


def key(manifest: Manifest, table: Table) -> list[str]:
    """Columns that a test says are unique; of several such keys, the one whose columns come first."""
    tests = [
        node.test_metadata
        for node in manifest.nodes.values()
        if getattr(node, "attached_node", None) == table.node_name and node.test_metadata
    ]
    found = [test.kwargs["columns"] for test in tests if test.name == "unique_combination"]
    found += [[test.kwargs["column_name"]] for test in tests if test.name == "unique"]
    places = {column.name: place for place, column in enumerate(table.columns)}
    return min(found, key=lambda columns: [places[column] for column in columns], default=[])


def explain(reference: Ref, manifest: Manifest, keys: dict[str, list[str]]) -> None:
    """Give a reference its columns, its label and how many rows may refer to one."""
    arguments = manifest.nodes[reference.name].test_metadata.kwargs
    columns = arguments["columns"]
    fields = arguments.get("fields") or columns
    pairs = [
        column if column == field else f"{column}={field}"
        for column, field in zip(columns, fields, strict=True)
        if column != "retailer"
    ]
    reference.column_map = (fields, columns)
    reference.relationship_label = f'"{",".join(pairs)}"'
    reference.type = AT_MOST_ONE if set(keys[reference.table_map[1]]) <= set(columns) else MANY


def with_keys_only(table: Table, primary: list[str], references: list[Ref]) -> Table:
    """Leave a table its key and the columns of its references; no column at all where it has no reference."""
    used = {
        column
        for reference in references
        for name, columns in zip(reference.table_map, reference.column_map, strict=True)
        if name == table.name
        for column in columns
    }
    table.columns = [column for column in table.columns if used and column.name in {*primary, *used}]
    for column in table.columns:
        column.is_primary_key = column.name in primary
    return table


if __name__ == "__main__":
    main()
