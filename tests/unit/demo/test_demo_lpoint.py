from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import scale

from outside import REFERENCE, outside
from palette.demo import lpoint, write_demo
from palette.demo.lpoint import files

REPO = Path(__file__).parents[3]
HOLIDAYS = ["20190815", "20190912", "20190913"]
TEXT = {"dtype": str, "keep_default_na": False}
STEPS = {
    "missing_product": 1,
    "missing_client": 1,
    "zero_quantity": 2,
    "missing_amount": 2,
    "outlier_amount": 3,
}
KEPT_KINDS = {
    "short_product_code",
    "unknown_product",
    "missing_session_time",
    "missing_device",
    "unknown_client",
}


def read(out: Path) -> SimpleNamespace:
    """Read everything that was written as text, lines and hits indexed by their line number."""
    data, truth = out / "lpoint", out / "truth" / "lpoint"
    shop = SimpleNamespace(
        hits=pd.read_csv(data / files.HITS_FILE, **TEXT),
        lines=pd.read_csv(data / files.LINES_FILE, **TEXT),
        clients=pd.read_csv(data / files.CLIENTS_FILE, **TEXT),
        products=pd.read_csv(data / files.PRODUCTS_FILE, **TEXT),
        weather=pd.read_csv(data / files.WEATHER_FILE),
        types=pd.read_csv(truth / "clients.csv", **TEXT),
        pairs=pd.read_csv(truth / "pairs.csv", dtype={"pd_c_a": str, "pd_c_b": str}),
        affinities=pd.read_csv(truth / "affinities.csv", **TEXT),
        dirty=pd.read_csv(truth / "dirty_lines.csv", **TEXT),
    )
    for table in (shop.hits, shop.lines):
        table.index = pd.RangeIndex(2, len(table) + 2, name="line_number")
    shop.dirty["line_number"] = shop.dirty["line_number"].astype(int)
    shop.step = first_reason(shop.lines)
    shop.kept = understood(shop)
    return shop


def amount_of(lines: pd.DataFrame) -> pd.Series:
    return pd.to_numeric(lines["buy_am"]) * pd.to_numeric(lines["buy_ct"])


def first_reason(lines: pd.DataFrame) -> pd.Series:
    """Give the first cleaning step that drops a line (1 to 3), 0 where it is kept."""
    amount = amount_of(lines)
    step = pd.Series(0, index=lines.index)
    step[(lines["clnt_id"] == "") | (lines["pd_c"] == "")] = 1
    step[(step == 0) & ~(amount > 0)] = 2
    left = amount[step == 0]
    step[(step == 0) & ((amount - left.mean()).abs() > 2 * left.std())] = 3
    return step


