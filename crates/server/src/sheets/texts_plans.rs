//! Texts of the pages of plans: key, English, Ukrainian; read as those of `texts.rs`.

/// Their texts.
pub(super) static TEXTS: &[(&str, &str, &str)] = &[
    ("to-entry", "Report something", "Повідомити про щось"),
    ("nav-plans", "Can we keep it?", "Чи здатні ми виконати?"),
    ("title-plans", "Can we keep what was promised?", "Чи здатні ми виконати обіцяне?"),
    ("title-plan", "Can we keep it?", "Чи здатні ми це виконати?"),
    ("s-plans", "Plans", "Плани"),
    ("s-about-plan", "What this is made of", "З чого це складено"),
    ("none-planned", "No plan", "Планів немає"),
    ("n-plans", "{n} plan|{n} plans", "{n} план|{n} плани|{n} планів"),
    (
        "plans-sentence",
        "Plans put figures beside promises. They give no verdict.",
        "Плани ставлять цифри поруч з обіцянками. Висновків вони не роблять.",
    ),
    (
        "no-plans",
        "There is no plan here that you may see. The keeper of the workspace adds one under [plans] in servanda.toml.",
        "Тут немає плану, який ви можете бачити. Хранитель робочого простору додає план у розділі [plans] файлу servanda.toml.",
    ),
    ("h-plan", "Plan", "План"),
    ("h-asks", "What is computed", "Що обчислюють"),
    ("h-marking", "Who may see it", "Хто може бачити"),
    ("all-plans", "All plans", "Усі плани"),
    ("word-planned", "PLANNED", "ЗАПЛАНОВАНО"),
    ("word-simulated", "SIMULATED", "ЗМОДЕЛЬОВАНО"),
    (
        "is-planned",
        "planned: computed of what was promised, entered or published",
        "заплановано: обчислено з того, що обіцяно, внесено чи опубліковано",
    ),
    (
        "is-simulated",
        "simulated: drawn by chance from the ranges that the plan states",
        "змодельовано: випадково розіграно в межах, які задає план",
    ),
    (
        "is-counted",
        "simulated: a distribution made of what was counted before",
        "змодельовано: розподіл, складений із того, що пораховано раніше",
    ),
    (
        "with-seed",
        "Seed {seed}: the same seed gives the same figures.",
        "Зерно {seed}: те саме зерно дає ті самі цифри.",
    ),
    ("plan-sources", "Sources", "Джерела"),
    ("plan-assumed", "What is assumed", "Припущення"),
    ("plan-gaps", "What is missing, or does not fit", "Чого бракує або що не сходиться"),
    (
        "plan-note",
        "Nothing is put in the place of what is missing. Whether a duty is kept is decided on the board, on records.",
        "Замість того, чого бракує, нічого не підставлено. Чи виконано обов’язок, вирішує дошка за записами.",
    ),
    (
        "plan-milestones",
        "Of {all} milestones {n} are kept in at least half of the futures.",
        "Із {all} рубежів {n} досягнуто щонайменше в половині варіантів майбутнього.",
    ),
    (
        "plan-milestones-planned",
        "Of {all} milestones {n} are kept if all comes as planned.",
        "Якщо все буде за планом, досягнуто рубежів: {n} із {all}.",
    ),
    (
        "plan-reach",
        "The greatest chance of reaching a threshold in the days ahead: {pct} percent ({term}, {days} days).",
        "Найбільша ймовірність досягти порога найближчими днями: {pct} % ({term}, {days} днів).",
    ),
    (
        "plan-chances",
        "Chances of milestones against the base: {all} in all, {n} higher, {less} lower.",
        "Ймовірностей рубежів порівняно з базою: усього {all}, вищих {n}, нижчих {less}.",
    ),
    ("plan-overview", "Scenarios that stand beside the base: {n}.", "Сценаріїв поруч із базою: {n}."),
    ("plan-late", "Promises that are late: {n}.", "Обіцянок із простроченням: {n}."),
    (
        "plan-fairness",
        "Of {all} partners {n} carry more than the rule says.",
        "Із {all} партнерів {n} несуть більше, ніж каже правило.",
    ),
    (
        "plan-shortages",
        "Short in some month near bases (of housing, schools, water, roads, training areas): {n} of {all}.",
        "Поблизу баз у якомусь місяці бракує (з житла, шкіл, води, доріг, полігонів): {n} із {all}.",
    ),
    (
        "plan-shortages-drawn",
        "Short near bases in at least half of the futures (of housing, schools, water, roads, training areas): {n} of {all}.",
        "Поблизу баз щонайменше в половині варіантів майбутнього бракує (з житла, шкіл, води, доріг, полігонів): {n} із {all}.",
    ),
    ("n-tables", "{n} table|{n} tables", "{n} таблиця|{n} таблиці|{n} таблиць"),
    ("plots-of", "Plots: {table}", "Графіки: {table}"),
    ("no-rows", "None.", "Немає."),
    (
        "more-rows",
        "{n} more row in the CSV|{n} more rows in the CSV",
        "Ще {n} рядок у CSV|Ще {n} рядки в CSV|Ще {n} рядків у CSV",
    ),
];
