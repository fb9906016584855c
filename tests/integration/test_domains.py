"""Domains refer downwards only: a change in one cannot break what it stands on."""

import json
import subprocess
import sys

import pytest
from sandboxes import Parsing, parsed

# From the ground up.
DOMAINS = ("core", "sales", "segments", "baskets", "recommendations", "value", "overview", "metrics")
BESIDE = "quality"  # looks at all of them


@pytest.fixture(scope="module")
def manifest():
    assert parsed()
    assert Parsing.folder
    return json.loads((Parsing.folder / "manifest.json").read_text())


def domain(node: dict) -> str:
    """The folder that a model or seed lies in; a form's staging is part of the ground."""
    return "core" if "staging" in node["fqn"] else node["fqn"][-2]


def upward(nodes: dict) -> list[tuple[str, str]]:
    """Pairs of a node and what it reads from a domain above its own."""
    places = {name: place for place, name in enumerate(DOMAINS)}
    own = {key: node for key, node in nodes.items() if node["resource_type"] in ("model", "seed")}
    return [
        (node["name"], own[read]["name"])
        for node in own.values()
        for read in node["depends_on"].get("nodes", [])
        if read in own
        and domain(node) != BESIDE
        and (domain(own[read]) == BESIDE or places[domain(own[read])] > places[domain(node)])
    ]


def test_no_domain_refers_back_up(manifest):
    assert upward(manifest["nodes"]) == []


def test_a_reference_back_up_is_found(manifest):
    nodes = json.loads(json.dumps(manifest["nodes"]))
    nodes["model.palette.customers"]["depends_on"]["nodes"].append("model.palette.customer_360")
    assert upward(nodes) == [("customers", "customer_360")]


def test_the_core_package_imports_no_learner():
    code = "import pkgutil, importlib, sys, palette.core as core\n"
    code += (
        "for m in pkgutil.iter_modules(core.__path__): importlib.import_module(f'palette.core.{m.name}')\n"
    )
    code += "above = ('palette.segments', 'palette.baskets', 'palette.recommendations', 'palette.value', "
    code += "'palette.quality')\n"
    code += "print([m for m in sys.modules if m.startswith((*above, 'sklearn', 'implicit', 'mlxtend'))])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
