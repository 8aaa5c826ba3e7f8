//! The TOML form of claims, and its checks.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Claim, ClaimsError, Factor, Restated, Restatement, Sense, Side, factor::senses, statistic_of};
use crate::{
    Component, Date, Environment, Indicator, Isolation, Metric, Provenance, Quantity, Source, SourceKind, Subject,
    Temperature, Unit, metric::Stated,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u64,
    #[serde(default)]
    table: Vec<Table>,
}

/// What the rows of one published table share.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    section: String,
    source: SourceForm,
    date: Date,
    #[serde(default)]
    components: Vec<String>,
    #[serde(default)]
    conditions: Conditions,
    reference: SideForm,
    contender: SideForm,
    #[serde(default)]
    claim: Vec<Row>,
}

/// Written by hand, so that an unknown field is a slip.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceForm {
    kind: SourceKind,
    reference: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Conditions {
    cpu: Option<String>,
    cores: Option<u32>,
    memory: Option<String>,
    os: Option<String>,
    kernel: Option<String>,
    concurrency: Option<u32>,
    load: Option<String>,
}

/// A side, in the table or in a row; the row's fields win.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SideForm {
    subject: Option<String>,
    value: Option<String>,
    /// Instead of the table's, where each side has its own.
    components: Option<Vec<String>>,
    isolation: Option<Isolation>,
    transport: Option<String>,
    temperature: Option<Temperature>,
    /// Instead of the table's, where the sides differ in it.
    concurrency: Option<u32>,
    /// Of the engine, where the sides differ in them.
    settings: Option<BTreeMap<String, String>>,
    unversioned: Option<bool>,
    stand_ins: Option<Vec<String>>,
    beside: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    indicator: Indicator,
    workload: Option<String>,
    reference: SideForm,
    contender: SideForm,
    factor: Option<Printed>,
    sense: Option<Sense>,
    #[serde(default)]
    restated: Vec<RestatedForm>,
}

/// A factor as printed. A plain number is taken as well, though it does not say with how many digits it was printed.
#[derive(Deserialize)]
#[serde(untagged)]
enum Printed {
    Text(String),
    Whole(u64),
    Real(f64),
}

