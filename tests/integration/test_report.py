"""The report, opened in a real browser: the demo's two retailers, the real file, and a hostile shop."""

import re
import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml
from browsing import Reader, chromium
from playwright.sync_api import Browser
from sandboxes import ROOT, Sandbox

from palette.core.catalogue import list_names
from palette.core.errors import InputError
from palette.core.warehouses import open_warehouse
from palette.core.writing import UNFINISHED
from palette.report import MOST_CUSTOMERS
from palette.report.page import render, write_report

EXPOSURES = ROOT / "models/marts/_exposures.yml"
LARGEST = 15_000_000  # bytes
HOSTILE = "<script>alert(1)</script>"
BEST = """
    select customer_id from customer_360
    qualify row_number() over (partition by retailer order by revenue desc) <= 100
"""
HOSTILE_ID = '"><img src=x onerror=alert(2)>'
SECTIONS = [
    "overview",
    "cleaning",
    "sales",
    "changes",
    "cohorts",
    "worth",
    "rfm",
    "clusters",
    "palette",
    "baskets",
    "offers",
    "quality",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def demo_report(omnichannel: Sandbox) -> Path:
    """The report of both demo retailers, as `palette report` writes it."""
    out = omnichannel.folder / "report.html"
    run = omnichannel.run("palette", "report", "--out", str(out))
    assert run.code == 0, run.output
    assert re.search(r"Report: .*report\.html \(\d+\.\d MB, \d+ s\)", run.output)
    return out


@pytest.fixture(scope="module")
def real_report(real: Sandbox) -> Path:
    out = real.folder / "report.html"
    write_report(real.warehouse, out)
    return out


@pytest.fixture(scope="module")
def rendered(omnichannel: Sandbox) -> tuple[str, set[str]]:
    """The same report once more, and the marts that it shows."""
    with open_warehouse(omnichannel.warehouse) as connection:
        return render(connection, most_customers=MOST_CUSTOMERS, seed=0)


@pytest.fixture
def changed(omnichannel: Sandbox, tmp_path: Path) -> Path:
    """A copy of the demo's warehouse that a test may change."""
    return Path(shutil.copy(omnichannel.warehouse, tmp_path / "palette.duckdb"))


@pytest.fixture
def alone(changed: Path) -> Path:
    """A copy that a test may change, whose report is of one retailer."""
    with duckdb.connect(str(changed)) as connection:
        connection.execute("delete from retailer_overview where retailer <> 'lpoint'")
    return changed


def test_the_demo_report_is_whole(demo_report, browser):
    assert demo_report.stat().st_size < LARGEST
    reader = Reader.of(browser, demo_report)
    assert reader.article == "lpoint-en"
    sections = reader.page.locator("#lpoint-en main > section[data-section]")
    assert [part.get_attribute("data-section") for part in sections.all()] == SECTIONS
    assert reader.charts() > 30
    assert reader.problems() == []


def test_languages_and_retailers_switch(demo_report, browser):
    reader = Reader.of(browser, demo_report)
    assert (reader.text("h1"), reader.text("h2")) == ("L.POINT", "Overview")
    reader.switch("한국어")
    assert (reader.article, reader.text("h2")) == ("lpoint-ko", "개요")
    assert reader.page.evaluate("document.documentElement.lang") == "ko"
    assert "VIP 고객" in reader.text("[data-section='rfm']")
    reader.switch("Online Retail (UCI)")
    assert (reader.article, reader.text("h1")) == ("online_retail-ko", "Online Retail (UCI)")
    assert reader.page.evaluate("document.querySelectorAll('article:not([hidden])').length") == 1
    assert reader.problems() == []
    reader.switch("English")
    assert reader.article == "online_retail-en"
    assert reader.problems() == []


def test_a_switch_keeps_the_reader_in_their_section(demo_report, browser):
    reader = Reader.of(browser, demo_report, place="lpoint-en-baskets")
    # Not by a click, for which the driver scrolls the page itself.
    reader.page.locator("#lpoint-en .switches").get_by_text("한국어").dispatch_event("click")
    reader.settle()
    assert reader.page.evaluate("location.hash") == "#lpoint-ko-baskets"
    top = reader.page.evaluate("document.getElementById('lpoint-ko-baskets').getBoundingClientRect().top")
    assert 0 <= top < 160


def test_charts_fit_after_the_window_changed_while_they_were_hidden(demo_report, browser):
    reader = Reader.of(browser, demo_report)
    reader.switch("한국어")
    reader.page.set_viewport_size({"width": 390, "height": 800})
    reader.switch("English")
    charts = "[...document.querySelectorAll('#lpoint-en main > section[data-section] .chart svg')]"
    widths = reader.page.evaluate(f"{charts}.map(chart => chart.getBoundingClientRect().width)")
    assert min(widths) > 200
    assert reader.problems() == []


def test_the_real_report_is_whole(real_report, browser):
    assert real_report.stat().st_size < LARGEST
    reader = Reader.of(browser, real_report)
    assert reader.problems() == []
    lead = reader.text("[data-section='overview'] .lead")
    assert lead.startswith("4,334 customers placed 18,399 orders worth £8.7M;")
    assert "541,909" in reader.text("[data-section='cleaning'] .lead")
    assert "4,334 customers in 12 groups" in reader.text("[data-section='palette'] .lead")
    reader.switch("한국어")
    assert reader.problems() == []


def test_a_known_customer_is_found(real_report, real, browser):
    known = real.query("select * from customer_360 where customer_id = '12748'").iloc[0]
    first = real.query(
        "select * from recommendations where customer_id = '12748' and list_name = 'again' and rank = 1"
    )
    reader = Reader.of(browser, real_report)
    card = reader.look_up("12748")
    assert "Customer 12748" in card
    assert f"£{known['revenue']:,.2f}" in card
    assert f"{known['r_score']} · {known['f_score']} · {known['m_score']}" in card
    assert known["rfm_segment"] in card
    assert all(
        words in card for words in ("Segment before", known["previous_segment"], "moved by 28 Feb 2011")
    )
    assert f"£{known['expected_revenue_90_days']:,.2f}" in card
    assert f"£{known['value_at_stake']:,.2f} at stake" in card
    stays = real.query("""
        select rfm_segment from customer_rfm_history where customer_id = '12748'
        qualify rfm_segment is distinct from lag(rfm_segment) over (order by month_end) order by month_end
    """)["rfm_segment"]
    assert len(stays) > 1
    path = reader.page.locator("#online_retail-en .customer .path li").all_inner_texts()
    assert [stay.splitlines()[0] for stay in path] == stays.tolist()
    assert known["segment_actions_en"] in card
    assert first["item_name"].iloc[0].strip() in card
    assert first["reason"].iloc[0] in card
    months = real.query("select count(*) as months from customer_monthly where customer_id = '12748'")
    bars = reader.page.locator("#online_retail-en .customer .mark-rect.role-mark path")
    assert bars.count() == months["months"].iloc[0]
    assert reader.problems() == []
    assert "No such customer in this file." in reader.look_up("nobody")
    assert "Customer 12748" in reader.look_up("12748")


def test_the_korean_card_is_in_korean(real_report, real, browser):
    known = real.query("select * from customer_360 where customer_id = '12748'").iloc[0]
    reader = Reader.of(browser, real_report, place="online_retail-ko-overview")
    card = reader.look_up("12748")
    assert "고객 12748" in card
    assert known["rfm_segment_ko"] in card
    assert known["segment_actions_ko"] in card
    reasons = real.query(
        "select reason, reason_ko from recommendations where customer_id = '12748' and rank <= 5"
    )
    assert all(reason in card for reason in reasons["reason_ko"])
    assert not any(reason in card for reason in reasons["reason"])


@pytest.mark.parametrize("article", ["lpoint-en", "online_retail-ko"])
def test_the_report_fits_a_phone(demo_report, browser, article):
    reader = Reader.of(browser, demo_report, width=390, place=f"{article}-overview")
    assert reader.article == article
    assert reader.problems() == []


def test_the_report_prints_without_its_controls(demo_report, browser):
    reader = Reader.of(browser, demo_report)
    reader.page.emulate_media(media="print")
    controls = reader.page.locator("#lpoint-en :is(form.lookup, .switches, .contents)")
    assert controls.count() == 3
    assert not any(control.is_visible() for control in controls.all())
    assert reader.page.locator("#lpoint-en-overview h2").is_visible()
    assert len(reader.page.pdf(format="A4")) > 100_000


def test_the_keyboard_reaches_everything(demo_report, browser):
    reader = Reader.of(browser, demo_report)
    reached = []
    for _ in range(8):
        reader.page.keyboard.press("Tab")
        reached.append(
            reader.page.evaluate("document.activeElement.textContent.trim() || document.activeElement.name")
        )
    switches = ["L.POINT", "Online Retail (UCI)", "English", "한국어"]
    assert reached == ["Skip to the report", "id", "Look up", *switches, "Overview"]
    for _ in range(2):
        reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Enter")
    assert reader.page.evaluate("location.hash") == "#lpoint-en-sales"
    scrolling = reader.page.locator("#lpoint-en .scroll")
    assert all(part.get_attribute("tabindex") == "0" for part in scrolling.all())


def test_hostile_names_are_text(changed, rendered, tmp_path, browser):
    _, shown = rendered
    with duckdb.connect(str(changed)) as connection:
        for table, _ in columns(connection, "customer_id"):  # every text is looked through for every name
            connection.execute(f"delete from {table} where customer_id not in ({BEST})")
        named = connection.execute(
            """
            select table_name, column_name from duckdb_columns()
            where database_name = 'palette' and schema_name = 'main' and data_type = 'VARCHAR'
                and list_contains($shown, table_name)
            """,
            {"shown": list(shown)},
        ).fetchall()
        for retailer in ("lpoint", "online_retail"):
            (customer,) = connection.execute(
                "select max_by(customer_id, revenue) from customer_360 where retailer = ?", [retailer]
            ).fetchone()
            found = connection.execute(
                """
                select item_name from recommendations where retailer = ? and customer_id = ?
                union
                select unnest(string_split(antecedents, ' + ')) from basket_rules where retailer = ?
                union
                (select product_name from product_sales where retailer = ? order by revenue desc limit 3)
                union
                (select category from sales_by_category where retailer = ? order by revenue desc limit 3)
                """,
                [retailer, customer, retailer, retailer, retailer],
            ).fetchall()
            names = [name for (name,) in found]
            values = {"any_name": "|".join(map(re.escape, names))}
            for number, name in enumerate(names):
                values |= {f"name{number}": name, f"hostile{number}": f"{HOSTILE}{number}"}
            for table, column in named:
                if column == "customer_id":
                    connection.execute(
                        f'update {table} set "{column}" = $hostile where "{column}" = $name',
                        {"name": customer, "hostile": HOSTILE_ID},
                    )
                else:
                    renamed = f'"{column}"'
                    for number in range(len(names)):
                        renamed = f"replace({renamed}, $name{number}, $hostile{number})"
                    connection.execute(
                        f"""
                        update {table} set "{column}" = {renamed}
                        where regexp_matches("{column}", $any_name)
                        """,
                        values,
                    )
    out = tmp_path / "report.html"
    write_report(changed, out)
    for article in ("lpoint-en", "online_retail-ko"):
        reader = Reader.of(browser, out, place=f"{article}-overview")
        assert HOSTILE in reader.text("[data-section='sales']")
        assert HOSTILE in reader.text("[data-section='baskets']")
        assert HOSTILE in reader.look_up(HOSTILE_ID)
        reader.page.locator(f"#{article}-baskets-rules .mark-symbol path").first.hover(force=True)
        assert reader.problems() == []
        assert reader.page.locator("img").count() == 0


def test_particulars_of_customers_and_shop_are_text(alone, tmp_path, browser):
    with duckdb.connect(str(alone)) as connection:
        for table, column in columns(connection, "retailer_name", "country", "gender", "age_band"):
            connection.execute(f"update {table} set {column} = ? || {column}", [HOSTILE])
        for table, column in columns(connection, "retailer"):
            connection.execute(f"update {table} set {column} = ? where {column} = 'lpoint'", ['"소매 50%'])
        (customer,) = connection.execute(
            "select min(customer_id) from customer_360 where retailer <> 'online_retail'"
        ).fetchone()
    out = tmp_path / "report.html"
    write_report(alone, out)
    reader = Reader.of(browser, out)
    assert HOSTILE in reader.page.locator("article:not([hidden]) h1").text_content()
    assert HOSTILE in reader.page.locator("article:not([hidden]) [data-section='sales']").text_content()
    field = reader.page.locator("article:not([hidden]) form.lookup input")
    field.fill(customer)
    field.press("Enter")
    reader.page.wait_for_selector("article:not([hidden]) .customer[data-shows]:not([data-shows=''])")
    assert HOSTILE in reader.page.locator("article:not([hidden]) .customer").text_content()
    before = reader.page.evaluate("document.querySelector('article:not([hidden])').dataset.retailer")
    assert before == '"소매 50%'
    reader.page.locator("article:not([hidden]) .switches").get_by_text("한국어").click()
    reader.settle()
    assert reader.page.evaluate("document.documentElement.lang") == "ko"
    assert reader.page.locator("article:not([hidden]) .contents [aria-current]").count() == 1
    assert reader.problems() == []


EMPTIABLE = [
    "sales_by_category",
    "sales_by_demographic",
    "weather_correlation",
    "sales_by_store, order_intervals, feature_correlations, cluster_drift",
    "cluster_diagnostics",
    "cluster_importances",
    "cluster_components",
    "palette_matrix, palette_profiles, customer_palette, palette_category_preferences",
    "palette_prediction_confusion, palette_prediction_metrics, palette_prediction_importances",
    "basket_rules",
    "recommendations, recommendation_choices",
    "recommendation_metrics",
    "recommendation_rule_costs",
    "quality_history",
    "segment_strategies, cluster_strategies, group_advice, customer_advice",
]
# One of a section each, as a report takes seconds.
TOGETHER = [EMPTIABLE[first::4] for first in range(4)]


def test_a_report_without_any_of_it_says_so(alone, tmp_path, browser):
    out = tmp_path / "report.html"
    with duckdb.connect(str(alone)) as connection:
        for marts in EMPTIABLE:
            for mart in marts.split(", "):
                connection.execute(f"delete from {mart}")
        connection.execute(
            "update sales_daily set is_holiday = false, mean_temperature = null, rainfall = null"
        )
    write_report(alone, out)
    reader = Reader.of(browser, out)
    assert reader.problems() == []
    said = " ".join(reader.page.locator("#lpoint-en figure.empty .says").all_inner_texts())
    for sentence in (
        "There are too few customers to compare numbers of clusters.",
        "No products are bought together often enough for a rule",
        "The lists were not judged in this build",
        "No rule was judged in this build.",
        "There is nothing to recommend yet.",
    ):
        assert sentence in said
    shown = reader.page.locator("#lpoint-en [data-section]").evaluate_all(
        "all => all.map(one => one.dataset.section)"
    )
    assert shown == [section for section in SECTIONS if section != "palette"]
    figures = reader.page.locator("#lpoint-en [data-section='sales'] figure")
    drawn = set(figures.evaluate_all("all => all.map(one => one.dataset.figure)"))
    assert drawn == {"day", "month", "week", "product", "country"}
    customer = reader.page.evaluate("document.querySelector('#lpoint-en form input').placeholder").split()[-1]
    assert "There is nothing to offer this customer yet." in reader.look_up(customer)


@pytest.mark.parametrize("parts", TOGETHER)
def test_a_report_without_one_part_of_a_section_has_the_others(omnichannel, monkeypatch, parts):
    monkeypatch.setattr("palette.report.page.LOCALES", {"en": "en_GB"})
    # An empty table stands before the one that was built.
    with duckdb.connect() as connection:
        connection.execute(f"attach '{omnichannel.warehouse}' as built (read_only)")
        connection.execute("set search_path = 'memory.main,built.main'")
        for mart in ", ".join(parts).split(", "):
            connection.execute(f"create table memory.main.{mart} as from built.main.{mart} limit 0")
        connection.execute("""
            create table memory.main.retailer_overview as
            from built.main.retailer_overview where retailer = 'lpoint'
        """)
        page, _ = render(connection, most_customers=5, seed=0)
    shown = len(SECTIONS) - any("palette_matrix" in marts for marts in parts)
    assert page.count("data-section=") == shown


def test_of_many_customers_a_sample_can_be_looked_up(demo, tmp_path, browser):
    out = tmp_path / "sample.html"
    customers = demo.query("select count(*) as customers from customer_360")["customers"][0]
    run = demo.palette("report", "--out", str(out), "--customers", "20", "--seed", "3")
    assert run.code == 0, run.output
    reader = Reader.of(browser, out)
    said = reader.text("footer")
    assert f"a sample of 20 of the {customers} customers, drawn with seed 3" in said


def test_the_same_warehouse_gives_the_same_report(demo_report, rendered):
    page, _ = rendered
    assert page.encode() == demo_report.read_bytes()


def test_the_exposure_lists_the_marts_that_the_report_shows(rendered):
    _, shown = rendered
    listed = runpy.run_path(str(ROOT / "docs/exposures.py"))["listed"]
    exposures = EXPOSURES.read_text()
    assert listed(exposures, shown) == exposures, "`make exposures` writes them anew"
    assert listed(exposures, shown - {"sales_daily"}) == exposures.replace("      - ref('sales_daily')\n", "")


def test_every_figure_names_marts_that_the_report_reads(rendered):
    page, shown = rendered
    named = [
        re.findall(r"<code>(\w+)</code>", source)
        for source in re.findall(r'<span class="source">(.*?)</span>', page, re.DOTALL)
    ]
    assert len(named) > 100
    assert all(named)
    assert {mart for marts in named for mart in marts} <= shown


def test_every_list_has_an_exposure():
    exposures = yaml.safe_load(EXPOSURES.read_text())["exposures"]
    assert {f"{name}_list" for name in [*list_names(), "newcomer"]} <= {each["name"] for each in exposures}


# ---- without customers

SMALL = {"customers": 1, "orders": 30, "revenue": 1e9}  # as large as can be, of one customer


def columns(connection: duckdb.DuckDBPyConnection, *names: str) -> list[tuple[str, str]]:
    """Tables of the marts with columns of these names."""
    return connection.execute(
        """
        select table_name, column_name from duckdb_columns()
        where database_name = 'palette' and schema_name = 'main' and list_contains($names, column_name)
        """,
        {"names": names},
    ).fetchall()


def test_an_anonymous_report_holds_no_customer(changed, tmp_path, browser):
    alone = {
        "sales_by_country": "country",
        "sales_by_category": "category",
        "product_sales": "product_name",
        "sales_by_demographic": "gender",
        "rfm_segment_profiles": "rfm_segment",
    }
    with duckdb.connect(str(changed)) as connection:
        for table, column in columns(connection, "customer_id", "order_id", "order_line_id", "session_id"):
            connection.execute(f"update {table} set {column} = 'PLANTED-' || {column} || '@mail.example'")
        for table, column in alone.items():
            figures = [name for place, name in columns(connection, *SMALL) if place == table]
            planted = ", ".join([f"'PLANTED' as {column}", *(f"{SMALL[name]} as {name}" for name in figures)])
            connection.execute(f"insert into {table} select * replace ({planted}) from {table} limit 1")
        known = {id_ for (id_,) in connection.execute("select customer_id from customers").fetchall()}
    out = tmp_path / "report.html"
    write_report(changed, out, anonymous=True)
    page = out.read_text(encoding="utf-8")
    assert {id_ for id_ in known if id_ in page} == set()
    assert "mail.example" not in page
    assert "PLANTED" not in page
    assert 'class="customers"' not in page
    for article in ("lpoint-en", "online_retail-ko"):
        reader = Reader.of(browser, out, place=f"{article}-overview")
        assert reader.page.locator("form.lookup").count() == 0
        assert reader.charts() > 20
        assert reader.problems() == []
    sections = reader.page.locator("#lpoint-en main > section[data-section]")
    assert [part.get_attribute("data-section") for part in sections.all()] == SECTIONS
    notice = reader.page.locator("#lpoint-en main > .notice").text_content()
    assert notice.startswith("This report holds no customer.")


def test_of_small_groups_alone_an_anonymous_report_says_what_is_so(alone, tmp_path, browser):
    with duckdb.connect(str(alone)) as connection:
        for table, _ in columns(connection, "customers"):
            if table != "retailer_overview":
                connection.execute(f"update {table} set customers = 4")
    out = tmp_path / "report.html"
    write_report(alone, out, anonymous=True)
    reader = Reader.of(browser, out)
    assert reader.problems() == []
    assert reader.text("[data-section='overview'] .lead").startswith("2,500 customers placed")
    said = reader.page.locator("#lpoint-en figure.empty .says").all_inner_texts()
    assert said.count("There are too few customers to show this without single ones.") > 3


def test_a_retailer_of_a_few_customers_is_left_out_of_an_anonymous_report(changed, tmp_path):
    out = tmp_path / "report.html"
    with duckdb.connect(str(changed)) as connection:
        connection.execute("update retailer_overview set customers = 4 where retailer = 'lpoint'")
        page, _ = render(connection, most_customers=5, seed=0, anonymous=True)
        assert "Not in it for having fewer customers than that: L.POINT." in page
        assert 'id="lpoint-en"' not in page
        connection.execute("update retailer_overview set customers = 4")
    with pytest.raises(InputError, match="no retailer has 5 customers"):
        write_report(changed, out, anonymous=True)
    assert not out.exists()


# ---- that the checks can fail


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("<img src='http://192.0.2.1/x.png'>", "asked for http://192.0.2.1/x.png"),
        ("<script>console.error('broken')</script>", "broken"),
        ("<script>throw new Error('thrown')</script>", "thrown"),
        ("<script>alert('opened')</script>", "opened"),
        ("<div style='width: 3000px'>wide</div>", "wider than the page"),
    ],
)
def test_a_fault_is_seen(demo_report, tmp_path, browser, fault, problem):
    broken = tmp_path / "broken.html"
    page = re.sub(r"<meta http-equiv=[^>]*>", "", demo_report.read_text(encoding="utf-8"), count=1)
    broken.write_text(page.replace("<main>", f"<main>{fault}", 1), encoding="utf-8")
    assert problem in Reader.of(browser, broken).problems()


