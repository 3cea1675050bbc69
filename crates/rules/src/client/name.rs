//! Names of companies as people and tools write them.

/// Words that say how a company is owned, not which it is.
const LEGAL: [&str; 26] = [
    "ab",
    "ag",
    "aps",
    "as",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "gmbh",
    "group",
    "holdings",
    "inc",
    "incorporated",
    "kg",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "nv",
    "oy",
    "plc",
    "pty",
    "sarl",
    "srl",
];

/// The words of a name, in lower case and without punctuation.
pub fn words(name: &str) -> Vec<String> {
    let joined: String = name.to_lowercase().chars().filter(|c| !['.', '\'', '’'].contains(c)).collect();
    joined.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A name without case, spacing, punctuation and legal form: what is the same in it is the same company.
pub fn folded(name: &str) -> String {
    let mut words = words(name);
    words.retain(|word| word != "and");
    // The legal form stands at the end; what would leave nothing is the name itself.
    while words.len() > 1 && words.last().is_some_and(|word| LEGAL.contains(&word.as_str())) {
        words.pop();
    }
    words.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_company_folds_to_the_same_name() {
        for (a, b) in [
            ("Northwind Dental Ltd", "northwind-dental LIMITED."),
            ("Harbour & Sons", "Harbour and Sons"),
            ("O’Brien's", "OBriens"),
            ("Blue Lagoon", "BlueLagoon"),
            ("Müller GmbH & Co. KG", "MÜLLER"),
            ("A.C.M.E., Inc.", "Acme"),
        ] {
            assert_eq!(folded(a), folded(b), "{a} and {b}");
        }
        assert_eq!(folded("Group"), "group", "a legal form alone is a name");
        assert_eq!(folded("Acme Group Services"), "acmegroupservices", "only at the end");
        assert_eq!(folded("--"), "");
    }
}
