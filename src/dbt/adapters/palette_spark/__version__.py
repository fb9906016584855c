"""Version of the adapter: that of the dbt-spark which it extends."""

version = "1.11.0"