def test_a_chart_without_marks_is_seen(demo_report, tmp_path, browser):
    broken = tmp_path / "broken.html"
    page = demo_report.read_text(encoding="utf-8")
    assert '"lpoint-en-sales-month": {' in page
    start = page.index('"lpoint-en-sales-month": {')
    name = re.search(r'"name": "(data-\w+)"', page[start:]).group(1)
    data = re.compile(rf'"{name}": \[.*?\]')
    broken.write_text(page[:start] + data.sub(f'"{name}": []', page[start:], count=1), encoding="utf-8")
    assert "lpoint-en-sales-month has no marks" in Reader.of(browser, broken).problems()


@pytest.mark.parametrize(
    "part",
    ["<img src='http://192.0.2.1/x.png'>", "<script>alert(1)</script>", "<svg onload=alert(1)></svg>"],
)
def test_the_page_itself_forbids_requests_and_other_scripts(demo_report, tmp_path, browser, part):
    leaking = tmp_path / "leaking.html"
    page = demo_report.read_text(encoding="utf-8")
    leaking.write_text(page.replace("<main>", f"<main>{part}", 1), encoding="utf-8")
    reader = Reader.of(browser, leaking)
    assert reader.complaints != []
    assert all("Content Security Policy" in complaint for complaint in reader.complaints)


# ---- errors


def test_a_report_without_a_warehouse_is_refused(sandbox):
    run = sandbox.run("palette", "report")
    assert run.code == 1
    assert "no warehouse yet, run `make build`" in run.output


def test_a_warehouse_of_an_earlier_version_is_named_and_the_earlier_report_stays(changed, tmp_path, sandbox):
    assert changed == sandbox.warehouse
    with duckdb.connect(str(changed)) as connection:
        connection.execute("drop table customer_monthly")
    out = tmp_path / "report.html"
    out.write_text("earlier")
    run = sandbox.palette("report", "--out", str(out))
    assert run.code == 1
    assert f"{changed}: not a warehouse of this version, run `make build`" in run.output
    assert "customer_monthly" in run.output
    assert out.read_text() == "earlier"
    assert list(tmp_path.glob(f"{UNFINISHED}*")) == []