def understood(shop: SimpleNamespace) -> pd.DataFrame:
    """Kept lines with amount, category, time and channel."""
    kept = shop.lines[shop.step == 0].assign(
        amount=amount_of(shop.lines), code=lambda x: x["pd_c"].str.zfill(4)
    )
    kept = kept.merge(shop.products.add_prefix("is_"), left_on="code", right_on="is_pd_c", how="left")
    day = pd.to_datetime(kept["de_dt"], format="%Y%m%d")
    return kept.assign(
        category=kept["is_clac_nm1"].fillna("Other Products"),
        units=kept["buy_ct"].astype(int),
        day=day,
        weekday=day.dt.day_of_week,
        is_weekend=(day.dt.day_of_week >= 5) | kept["de_dt"].isin(HOLIDAYS),
        hour=kept["de_tm"].str[:2].astype(int),
        is_online=kept["biz_unit"].str.startswith("A"),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("lpoint")
    write_demo(out, ["lpoint"])
    return out


@pytest.fixture(scope="module")
def shop(folder: Path) -> SimpleNamespace:
    return read(folder)


@pytest.fixture(scope="module")
def other_shop(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    out = tmp_path_factory.mktemp("another_lpoint")
    write_demo(out, ["lpoint"], seed=2)
    return read(out)


@cache
def reference(name: str) -> pd.DataFrame:
    return pd.read_csv(outside(REFERENCE / name))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---------------------------------------------------------------- form


def test_same_arguments_give_the_same_bytes(folder, tmp_path):
    write_demo(tmp_path, ["lpoint"])
    assert contents(tmp_path) == contents(folder)


def test_files_have_the_names_and_columns_of_a_delivery(folder):
    delivery = "제6회 L.POINT Big Data Competition-분석용데이터-"
    columns = {
        f"{delivery}01.온라인 행동 정보.csv": (
            "clnt_id,sess_id,hit_seq,action_type,biz_unit,sess_dt,hit_tm,hit_pss_tm,trans_id,sech_kwd,"
            "tot_pag_view_ct,tot_sess_hr_v,trfc_src,dvc_ctg_nm"
        ),
        f"{delivery}02.거래 정보.csv": "clnt_id,trans_id,trans_seq,biz_unit,pd_c,de_dt,de_tm,buy_am,buy_ct",
        f"{delivery}03.고객 Demographic 정보.csv": "clnt_id,clnt_gender,clnt_age",
        f"{delivery}04.상품분류 정보.csv": "pd_c,clac_nm1,clac_nm2,clac_nm3",
        "weather.csv": "date,mean_temperature,rainfall",
    }
    headers = {path.name: path.read_text("utf-8").split("\n", 1)[0] for path in (folder / "lpoint").iterdir()}
    assert headers == columns
    assert sorted(path.name for path in (folder / "truth" / "lpoint").iterdir()) == [
        "affinities.csv",
        "clients.csv",
        "dirty_lines.csv",
        "pairs.csv",
    ]


@pytest.mark.slow
def test_values_have_the_form_of_the_real_ones(shop):
    hits, lines = shop.hits, shop.lines
    assert hits["hit_tm"].str.fullmatch(r"([01]\d|2[0-3]):[0-5]\d").all()
    assert lines["de_tm"].str.fullmatch(r"([01]\d|2[0-3]):[0-5]\d").all()
    for day in (hits["sess_dt"], lines["de_dt"]):
        assert day.str.fullmatch(r"2019(07|08|09)\d\d").all()
        assert day.nunique() == 92
    assert set(hits["action_type"]) == set("012345678")
    assert set(hits["biz_unit"]) == {"A01", "A02", "A03"}
    assert set(lines["biz_unit"]) == {"A01", "A02", "A03", "B01", "B02", "B03"}
    assert set(hits["dvc_ctg_nm"]) == {"mobile_app", "mobile_web", "PC", ""}
    assert set(hits["trfc_src"]) <= {
        "DIRECT",
        "PUSH",
        "WEBSITE",
        "PORTAL_1",
        "PORTAL_2",
        "PORTAL_3",
        "unknown",
    }
    assert lines["pd_c"].str.fullmatch(r"\d{0,4}").all()
    assert shop.products["pd_c"].str.fullmatch(r"\d{4}").all()
    assert set(shop.clients["clnt_gender"]) == {"F", "M", "unknown"}
    assert set(shop.clients["clnt_age"]) == {"10", "20", "30", "40", "50", "60", "unknown"}
    for column in ("clnt_id", "sess_id", "hit_seq", "hit_pss_tm", "tot_pag_view_ct"):
        assert hits[column].str.fullmatch(r"\d+").all()
    assert hits["tot_sess_hr_v"].str.fullmatch(r"([1-9]\d*)?").all()
    assert ((hits["sech_kwd"] != "") == (hits["action_type"] == "0")).all()


def test_a_session_is_one_visit(shop):
    hits = shop.hits.astype({"sess_id": int, "hit_seq": int, "hit_pss_tm": int})
    sessions = hits.groupby(["clnt_id", "sess_id"])
    constant = ["biz_unit", "sess_dt", "tot_pag_view_ct", "tot_sess_hr_v", "trfc_src", "dvc_ctg_nm"]
    assert sessions[constant].nunique().eq(1).all(axis=None)
    assert (sessions["hit_seq"].max() == sessions.size()).all()
    assert (sessions["hit_seq"].min() == 1).all()
    assert (hits["hit_pss_tm"] >= sessions["hit_pss_tm"].shift().fillna(0)).all()
    per_client = sessions.size().reset_index().groupby("clnt_id")["sess_id"]
    assert (per_client.max() == per_client.size()).all()
    first = hits[hits["hit_seq"] == 1]
    begins = first["sess_dt"] + first["hit_tm"]
    assert (begins >= begins.groupby(first["clnt_id"]).shift().fillna("")).all()


def test_online_orders_are_in_both_files(shop):
    columns = ["clnt_id", "trans_id", "biz_unit", "day", "time"]
    bought = shop.hits[shop.hits["action_type"] == "6"].rename(columns={"sess_dt": "day", "hit_tm": "time"})
    sold = shop.lines[shop.lines["biz_unit"].str.startswith("A")].rename(
        columns={"de_dt": "day", "de_tm": "time"}
    )
    assert set(map(tuple, bought[columns].to_numpy())) == set(map(tuple, sold[columns].to_numpy()))
    assert ((shop.hits["trans_id"] != "") == (shop.hits["action_type"] == "6")).all()


def test_an_order_has_one_client_unit_and_time(shop):
    orders = shop.lines.astype({"trans_seq": int}).groupby("trans_id")
    assert orders[["clnt_id", "biz_unit", "de_dt", "de_tm"]].nunique().eq(1).all(axis=None)
    assert (orders["trans_seq"].max() == orders.size()).all()
    assert not shop.lines.duplicated(["trans_id", "trans_seq"]).any()


def test_size_and_channels_are_as_promised(shop):
    assert len(shop.clients) == len(shop.types) == 8000
    assert set(shop.clients["clnt_id"]) == set(shop.types["clnt_id"])
    assert 110_000 < len(shop.lines) < 130_000
    assert 380_000 < len(shop.hits) < 500_000
    channels = shop.kept.groupby("clnt_id")["is_online"].agg(["min", "max"])
    group = np.select([channels["min"], ~channels["max"]], ["online_only", "offline_only"], "both")
    told = shop.types.set_index("clnt_id")["channel_group"]
    assert told[channels.index].tolist() == group.tolist()
    assert told.value_counts().to_dict() == {
        "browser": 5500,
        "both": 1500,
        "offline_only": 700,
        "online_only": 300,
    }
    with_hits = told.reindex(shop.hits["clnt_id"].unique()).value_counts()
    assert with_hits.to_dict() == {"browser": 5500, "both": 1500, "online_only": 300}


def test_number_of_clients_can_be_set_down_to_one(tmp_path):
    for customers in (1, 3, 100):
        write_demo(tmp_path, ["lpoint"], customers=customers)
        assert len(pd.read_csv(tmp_path / "lpoint" / files.CLIENTS_FILE)) == customers


def test_chunks_of_clients_make_one_shop(tmp_path, monkeypatch):
    monkeypatch.setattr(lpoint, "CLIENTS_AT_ONCE", 130)
    write_demo(tmp_path, ["lpoint"], customers=1000)
    shop = read(tmp_path)
    assert set(shop.clients["clnt_id"]) == {*shop.types["clnt_id"]}
    assert not shop.lines.duplicated(["trans_id", "trans_seq"]).any()
    assert not shop.hits.duplicated(["clnt_id", "sess_id", "hit_seq"]).any()
    assert planted_steps(shop).to_dict() == shop.step[shop.step > 0].to_dict()
    outliers = shop.step.eq(3).sum()
    assert outliers == np.ceil(0.0001 * len(shop.lines))


# ---------------------------------------------------------------- dirt


def planted_steps(shop: SimpleNamespace) -> pd.Series:
    told = shop.dirty[(shop.dirty["file"] == "transactions") & (shop.dirty["cleaning_step"] != "")]
    return told.set_index("line_number")["cleaning_step"].astype(int).sort_index()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["shop", "other_shop"])
def test_cleaning_finds_exactly_the_planted_dirt(name, request):
    shop = request.getfixturevalue(name)
    assert planted_steps(shop).to_dict() == shop.step[shop.step > 0].to_dict()
    amount = amount_of(shop.lines)[shop.step != 2]
    left = amount[shop.step != 1]
    bound = left.mean() + 2 * left.std()
    assert 2 * shop.kept["amount"].max() < bound < amount[shop.step == 3].min() / 10
    assert amount[shop.step == 3].between(9e8, 1e9).all()


def test_every_kind_of_dirt_is_present_and_told(shop):
    dirty = shop.dirty
    assert set(dirty["kind"]) == set(STEPS) | KEPT_KINDS
    step = dirty["kind"].map(
        {**dict.fromkeys(KEPT_KINDS, ""), **{kind: str(step) for kind, step in STEPS.items()}}
    )
    assert dirty["cleaning_step"].tolist() == step.tolist()

    def of_kind(kind: str) -> pd.DataFrame:
        told = dirty[dirty["kind"] == kind]
        table = shop.lines if told["file"].iloc[0] == "transactions" else shop.hits
        rows = table.loc[told["line_number"]]
        keys = [
            column for column in ("clnt_id", "trans_id", "trans_seq", "sess_id", "hit_seq") if column in rows
        ]
        assert rows[keys].to_numpy().tolist() == told[keys].to_numpy().tolist()
        return rows

    listed = set(shop.products["pd_c"])
    assert of_kind("missing_product")["pd_c"].eq("").all()
    assert of_kind("missing_client")["clnt_id"].eq("").all()
    assert of_kind("zero_quantity")["buy_ct"].eq("0").all()
    assert of_kind("missing_amount")["buy_am"].eq("").all()
    assert of_kind("missing_session_time")["tot_sess_hr_v"].eq("").all()
    assert of_kind("missing_device")["dvc_ctg_nm"].eq("").all()
    assert not of_kind("unknown_client")["clnt_id"].isin(shop.clients["clnt_id"]).any()
    assert not of_kind("unknown_product")["pd_c"].str.zfill(4).isin(listed).any()
    short = of_kind("short_product_code")["pd_c"]
    assert short.str.fullmatch(r"[1-9]\d{0,2}").all()
    assert short.str.zfill(4).isin(listed).all()


def test_nothing_else_is_dirty(shop):
    def lines_of(file: str, kind: str) -> set[int]:
        return set(shop.dirty.loc[(shop.dirty["file"] == file) & (shop.dirty["kind"] == kind), "line_number"])

    lines, hits = shop.lines, shop.hits
    is_listed = lines["pd_c"].str.zfill(4).isin(shop.products["pd_c"])
    assert set(lines.index[lines["pd_c"].str.len().between(1, 3)]) == lines_of(
        "transactions", "short_product_code"
    )
    assert set(lines.index[(lines["pd_c"] != "") & ~is_listed]) == lines_of("transactions", "unknown_product")
    assert set(hits.index[hits["tot_sess_hr_v"] == ""]) == lines_of(
        "online_behaviour", "missing_session_time"
    )
    assert set(hits.index[hits["dvc_ctg_nm"] == ""]) == lines_of("online_behaviour", "missing_device")
    is_known = hits["clnt_id"].isin(shop.clients["clnt_id"])
    assert set(hits.index[~is_known]) == lines_of("online_behaviour", "unknown_client")


# ---------------------------------------------------------------- the published shape


def test_gender_and_age(shop):
    clients = shop.clients
    is_buyer = clients["clnt_id"].isin(shop.kept["clnt_id"])
    is_known = clients["clnt_gender"] != "unknown"
    assert ((clients["clnt_age"] != "unknown") == is_known).all()
    assert (~is_known).mean() == pytest.approx(0.83, abs=0.025)
    assert (~is_known[is_buyer]).mean() == pytest.approx(0.42, abs=0.03)
    assert clients.loc[is_known, "clnt_gender"].eq("F").mean() == pytest.approx(0.85, abs=0.03)
    ages = clients.loc[is_known, "clnt_age"].value_counts(normalize=True)
    for age, share in {"10": 0.004, "20": 0.08, "30": 0.35, "40": 0.40, "50": 0.14, "60": 0.03}.items():
        assert ages[age] == pytest.approx(share, abs=0.04)


def test_older_clients_spend_more(shop):
    spent = shop.kept.groupby("clnt_id")["amount"].sum().rename("spent").reset_index()
    per_head = spent.merge(shop.clients, on="clnt_id").groupby("clnt_age")["spent"].mean().drop("unknown")
    assert per_head.is_monotonic_increasing


def test_devices_and_single_hits(shop):
    sessions = shop.hits.groupby(["clnt_id", "sess_id"]).agg(
        hits=("hit_seq", "size"), device=("dvc_ctg_nm", "first")
    )
    devices = sessions["device"].value_counts(normalize=True)
    for device, share in {"mobile_web": 0.50, "mobile_app": 0.35, "PC": 0.15}.items():
        assert devices[device] == pytest.approx(share, abs=0.02)
    assert sessions["hits"].eq(1).mean() == pytest.approx(0.40, abs=0.06)


def test_sources_of_traffic_by_unit(shop):
    source = shop.hits.groupby("biz_unit")["trfc_src"].value_counts(normalize=True)
    assert source["A01", "unknown"] == pytest.approx(160_458 / 189_886, abs=0.04)
    assert source["A02", "unknown"] > 0.98
    assert source["A03"].index[:4].tolist() == ["DIRECT", "PUSH", "WEBSITE", "PORTAL_1"]
    assert source["A03", "DIRECT"] == pytest.approx(0.74, abs=0.03)
    units = shop.hits["biz_unit"].value_counts(normalize=True)
    assert units["A03"] == pytest.approx(0.73, abs=0.05)
    assert units["A02"] == pytest.approx(0.21, abs=0.05)


def test_revenue_by_weekday(shop):
    revenue = shop.kept.groupby("weekday")["amount"].sum()
    assert revenue.idxmax() == 5
    assert revenue.idxmin() == 6
    assert revenue[:4].max() < 1.25 * revenue[:4].min()


def test_purchases_by_hour(shop):
    by_hour = shop.kept.groupby("hour").size()
    assert by_hour.idxmax() == 17
    assert by_hour[9] < by_hour[10] < by_hour[11]
    assert by_hour[18] > by_hour[19] > by_hour[20] > by_hour[21] > by_hour[22]
    orders = shop.kept.drop_duplicates("trans_id").groupby("biz_unit")["hour"]
    assert orders.get_group("A01").mode()[0] in (22, 23)
    assert orders.get_group("A02").mode()[0] in (22, 23)
    assert orders.get_group("A03").mode()[0] == 11


def test_category_mix_of_the_mart(shop):
    published = reference("lpoint_categories.csv").set_index("clac_nm1")["offline_line_count"].dropna()
    own = shop.kept[shop.kept["biz_unit"] == "B02"]["category"].value_counts()
    assert published.corr(own.reindex(published.index).fillna(0), method="spearman") > 0.8


def test_orders_per_buyer(shop):
    online = shop.kept[shop.kept["is_online"]].groupby("clnt_id")["trans_id"].nunique()
    assert online.quantile([0.5, 0.9]).tolist() == pytest.approx([1.5, 5.5], abs=1)
    assert 10 <= online.quantile(0.99) <= 20
    orders = shop.kept.groupby("clnt_id")["trans_id"].nunique()
    both = shop.types.loc[shop.types["channel_group"] == "both", "clnt_id"]
    assert orders[both].median() >= 6
    assert len(shop.kept) / shop.kept["trans_id"].nunique() == pytest.approx(600_000 / 115_000, abs=0.5)


def test_weather_is_a_summer_that_revenue_ignores(shop):
    weather = shop.weather
    assert weather["date"].tolist() == [str(day)[:10] for day in pd.date_range("2019-07-01", "2019-09-30")]
    assert weather["mean_temperature"].between(12, 34).all()
    assert weather["rainfall"].ge(0).all()
    assert 0.2 < weather["rainfall"].gt(0).mean() < 0.6
    revenue = shop.kept.groupby("day")["amount"].sum().to_numpy()
    assert abs(np.corrcoef(revenue, weather["mean_temperature"])[0, 1]) < 0.3
    assert abs(np.corrcoef(revenue, weather["rainfall"])[0, 1]) < 0.3


# ---------------------------------------------------------------- products


def test_products_are_the_published_ones(shop):
    products = shop.products
    assert products["pd_c"].is_unique
    assert products["clac_nm3"].is_unique
    assert products["clac_nm1"].nunique() == 60
    named = set(zip(products["clac_nm1"], products["clac_nm3"], strict=True))
    paths = set(map(tuple, products[["clac_nm1", "clac_nm2", "clac_nm3"]].to_numpy()))
    assert set(reference("lpoint_categories.csv")["clac_nm1"]) < set(products["clac_nm1"])
    assert set(map(tuple, reference("lpoint_subcategories.csv").to_numpy())) <= named
    assert set(map(tuple, reference("lpoint_hierarchy_sample.csv").to_numpy())) <= paths


def test_every_category_has_a_super_category(shop):
    seed = pd.read_csv(REPO / "seeds" / "core" / "super_categories.csv")
    seed = seed[seed["preset"] == "lpoint"]
    assert seed["category"].is_unique
    assert set(seed["category"]) == set(shop.products["clac_nm1"])
    assert seed["super_category"].nunique() == 13


# ---------------------------------------------------------------- the planted truth


def test_behaviour_does_not_predict_taste(shop):
    counts = pd.crosstab(shop.types["behaviour_type"], shop.types["taste_type"])
    expected = np.outer(counts.sum(axis=1), counts.sum()) / counts.to_numpy().sum()
    assert counts.shape == (4, 3)
    assert (abs(counts - expected) < 4 * np.sqrt(expected)).all(axis=None)


@pytest.mark.parametrize("name", ["shop", "other_shop"])
def test_planted_pairs_are_frequent_and_strong(name, request):
    shop = request.getfixturevalue(name)
    orders = shop.kept.groupby("code")["trans_id"].agg(set)
    assert len(shop.pairs) == 8
    for a, b in zip(shop.pairs["pd_c_a"], shop.pairs["pd_c_b"], strict=True):
        together = len(orders[a] & orders[b])
        assert together / shop.kept["trans_id"].nunique() > 0.04
        assert together / max(len(orders[a]), len(orders[b])) > 0.8


def test_pairs_belong_to_a_taste(shop):
    lines = shop.kept.merge(shop.types, on="clnt_id")
    for pair in shop.pairs.itertuples():
        sold = lines[lines["code"] == pair.pd_c_a]["taste_type"].value_counts(normalize=True)
        assert sold.idxmax() == pair.taste_type
        assert sold.max() > 0.5


def test_clients_come_back_for_their_favourites(shop):
    lines = shop.kept.groupby(["clnt_id", "code"]).size().rename("lines").reset_index()
    loved = lines.merge(shop.affinities, left_on=["clnt_id", "code"], right_on=["clnt_id", "pd_c"])
    assert shop.affinities.groupby("clnt_id").size().eq(6).all()
    assert set(shop.affinities["clnt_id"]) == set(shop.kept["clnt_id"])
    assert loved["lines"].mean() > 1.4 * lines["lines"].mean()
    assert 0.1 < loved["lines"].sum() / lines["lines"].sum() < 0.4


def test_drift_changes_what_it_says(shop):
    orders = shop.kept.drop_duplicates("trans_id").merge(shop.types, on="clnt_id")
    later = orders["de_dt"].ge("20190816").groupby(orders["drift"]).mean()
    assert later["quieter"] + 0.15 < later["none"] < later["busier"] - 0.15
    types = shop.types
    assert (types["taste_type"] != types["taste_after"]).equals(types["drift"] == "taste")
    assert (types["drift_from"] == "2019-08-16").equals(types["drift"] != "none")
    assert types.loc[types["channel_group"] != "browser", "drift"].ne("none").mean() == pytest.approx(
        0.15, abs=0.03
    )
    moved = types[(types["drift"] == "taste") & (types["taste_after"] == "food_lover")]["clnt_id"]
    lines = shop.kept[shop.kept["clnt_id"].isin(moved)]
    is_fresh = lines["category"].isin(["Vegetables", "Meats", "Fruits", "Sea Foods", "Dairy Products"])
    fresh = is_fresh.groupby(lines["de_dt"] >= "20190816").mean()
    assert fresh[True] > 1.2 * fresh[False]


# ---------------------------------------------------------------- the study finds it


def shared_out(values: pd.Series) -> pd.Series:
    return np.ceil(9 * values.rank(method="max", pct=True) - 1e-9)


def preferences(shop: SimpleNamespace, clients: pd.Index) -> pd.DataFrame:
    """Preference scores of the 13 super-categories, with equal weights of recency, frequency and monetary."""
    seed = pd.read_csv(REPO / "seeds" / "core" / "super_categories.csv")
    named = seed[seed["preset"] == "lpoint"].set_index("category")["super_category"]
    lines = shop.kept[shop.kept["clnt_id"].isin(clients)]
    lines = lines.assign(super_category=lines["category"].map(named))
    there = lines.groupby(["clnt_id", "super_category"])
    scores = there.agg(
        last=("day", "max"), lines=("amount", "size"), amount=("amount", "sum"), units=("units", "sum")
    )
    price_adjusted = scores["amount"] / scores.groupby("super_category")["amount"].transform("mean")
    index = (shared_out(scores["last"]) + shared_out(scores["lines"]) + shared_out(price_adjusted)) / 3
    share = scores["units"] / scores.groupby("clnt_id")["units"].transform("sum")
    return (share * np.log10(scores["amount"]) * index).unstack(fill_value=0).loc[clients]


def behaviour(shop: SimpleNamespace, clients: pd.Index) -> pd.DataFrame:
    """Time ratios, vitalities, recency, frequency and monetary."""
    lines = shop.kept[shop.kept["clnt_id"].isin(clients)]
    orders = lines.drop_duplicates("trans_id")
    orders = orders.assign(is_dawn=orders["hour"].between(1, 8), is_afternoon=orders["hour"].between(9, 18))
    times = orders.groupby("clnt_id")[["is_weekend", "is_dawn", "is_afternoon"]].mean()
    offline = (
        lines[~lines["is_online"]]
        .groupby("clnt_id")
        .agg(units=("units", "sum"), lines=("amount", "size"), amount=("amount", "sum"))
    )
    hits = shop.hits[shop.hits["tot_sess_hr_v"] != ""]
    hits = hits.astype({"tot_sess_hr_v": int, "tot_pag_view_ct": int})
    sessions = hits.groupby(["clnt_id", "sess_id"]).agg(
        hits=("hit_seq", "size"), views=("tot_pag_view_ct", "max"), seconds=("tot_sess_hr_v", "max")
    )
    online = (sessions["hits"] * sessions["views"] * np.log10(sessions["seconds"])).groupby("clnt_id").mean()
    by_client = lines.groupby("clnt_id")
    return times.assign(
        weekday=1 - times["is_weekend"],
        dinner=1 - times["is_dawn"] - times["is_afternoon"],
        offline_vitality=np.log1p(offline["units"] * offline["lines"] * np.log10(offline["amount"])),
        online_vitality=np.log1p(online.reindex(times.index).fillna(0)),
        recency=shared_out(by_client["day"].max()),
        frequency=shared_out(by_client["trans_id"].nunique()),
        monetary=shared_out(by_client["amount"].sum()),
    ).loc[clients]


def recovery(table: pd.DataFrame, truth: pd.Series, k: int, reduce: Callable[..., np.ndarray]) -> float:
    found = KMeans(k, n_init=10, random_state=0).fit_predict(reduce(scale(table)))
    return float(adjusted_rand_score(truth[table.index], found))


@pytest.mark.parametrize("name", ["shop", "other_shop"])
def test_the_method_of_the_study_finds_the_types_but_not_all(name, request):
    shop = request.getfixturevalue(name)
    types = shop.types.set_index("clnt_id")
    clients = types.index[types["channel_group"] == "both"]
    svd = TruncatedSVD(5, random_state=0)
    assert 0.65 < recovery(preferences(shop, clients), types["taste_type"], 3, lambda x: x) < 0.95
    assert 0.6 < recovery(behaviour(shop, clients), types["behaviour_type"], 4, svd.fit_transform) < 0.95
