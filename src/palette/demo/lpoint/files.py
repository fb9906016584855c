"""The files of the delivery, and the weather beside them."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from palette.demo.drawing import Bools, Columns, Ints, Rng, choose
from palette.demo.lpoint.clients import DRIFTS, GROUPS, STEADY, UNKNOWN, People
from palette.demo.lpoint.dirt import MISSING_CLIENT, NO_AMOUNT, NO_PRODUCT, SHORT_CODE
from palette.demo.lpoint.sessions import PURCHASE, SEARCH, traffic_sources
from palette.demo.lpoint.shop import Shop
from palette.demo.lpoint.times import DAYS, FIRST_DAY, MINUTES, day_of
from palette.demo.tables import write_table

DELIVERY = "제6회 L.POINT Big Data Competition-분석용데이터-"
HITS_FILE = f"{DELIVERY}01.온라인 행동 정보.csv"
LINES_FILE = f"{DELIVERY}02.거래 정보.csv"
CLIENTS_FILE = f"{DELIVERY}03.고객 Demographic 정보.csv"
PRODUCTS_FILE = f"{DELIVERY}04.상품분류 정보.csv"
WEATHER_FILE = "weather.csv"
HIT_COLUMNS = (
    *("clnt_id", "sess_id", "hit_seq", "action_type", "biz_unit", "sess_dt", "hit_tm", "hit_pss_tm"),
    *("trans_id", "sech_kwd", "tot_pag_view_ct", "tot_sess_hr_v", "trfc_src", "dvc_ctg_nm"),
)
LINE_COLUMNS = (
    *("clnt_id", "trans_id", "trans_seq", "biz_unit", "pd_c", "de_dt", "de_tm", "buy_am", "buy_ct"),
)


class Csv:
    """A UTF-8 CSV file that grows a table at a time; `length` counts its lines, header included."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path, self.columns, self.length = path, list(columns), 0

    def __enter__(self) -> Self:
        """Begin the file with its header."""
        self.file: BinaryIO = self.path.open("wb")
        self.file.write((",".join(self.columns) + "\n").encode())
        self.length = 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the file."""
        self.file.close()

    def append(self, table: Any) -> None:
        """Append an Arrow table of these columns; no value needs quotes."""
        options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
        pa.csv.write_csv(table.select(self.columns), self.file, options)
        self.length += table.num_rows


def table_of_lines(shop: Shop, some: People, orders: Columns, lines: Columns, first_order: int) -> Any:
    """Transactions of a chunk as they are delivered."""
    source = lines["source"]
    return pa.table(
        {
            "clnt_id": pa.array(some.client[orders["who"][source]], mask=lines["kind"] == MISSING_CLIENT),
            "trans_id": first_order + lines["order"],
            "trans_seq": lines["seq"],
            "biz_unit": texts_at(shop.units, orders["unit"][source]),
            "pd_c": _product_codes(shop, lines),
            "de_dt": texts_at(_dates(), orders["day"][source]),
            "de_tm": texts_at(_times(), orders["minute"][source]),
            "buy_am": pa.array(lines["amount"], mask=lines["amount"] == NO_AMOUNT),
            "buy_ct": lines["count"],
        }
    )


def _product_codes(shop: Shop, lines: Columns) -> Any:
    product, known = lines["product"], list(shop.products["pd_c"])
    unlisted = [f"{code:04d}" for code in range(int(max(known)) + 1)]
    texts = [*known, *(code.lstrip("0") for code in known), *unlisted]
    index = np.where(lines["kind"] == SHORT_CODE, product + len(known), product)
    index = np.where(product < 0, 2 * len(known) - product, index)
    return pa.array(texts).take(pa.array(index, mask=product == NO_PRODUCT))


def table_of_hits(
    shop: Shop, some: People, sessions: Columns, totals: Columns, hits: Columns, first_order: int, rng: Rng
) -> Any:
    """Hits of a chunk as they are delivered; what was searched for is drawn here."""
    session, action = hits["session"], hits["action"]
    words = shop.spec["keywords"]
    weight = 1 / (1 + np.arange(len(words)))
    minute = sessions["start"][session] + hits["passed"] // 60_000
    seconds, device = totals["seconds"][session], totals["device"][session]
    return pa.table(
        {
            "clnt_id": some.client[sessions["who"]][session],
            "sess_id": sessions["sess_id"][session],
            "hit_seq": hits["seq"],
            "action_type": action,
            "biz_unit": texts_at(shop.units, sessions["unit"][session]),
            "sess_dt": texts_at(_dates(), sessions["day"][session]),
            "hit_tm": texts_at(_times(), minute),
            "hit_pss_tm": hits["passed"],
            "trans_id": pa.array(first_order + sessions["order"][session], mask=action != PURCHASE),
            "sech_kwd": texts_at(words, choose(weight, len(session), rng), action != SEARCH),
            "tot_pag_view_ct": totals["views"][session],
            "tot_sess_hr_v": pa.array(seconds, mask=seconds == 0),
            "trfc_src": texts_at(traffic_sources(shop), sessions["source"][session]),
            "dvc_ctg_nm": texts_at(list(shop.spec["devices"]), device, device < 0),
        }
    )


def texts_at(texts: Sequence[str], index: Ints, missing: Bools | None = None) -> Any:
    """Take texts by number, null where one is missing."""
    return pa.array(texts, pa.string()).take(pa.array(index, mask=missing))


def _dates() -> list[str]:
    return [str(FIRST_DAY + np.timedelta64(day, "D")).replace("-", "") for day in range(DAYS)]


def _times() -> list[str]:
    return [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(MINUTES)]


def write_products(shop: Shop, path: Path) -> None:
    """Write the product table."""
    columns = ["pd_c", "clac_nm1", "clac_nm2", "clac_nm3"]
    write_table(shop.products[columns].sort_values("pd_c"), path)


def write_weather(spec: dict[str, Any], rng: Rng, path: Path) -> None:
    """Write a summer that nobody's shopping depends on: warm spells last a few days, rain comes at random."""
    start, top, end = spec["temperatures"]
    usual = np.interp(np.arange(DAYS), [0, day_of(spec["top"]), DAYS - 1], [start, top, end])
    noise = rng.normal(0, spec["noise"], DAYS)
    spell = np.convolve(noise, [0.6, 0.5, 0.4, 0.3])[:DAYS]
    rain = rng.standard_gamma(0.8, DAYS) * spec["rainfall"] / 0.8
    is_rainy = rng.random(DAYS) < spec["rainy"]
    table = pd.DataFrame(
        {
            "date": FIRST_DAY + np.arange(DAYS),
            "mean_temperature": (usual + spell).round(1),
            "rainfall": np.where(is_rainy, rain, 0.0).round(1),
        }
    )
    write_table(table, path)


def write_clients(shop: Shop, people: People, path: Path, truth: Path) -> None:
    """Write the demographics, and the types, of everybody who has a row there."""
    known = people.part(people.group != UNKNOWN)
    ages = np.array(["unknown", *(str(age) for age in range(10, 70, 10))])
    genders = np.array(["unknown", "F", "M"])
    demographics = {
        "clnt_id": known.client,
        "clnt_gender": genders[known.gender],
        "clnt_age": ages[known.age // 10],
    }
    with Csv(path, list(demographics)) as file:
        file.append(pa.table(demographics))
    tastes = np.array(shop.tastes)
    is_steady = known.drift == STEADY
    types = {
        "clnt_id": known.client,
        "behaviour_type": np.array([kind.name for kind in shop.behaviours])[known.behaviour],
        "taste_type": tastes[known.taste],
        "channel_group": np.array(GROUPS)[known.group],
        "style": np.array(shop.spec["styles"]["names"])[known.style],
        "drift": np.array(DRIFTS)[known.drift],
        "drift_from": pa.array(np.full(len(known), str(shop.spec["drift"]["from"])), mask=is_steady),
        "taste_after": tastes[known.taste_after],
    }
    with Csv(truth, list(types)) as file:
        file.append(pa.table(types))
