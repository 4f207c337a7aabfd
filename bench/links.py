"""Yardsticks for corroboration, on the same reports and the same held-out cities as `servanda-bench links measure`.

    links.py CSV FOLDS      prints lines `name figure`: pair F1 and B3 of Splink and of MELTT, CPU seconds

FOLDS is what `servanda-bench links folds` prints: report and fold. Each fold is held out once. Splink learns without labels
(expectation maximisation, as its documentation has it) on the other folds; MELTT has nothing to learn. Thresholds and windows
are those that do best on the other folds, by pair F1 and B3 together, as for ours.

MELTT is not on PyPI: this is its published algorithm (Donnay, Dunford, McGrath, Backer, Cunningham, Journal of Conflict
Resolution 2019), written anew: data sets (here: sources) are merged one after another; two entries are candidates within a
window of days and kilometres; each taxonomy (actor, kind, precision, from fine to coarse) scores a match on its finest common
level, normalised by the rarity of that level; each entry takes its best candidate, ties to the nearest.
"""

import collections
import itertools
import re
import resource
import sys
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")


def figures(groups):
    """Sums of a measurement from pairs (found, true) by report."""
    both = collections.Counter(groups)
    found = collections.Counter(f for f, _ in groups)
    true = collections.Counter(t for _, t in groups)
    pairs = lambda n: n * (n - 1) // 2
    return np.array([
        sum(map(pairs, both.values())), sum(map(pairs, found.values())), sum(map(pairs, true.values())),
        sum(n * n / found[f] for (f, _), n in both.items()), sum(n * n / true[t] for (_, t), n in both.items()),
        len(groups),
    ], dtype=float)


def scores(s):
    right, found, true, p, r, n = s
    p, r = p / n, r / n
    return 2 * right / max(found + true, 1), 2 * p * r / max(p + r, 1e-12)


def best(candidates, training, held, run):
    """The settings that do best on the training reports, and what they give on the held-out ones."""
    chosen = max(candidates, key=lambda setting: sum(scores(run(setting, training))))
    return chosen, run(chosen, held)


def joined(ids, links):
    root = {i: i for i in ids}

    def of(i):
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for a, b in links:
        a, b = of(a), of(b)
        root[max(a, b)] = min(a, b)
    return {i: of(i) for i in ids}


def read(csv, folds):
    data = pd.read_csv(csv)
    fold = dict(line.strip().rsplit(",", 1) for line in open(folds) if line.strip())
    data = data[data.id.isin(list(fold))].copy()
    data["fold"] = data.id.map(fold).astype(int)
    for name in ["date_start", "date_end"]:
        data[name] = pd.to_datetime(data[name])
    kinds = data[[f"actor{i}_violence" for i in range(1, 7)]].fillna("").agg(";".join, axis=1)
    data["kind"] = kinds.map(lambda t: ";".join(sorted({k.strip() for k in t.split(";")} - {"", "Unknown", "Other"})))
    data["place"] = data.location.fillna(data.city).fillna("").str.lower()
    return data.reset_index(drop=True)


def same_place_and_day(data):
    total = np.zeros(6)
    for fold in sorted(data.fold.unique()):
        held = data[data.fold == fold]
        groups = held.groupby(["latitude", "longitude", "date_start"], dropna=False).ngroup()
        total += figures(list(zip(groups, held.event_id)))
    return total


def splink(data):
    import splink.comparison_library as cl
    from splink import Linker, SettingsCreator, block_on
    from splink.internals.duckdb.database_api import DuckDBAPI

    frame = pd.DataFrame({
        "unique_id": data.index,
        "day": data.date_start.dt.strftime("%Y-%m-%d"),
        "latitude": data.latitude, "longitude": data.longitude,
        "place": data.place, "actor": data.actor1.fillna(""), "other": data.actor2.fillna(""),
        "kind": data.kind, "dead": data.deaths_best.astype(str), "hurt": data.injuries_best.astype(str),
        "context": data.event_context.replace("Unknown", "").fillna(""),
        "target": data.target.replace("Unknown", "").fillna(""), "document": data.source.fillna(""),
    }).replace({"": None})
    linked = lambda rows, model: Linker(DuckDBAPI().register(rows), model, log_level=40)
    settings = lambda: SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[
            # Told as well what ours knows: one text lists different events.
            "l.day = r.day and l.document <> r.document",
            "l.document <> r.document and abs(datediff('day', l.day::date, r.day::date)) <= 2 and abs(l.latitude - r.latitude) < 0.2 "
            "and abs(l.longitude - r.longitude) < 0.2",
        ],
        comparisons=[
            cl.AbsoluteDateDifferenceAtThresholds("day", input_is_string=True, metrics=["day", "day"], thresholds=[1, 3]),
            cl.DistanceInKMAtThresholds("latitude", "longitude", [0.1, 2, 10, 40]),
            cl.JaroWinklerAtThresholds("place", [0.9]),
            cl.ExactMatch("actor").configure(term_frequency_adjustments=True),
            cl.ExactMatch("other").configure(term_frequency_adjustments=True),
            cl.ExactMatch("kind").configure(term_frequency_adjustments=True),
            cl.ExactMatch("dead"), cl.ExactMatch("hurt"), cl.ExactMatch("context"), cl.ExactMatch("target"),
        ],
        retain_intermediate_calculation_columns=False,
    )
    total, chosen = np.zeros(6), []
    for fold in sorted(data.fold.unique()):
        linker = linked(frame[data.fold != fold], settings())
        linker.training.estimate_probability_two_random_records_match([block_on("day", "place", "kind")], recall=0.6)
        linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
        # Headlines were left out: with them it learns "one article", and pair F1 falls below 0.02.
        apart = "l.document <> r.document and "
        for rule in [apart + "l.day = r.day and l.place = r.place", apart + "l.day = r.day and l.actor = r.actor",
                     apart + "l.place = r.place and l.kind = r.kind"]:
            try:
                linker.training.estimate_parameters_using_expectation_maximisation(rule)
            except Exception as why:  # a level without any pair: the others are still learned
                print(f"splink: {why}", file=sys.stderr)
        model = linker.misc.save_model_to_json()
        pairs = {}
        for part, mask in [("training", data.fold != fold), ("held", data.fold == fold)]:
            predict = linker if part == "training" else linked(frame[mask], model)
            got = predict.inference.predict(threshold_match_weight=-20).as_pandas_dataframe()
            got = got[["unique_id_l", "unique_id_r", "match_weight"]]
            side = data.fold.values
            pairs[part] = [t for t in got.itertuples(index=False, name=None) if side[t[0]] == side[t[1]]]

        def run(threshold, part):
            rows = data.index[data.fold != fold] if part == "training" else data.index[data.fold == fold]
            root = joined(rows, [(a, b) for a, b, w in pairs[part] if w >= threshold])
            return figures([(root[i], data.event_id[i]) for i in rows])

        threshold, sums = best(np.arange(-10, 30.5, 1.0), "training", "held", run)
        chosen.append(float(threshold))
        total += sums
    print(f"splink: thresholds {chosen}", file=sys.stderr)
    return total


