"""What a Python model asks of the run that it is part of."""

import json
from typing import Any

from palette.core.settings import Settings, SettingsError
from palette.engine.choosing import on_spark


def settings_of(session: Any) -> Settings:
    """Return the settings of the dbt run that a Python model is part of.

    A run that builds one model alone has them too, whatever the vars of the runs before.

    Parameters
    ----------
    session
        What dbt hands the model beside itself.

    Raises
    ------
    SettingsError
        It is no session of a dbt run.
    """
    if on_spark(session):  # the run's hooks were in this process
        from palette.dbt_plugin import ask

        answer = ask("settings")
    else:
        (answer,) = session.execute("select palette_settings()").fetchone() or ("",)
    told = json.loads(answer)
    if "error" in told:
        raise SettingsError(told["error"])
    return Settings.check(told["result"])
