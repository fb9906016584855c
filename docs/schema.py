"""Write what the project's own declarations say into the pages about them; `make schema` calls it.

That is the JSON schema of ``retailer.yml``, in ``your-data.md`` the tables of its keys and of the columns of
the form ``orders``, and in ``settings.md`` the table of all settings, each between two markers.
"""

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from palette.core.declarations import json_schema
from palette.core.forms import Column, SourceTable, documents, forms, project_folder
from palette.core.settings import ENVIRONMENT, Settings
from palette.engine.choosing import ENVIRONMENT as OF_ENGINES

GENERAL = "orders"


def main() -> None:
    """Write the schema, and the tables of the pages anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("schema", type=Path, help="JSON file to write")
    parser.add_argument("your_data", type=Path, help="Markdown file whose tables are replaced")
    parser.add_argument("settings", type=Path, help="the same of the settings")
    chosen = parser.parse_args()
    chosen.schema.write_text(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    replace(chosen.your_data, columns=columns_table(), keys=keys_table())
    replace(chosen.settings, settings=settings_table())


def replace(file: Path, **tables: Iterator[str]) -> None:
    """Write the tables of a page anew, each between the comments of its marker."""
    page = file.read_text(encoding="utf-8")
    for marker, lines in tables.items():
        page = between(page, marker, "\n".join(lines))
    file.write_text(page, encoding="utf-8")


def between(page: str, marker: str, text: str) -> str:
    """Replace what stands between the comments of a marker, which the page has to have once."""
    begin, end = f"<!-- {marker}: written by `make schema` -->\n", f"<!-- end of {marker} -->"
    before, rest = page.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}{text}\n{end}{after}"


def columns_table() -> Iterator[str]:
    """Give the lines of the table of the general form's columns."""
    yield "| table | column | kind | needed | meaning |"
    yield "|---|---|---|---|---|"
    (source,) = (
        source for each in documents().values() for source in each["sources"] if source["name"] == GENERAL
    )
    for described in source["tables"]:
        table = forms()[GENERAL].tables[described["name"]]
        meanings = {each["name"]: resolved(each["description"]) for each in described["columns"]}
        for column in table.columns:
            cells = [f"`{table.name}`", f"`{column.name}`", column.kind, needed(table, column)]
            yield f"| {' | '.join([*cells, meanings[column.name]])} |"


def needed(table: SourceTable, column: Column) -> str:
    """Say whether a file has to have a column: `yes`, `one of` those to choose from, or nothing."""
    if column.is_required:
        return "yes"
    groups = [group for group in table.one_of if column.name in group]
    return f"one of {', '.join(f'`{name}`' for name in groups[0])}" if groups else ""


def resolved(description: str) -> str:
    """Put the doc blocks that a description names in their place."""
    text = (project_folder() / "models" / "_docs.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"{% docs (\w+) %}\n(.*?){% enddocs %}", text, re.DOTALL))
    filled = re.sub(r"{{ doc\('(\w+)'\) }}", lambda match: blocks[match[1]], description)
    return " ".join(filled.split())


def settings_table() -> Iterator[str]:
    """Give the lines of the table of environment variables and dbt vars."""
    yield "| setting | kind | default | meaning |"
    yield "|---|---|---|---|"
    for name, variable in (ENVIRONMENT | OF_ENGINES).items():
        yield f"| `{name}` | environment | {variable.default} | {variable.meaning} |"
    for name, field in Settings.model_fields.items():
        standard = yaml.safe_dump(field.default).split()[0]
        yield f"| `{name}` | dbt var | `{standard}` | {field.description} |"


def keys_table() -> Iterator[str]:
    """Give the lines of the table of the keys of ``retailer.yml``."""
    yield "| key | default | meaning |"
    yield "|---|---|---|"
    schema = json_schema()
    for key, field in schema["properties"].items():
        parts = inner(schema, field)
        yield f"| `{key}` | {'' if parts else default(field)} | {field['description']}{allowed(field)} |"
        for name, part in parts.items():
            yield f"| `{key}.{name}` | {default(part)} | {part['description']} |"


def inner(schema: dict[str, Any], field: dict[str, Any]) -> dict[str, Any]:
    """Return the keys within a key; none where it holds values."""
    references = [each["$ref"] for each in (field, *field.get("anyOf", ())) if "$ref" in each]
    name = references[0].rsplit("/", 1)[-1] if references else ""
    found: dict[str, Any] = schema["$defs"].get(name, {}).get("properties", {})
    return found


def default(field: dict[str, Any]) -> str:
    """Write a key's default as YAML has it; nothing where it has none."""
    value = field.get("default")
    return "" if value in (None, {}, []) else f"`{yaml.safe_dump(value).split()[0]}`"


def allowed(field: dict[str, Any]) -> str:
    """List the values that a key may have, where they are a few."""
    values = next((each["enum"] for each in (field, *field.get("anyOf", ())) if "enum" in each), [])
    return f" ({' or '.join(f'`{value}`' for value in values)})" if values else ""


if __name__ == "__main__":
    main()