def meltt(data):
    """Sources in the order of how much they report; matched pairs are merged and carried on."""
    taxonomies = [
        [data.actor1.fillna("?"), data.actor1_subtype.fillna("?"), data.actor1_type.fillna("?")],
        [data.kind, data.kind.str.split(";").str[0], data.kind.map(
            lambda k: "persons" if re.search("Shoot|Stab|Melee|Sexual|Crowd|Kill|Abduct", k) else "things" if k else "unknown")],
        [data.geo_precision.astype(str), (data.geo_precision >= 3).astype(str)],
    ]
    levels = [[column.values for column in taxonomy] for taxonomy in taxonomies]
    # A match on a level that nearly everybody shares says less.
    weights = [[1 - sum((n / len(data)) ** 2 for n in collections.Counter(c).values()) for c in t] for t in levels]
    day = data.date_start.values.astype("datetime64[D]").astype(int)
    lat, lon = data.latitude.values, data.longitude.values
    author, event = data.source_author.fillna("?").values, data.event_id.values

    def matched(rows, days, kilometres):
        order = [a for a, _ in sorted(collections.Counter(author[rows]).items(), key=lambda x: (-x[1], x[0]))]
        links, before = [], []
        for one in order:
            fresh = [i for i in rows if author[i] == one]
            offers = []
            earlier = np.array(before, dtype=int)
            for i in fresh if len(earlier) else []:
                away = np.hypot((lat[earlier] - lat[i]) * 111.2, (lon[earlier] - lon[i]) * 111.2)
                near = earlier[(np.abs(day[earlier] - day[i]) <= days) & (away <= kilometres)]
                for j in near:
                    score, full = 0.0, True
                    for taxonomy, weight in zip(levels, weights):
                        level = next((k for k, c in enumerate(taxonomy) if c[i] == c[j]), None)
                        if level is None:
                            full = False
                            break
                        score += (1 - level / len(taxonomy)) * weight[level]
                    if full:
                        offers.append((-score, abs(day[i] - day[j]), float(np.hypot(lat[i] - lat[j], lon[i] - lon[j])), i, j))
            taken = set()
            for _, _, _, i, j in sorted(offers):
                if i not in taken and ("t", j) not in taken:
                    taken |= {i, ("t", j)}
                    links.append((i, j))
            before += [i for i in fresh if i not in taken]
        return links

    total, chosen = np.zeros(6), []
    for fold in sorted(data.fold.unique()):
        rows = {"training": list(data.index[data.fold != fold]), "held": list(data.index[data.fold == fold])}

        def run(window, part):
            root = joined(rows[part], matched(rows[part], *window))
            return figures([(root[i], event[i]) for i in rows[part]])

        window, sums = best(list(itertools.product([0, 1, 2], [1, 3, 10, 25])), "training", "held", run)
        chosen.append(window)
        total += sums
    print(f"meltt: windows {chosen}", file=sys.stderr)
    return total


def main():
    data = read(*sys.argv[1:3])
    for name, method in [("same-place-and-day", same_place_and_day), ("splink", splink), ("meltt", meltt)]:
        before = resource.getrusage(resource.RUSAGE_SELF)
        f1, b3 = scores(method(data))
        after = resource.getrusage(resource.RUSAGE_SELF)
        print(f"{name}-f1 {f1:.4f}\n{name}-b3 {b3:.4f}\n{name}-cpu {after.ru_utime - before.ru_utime:.1f}", flush=True)


main()
