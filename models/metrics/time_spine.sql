with

    dates as (select * from {{ ref('dates') }}), time_spine as (select distinct date_day from dates)

select *
from time_spine