impl Printed {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Whole(number) => number.to_string(),
            Self::Real(number) => number.to_string(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RestatedForm {
    section: String,
    of: Of,
    value: String,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Of {
    Reference,
    Contender,
    Factor,
    Reduction,
}

pub(super) fn read(text: &str) -> Result<Vec<Claim>, ClaimsError> {
    let file: File = toml::from_str(text).map_err(|error| ClaimsError::Syntax(error.to_string()))?;
    if file.schema != 1 {
        return Err(ClaimsError::Schema(file.schema));
    }
    file.table.iter().flat_map(|table| table.claim.iter().map(move |row| claim(table, row))).collect()
}

fn claim(table: &Table, row: &Row) -> Result<Claim, ClaimsError> {
    let wrong = |field: &'static str| move |reason: String| ClaimsError::Claim { id: row.id.clone(), field, reason };
    if row.id.trim().is_empty() {
        return Err(wrong("id")("write a short name, unique in the file".into()));
    }
    let reference = side(table, row, &table.reference, &row.reference).map_err(wrong("reference"))?;
    let contender = side(table, row, &table.contender, &row.contender).map_err(wrong("contender"))?;
    if is_alike(&reference.metric, &contender.metric) {
        return Err(wrong("contender")(
            "it is the reference again: say what they differ in, a version, temperature, concurrency or settings"
                .into(),
        ));
    }
    let factor = match (&row.factor, row.sense) {
        (Some(printed), Some(sense)) => Some(Factor::read(&printed.text(), sense).map_err(wrong("factor"))?),
        (None, None) => None,
        (Some(_), None) => {
            let senses = senses();
            return Err(wrong("sense")(format!("say in which sense the factor is meant: {senses}")));
        }
        // Two values, and no word of a factor: it is theirs.
        (None, Some(sense)) => {
            Some(Factor::between(reference.value(), contender.value(), sense).map_err(wrong("sense"))?)
        }
    };
    let restated =
        row.restated.iter().map(|form| restated(form, row)).collect::<Result<_, _>>().map_err(wrong("restated"))?;
    Ok(Claim { id: row.id.clone(), section: table.section.clone(), reference, contender, factor, restated })
}

/// Whether two sides are one: nothing can be compared with itself.
fn is_alike(one: &Metric, other: &Metric) -> bool {
    (one.subject(), one.temperature(), one.provenance()) == (other.subject(), other.temperature(), other.provenance())
}

fn side(table: &Table, row: &Row, shared: &SideForm, own: &SideForm) -> Result<Side, String> {
    let subject = |name: &String| name.parse::<Subject>().map_err(|e| e.to_string());
    let name = own.subject.as_ref().or(shared.subject.as_ref()).ok_or("no subject, here or in the table")?;
    let stated = stated(own.value.as_ref().ok_or("no value")?, row.indicator)?;

    let components = own.components.as_ref().or(shared.components.as_ref()).unwrap_or(&table.components);
    let mut components = components.iter().map(|c| c.parse::<Component>().map_err(|e| e.to_string()));
    let first =
        components.next().ok_or("no components, here or in the table: a figure names at least one version")??;
    let source = Source::new(table.source.kind, &table.source.reference).map_err(|e| e.to_string())?;
    let mut provenance = Provenance::new(source, first, table.date);
    for component in components {
        provenance = provenance.with_component(component?);
    }
    let (shown, mut environment) = (&table.conditions, Environment::default());
    environment.hardware.cpu.clone_from(&shown.cpu);
    environment.hardware.cores = shown.cores;
    environment.hardware.memory_bytes = shown.memory.as_deref().map(bytes).transpose()?;
    environment.software.os.clone_from(&shown.os);
    environment.software.kernel.clone_from(&shown.kernel);
    environment.conditions.concurrency = own.concurrency.or(shared.concurrency).or(shown.concurrency);
    environment.conditions.load.clone_from(&shown.load);
    for (name, value) in own.settings.iter().chain(&shared.settings).take(1).flatten() {
        environment.conditions.set(name, value);
    }
    environment.conditions.isolation = own.isolation.or(shared.isolation);
    environment.conditions.transport = own.transport.clone().or_else(|| shared.transport.clone());

    let provenance = provenance.with_environment(environment);
    let mut metric = Metric::new(row.indicator, subject(name)?, stated.quantity, provenance)
        .map_err(|e| e.to_string())?
        .with_statistic(statistic_of(row.indicator))
        .with_bound(stated.bound);
    if let Some(range) = stated.range {
        metric = metric.with_range(range).map_err(|e| e.to_string())?;
    }
    if let Some(temperature) = own.temperature.or(shared.temperature) {
        metric = metric.with_temperature(temperature);
    }
    if let Some(workload) = &row.workload {
        metric = metric.with_workload(workload);
    }
    let subjects = |own: &Option<Vec<String>>, shared: &Option<Vec<String>>| -> Result<Vec<Subject>, String> {
        own.as_ref().or(shared.as_ref()).into_iter().flatten().map(subject).collect()
    };
    Ok(Side {
        metric,
        stand_ins: subjects(&own.stand_ins, &shared.stand_ins)?,
        beside: subjects(&own.beside, &shared.beside)?,
        versioned: !own.unversioned.or(shared.unversioned).unwrap_or(false),
    })
}

/// A size: `8 GB`.
fn bytes(text: &str) -> Result<u64, String> {
    let quantity = text.parse::<Quantity>().map_err(|e| e.to_string())?;
    let size = (quantity.unit() == Unit::Bytes).then(|| quantity.as_u64()).flatten();
    size.ok_or_else(|| format!("{text:?} is no size: write it in bytes, such as \"8 GB\""))
}

/// `~512 MB`, `> 1000 nodes`, `< 10 ms`, `6 ms`, `0.8-1.2 s`.
fn stated(text: &str, indicator: Indicator) -> Result<Stated, String> {
    Stated::read(text, indicator).map_err(|e| e.to_string())
}

fn restated(form: &RestatedForm, row: &Row) -> Result<Restated, String> {
    let what = match form.of {
        Of::Factor => {
            let sense = row.sense.ok_or("the claim states no factor that could be said again")?;
            Restatement::Factor(Factor::read(&form.value, sense)?)
        }
        Of::Reduction => Restatement::Factor(Factor::read(&form.value, Sense::Reduction)?),
        Of::Reference | Of::Contender => {
            let Stated { quantity, bound, .. } = stated(&form.value, row.indicator)?;
            match form.of {
                Of::Reference => Restatement::Reference(quantity, bound),
                _ => Restatement::Contender(quantity, bound),
            }
        }
    };
    Ok(Restated { section: form.section.clone(), what })
}

#[cfg(test)]
mod tests {
    use super::super::{Claims, ClaimsError};

    const GOOD: &str = r#"
schema = 1
[[table]]
section = "1"
source = { kind = "official_docs", reference = "a page" }
date = "2026-01-02"
components = ["a 1.0", "b 2.0"]
reference = { subject = "a" }
contender = { subject = "b" }
[[table.claim]]
id = "x"
indicator = "image_size"
reference = { value = "~2 MB" }
contender = { value = "< 1 MB" }
factor = "2"
sense = "smaller"
"#;

    fn error(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        Claims::from_toml(&GOOD.replace(from, to)).unwrap_err().to_string()
    }

    #[test]
    fn a_good_file_is_read() {
        let claims = Claims::from_toml(GOOD).unwrap();
        let claim = claims.get("x").unwrap();
        assert_eq!(claim.reference().metric().provenance().components().len(), 2);
        assert_eq!(claim.contender().metric().bound(), crate::Bound::Below);
        assert_eq!(claim.factor().unwrap().to_string(), "2× smaller");
        assert!(claim.reference().is_versioned());
    }

    #[test]
    fn a_side_names_its_own_components_and_two_values_have_a_factor() {
        let own = GOOD
            .replace("value = \"< 1 MB\"", "value = \"0.3 MB\", components = [\"c 3.0\"]")
            .replace("factor = \"2\"\n", "");
        let claims = Claims::from_toml(&own).unwrap();
        let claim = claims.get("x").unwrap();
        assert_eq!(claim.reference().metric().provenance().components().len(), 2);
        assert_eq!(claim.contender().metric().provenance().components()[0].to_string(), "c 3.0");
        let factor = claim.factor().unwrap();
        assert!(factor.is_computed() && claim.findings().is_empty());
        assert_eq!(factor.to_string(), "6.67× smaller");
    }

    #[test]
    fn ranges_and_units_are_read_as_people_write_them() {
        let text = GOOD
            .replace("~2 MB", "50 MiB to 200 MiB")
            .replace("< 1 MB", "1-10 Mi")
            .replace("factor = \"2\"", "factor = \"10x to 20x\"");
        let claims = Claims::from_toml(&text).unwrap();
        let claim = claims.get("x").unwrap();
        let reference = claim.reference().metric();
        assert_eq!((reference.bound(), reference.quantity()), (crate::Bound::About, crate::Quantity::bytes(125 << 20)));
        assert_eq!(claim.contender().metric().stated().exact(), "1.048576 MB – 10.48576 MB");
        let factor = claim.factor().unwrap();
        assert_eq!((factor.to_string(), factor.value()), ("10–20× smaller".into(), 15.0));
        assert_eq!(factor.printed_range(), (9.5, 21.0));
        // The middles of the two ranges give 22.7, which is not about 20.
        assert_eq!(claim.findings()[0].kind, super::super::FindingKind::Contradicted);
        for (factor, printed) in
            [("200x", "200"), ("8.5×", "8.5"), ("1,000 times", "1000"), ("26", "26"), ("10–12x", "10–12")]
        {
            let text = GOOD.replace("factor = \"2\"", &format!("factor = {factor:?}"));
            assert_eq!(Claims::from_toml(&text).unwrap().get("x").unwrap().factor().unwrap().printed(), printed);
        }
        // A number without quotes is one that people write.
        for (number, printed) in [("2", "2"), ("2.5", "2.5"), ("200.0", "200")] {
            let text = GOOD.replace("factor = \"2\"", &format!("factor = {number}"));
            assert_eq!(Claims::from_toml(&text).unwrap().get("x").unwrap().factor().unwrap().printed(), printed);
        }
    }

    #[test]
    fn a_side_may_have_its_own_concurrency_and_settings() {
        let text = GOOD.replace(
            "value = \"~2 MB\"",
            "value = \"~2 MB\", concurrency = 4, temperature = \"warm\", settings = { allocator = \"pooling\" }",
        );
        let claims = Claims::from_toml(&text).unwrap();
        let claim = claims.get("x").unwrap();
        let conditions = &claim.reference().metric().provenance().environment().conditions;
        assert_eq!((conditions.concurrency, conditions.engine["allocator"].as_str()), (Some(4), "pooling"));
        assert!(claim.contender().metric().provenance().environment().conditions.engine.is_empty());
    }

    #[test]
    fn every_mistake_is_named() {
        let cases = [
            ("schema = 1", "schema = 2", "schema 2"),
            ("schema = 1", "", "missing field `schema`"),
            ("image_size", "image_weight", "unknown indicator"),
            ("\"~2 MB\"", "\"2 parsecs\"", "claim \"x\", reference: unknown unit"),
            ("\"~2 MB\"", "\"2 ms\"", "claim \"x\", reference: image_size is not measured in"),
            ("\"< 1 MB\"", "\"- 1 MB\"", "claim \"x\", contender"),
            ("sense = \"smaller\"", "", "is meant: faster, smaller, lower, higher or reduction"),
            ("sense = \"smaller\"", "sense = \"slower\"", "unknown variant `slower`, expected one of `faster`"),
            ("factor = \"2\"", "factor = \"-2\"", "claim \"x\", factor: \"-2\" is no factor"),
            ("factor = \"2\"", "factor = \"inf\"", "is no factor"),
            ("factor = \"2\"", "factor = \"0\"", "is no factor"),
            ("factor = \"2\"", "factor = \"12x to 10x\"", "is no factor"),
            ("factor = \"2\"", "factor = \"200%\"", "is no factor"),
            ("factor = \"2\"", "factor = \"about ten\"", "such as \"8.5\" or \"200x\""),
            ("\"~2 MB\"", "\"3-2 MB\"", "claim \"x\", reference: \"3-2 MB\" is no range"),
            ("official_docs", "rumour", "expected one of"),
            ("factor = \"2\"\nsense = \"smaller\"", "factor = \"100\"\nsense = \"reduction\"", "leaves nothing"),
            ("\"a 1.0\"", "\"a latest\"", "no exact version"),
            ("[\"a 1.0\", \"b 2.0\"]", "[]", "no components"),
            ("subject = \"a\"", "", "no subject"),
            ("subject = \"a\"", "subject = \"A B\"", "is not a name"),
            ("date = \"2026-01-02\"", "date = \"2026-02-30\"", "is no date"),
            ("reference = \"a page\"", "reference = \" \"", "no reference"),
            ("date = ", "conditions = { memory = \"8 ms\" }\ndate = ", "is no size"),
            ("sense = \"smaller\"", "sens = \"smaller\"", "unknown field"),
            ("id = \"x\"", "id = \"\"", "write a short name"),
        ];
        for (from, to, message) in cases {
            let found = error(from, to);
            assert!(found.contains(message), "{from} -> {to}: {found}");
        }
        let twice = format!("{GOOD}{}", &GOOD[GOOD.find("[[table]]").unwrap()..]);
        assert!(matches!(Claims::from_toml(&twice), Err(ClaimsError::Duplicate(id)) if id == "x"));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Claims::load("no/such/claims.toml").unwrap_err().to_string();
        assert!(error.contains("no/such/claims.toml"), "{error}");
    }
}
