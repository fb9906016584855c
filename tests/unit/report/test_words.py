"""Both languages say everything, and numbers carry their unit."""

import datetime
import re
from pathlib import Path
from string import Formatter

import pytest

import palette.report
from palette.core.catalogue import list_names, model_names
from palette.report.words import LOCALES, Words, texts

SOURCES = [
    path.read_text(encoding="utf-8")
    for path in Path(palette.report.__file__).parent.rglob("*")
    if path.suffix in (".py", ".j2", ".js")
]
# Texts that code asks for by a name it finds in the data, or puts together.
BY_NAME = (
    *("bridge.", "clustering.", "dimension.", "feature.", "gender.", "list_name.", "lookup.", "measure."),
    *("metric.", "money."),
    *("model.", "rule.", "sales.correlation.", "severity.", "step.", "suite.", "value_model."),
    *("sales.by_", "sales.no_", "sales.demographic_", "sales.age_", "sales.gender_"),
    *("sales.category", "sales.country", "sales.product", "sales.store", "changes.less_", "changes.more_"),
    *("worth.class_", "worth.silence_", "worth.too_"),
    *("offers.better", "offers.level", "offers.instead", "clusters.inertia", "clusters.silhouette"),
)


def placeholders(text: str) -> set[str]:
    return {name.split("|")[0] for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", texts())
def test_a_text_is_there_in_every_language_and_fills_in_the_same(key):
    said = texts()[key]
    assert set(said) == set(LOCALES)
    assert all(text.strip() for text in said.values())
    # A short sentence need not repeat every figure, but may not ask for one that the other does not get.
    assert placeholders(said["ko"]) <= placeholders(said["en"])


def test_every_text_that_is_asked_for_is_there_and_the_other_way_round():
    asked = {key for source in SOURCES for key in re.findall(r"""words\(\s*f?["']([a-z_.]+)["']""", source)}
    asked |= {
        key
        for source in SOURCES
        for key in re.findall(
            r'"((?:sales|changes|cohorts|offers|overview|clusters|quality)\.[a-z_]+)"', source
        )
    }
    assert asked - set(texts()) == set()
    assert {key for key in texts() if key not in asked and not key.startswith(BY_NAME)} == set()


def test_lookup_texts_are_all_used():
    script = "\n".join(SOURCES)
    unused = [
        key
        for key in texts()
        if key.startswith("lookup.")
        and f'"{key}"' not in script
        and f'text("{key.removeprefix("lookup.")}")' not in script
        and f'texts["{key}"]' not in script
        and not key.startswith("lookup.gender.")
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("count", "said"), [("1", "1 customer."), ("2", "2 customers."), ("0", "0 customers.")]
)
def test_one_is_not_many(count, said):
    values = {"cluster": "VIP", "customers": count}
    assert f"VIP, {said}" in Words("en", "GBP")("clusters.cards_sentence", **values)
    assert f"{count}명" in Words("ko", "GBP")("clusters.cards_sentence", **values)


def test_every_list_and_model_has_a_name_in_words():
    named = {kind: [key for key in texts() if key.startswith(f"{kind}.")] for kind in ("list_name", "model")}
    assert named["list_name"] == [f"list_name.{name}" for name in list_names()]
    models = model_names("component", "baseline", "hybrid", "fusion")
    assert named["model"] == [f"model.{name}" for name in models]
    assert not [text for key in named["model"] for text in texts()[key].values() if "_" in text]


def test_money_has_its_sign_and_its_decimals():
    pounds, won = Words("en", "GBP"), Words("ko", "KRW")
    assert pounds.money(1234.5) == "£1,234.50"
    assert won.money(1234.5) in ("₩1,234", "₩1,235")
    assert (pounds.money_format, won.money_format) == (",.2f", ",.0f")
    assert pounds.short_money(8_887_208.89) == "£8.9M"
    assert pounds.short_money(15.3) == "£15.30"
    assert won.short_money(1_728_664_350) == "₩17.3억"
    assert Words("en", "KRW").money(-7) == "-₩7"


def test_numbers_and_days_are_written_as_the_language_does():
    english, korean = Words("en", "GBP"), Words("ko", "KRW")
    day = datetime.date(2011, 12, 9)
    assert (english.count(4334), english.percent(0.2815), english.decimal(2.345)) == (
        "4,334",
        "28.2%",
        "2.34",
    )
    assert english.decimal(1234.5, 0) == "1,234"
    assert (english.day(day), english.month(day), english.weekday(1)) == ("9 Dec 2011", "Dec 2011", "Mon")
    assert (korean.day(day), korean.month(day), korean.weekday(7)) == ("2011. 12. 9.", "2011년 12월", "일")


def test_names_are_translated_and_unknown_ones_stay():
    words = Words("ko", "KRW", {"VIP": "VIP 고객"})
    assert (words.name("VIP"), words.name("somebody")) == ("VIP 고객", "somebody")
    assert words.term("feature", "recency_days") == "최근성(일)"
    assert words.term("feature", "Beverage") == "Beverage"


def test_a_text_that_is_not_there_is_an_error():
    with pytest.raises(KeyError, match=r"sales\.nothing"):
        Words("en", "GBP")("sales.nothing")
    with pytest.raises(KeyError, match="share"):
        Words("en", "GBP")("overview.segments_sentence", segment="VIP")
