{{ config(materialized='view') }} {{ union_staged('order_lines', staged_line_columns()) }}
