"""The rule `consult` of bench/rules.pact.md in SQL, on the final state alone, in DuckDB with one thread.

    yardstick.py load CSV DATABASE     once, not timed
    yardstick.py ask DATABASE          prints how many are violated, the sum of their deadlines, and CPU time, in seconds
"""

import resource
import sys
import duckdb

ASK = """
with attacks as (select t, zone from history where fact = 'attack'),
     -- From `critical` on there is enough: the fiftieth attack before, or the third of the zones' last ones.
     counted as (
        select t, lag(t, 49) over so_far fiftieth, list_sort([LAST_OF_EACH], 'DESC', 'NULLS LAST')[3] third
        from attacks window so_far as (order by t rows unbounded preceding)),
     critical as (
        select t, max(case when fiftieth is null or third is null then null else least(fiftieth, third) end) critical
        from counted group by t),
     waves as (
        select t from (select *, lag(critical) over (order by t) earlier from critical)
        where critical > t - 86400 and (earlier is null or earlier + 86400 < t)),
     parties as (select 'P' || lpad(i::varchar, 2, '0') party from range(1, 31) r(i)),
     owed as (select party, t, t + 259200 due from waves, parties),
     acts as (select party, t from history where fact = 'consultation'),
     answered as (
        select owed.party, owed.t, due, acts.t done
        from owed asof left join acts on owed.party = acts.party and acts.t >= owed.t),
     last as (select max(recorded) ended from history)
select count(*), coalesce(sum(due), 0)::bigint from answered, last
where due < ended and (done is null or done > due)
"""

command, *paths = sys.argv[1:]
if command == "load":
    source, target = paths
    base = duckdb.connect(target)
    base.execute("create table history as select * from read_csv(?, header = true)", [source])
else:
    base = duckdb.connect(paths[0], read_only=True)
    base.execute("set threads = 1")
    zones = base.execute("select distinct zone from history where fact = 'attack' order by zone").fetchall()
    last = ", ".join(f"max(case when zone = '{zone}' then t end) over so_far" for (zone,) in zones)
    ASK = ASK.replace("LAST_OF_EACH", last)
    violated, due = base.execute(ASK).fetchone()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"violated {violated}\nviolated-due {due}\ncpu {used.ru_utime + used.ru_stime}")
