//! Titles: one line, of a length that a ticket's summary holds, without the holes that missing fields leave.

use serde_json::Value;

use crate::draft::Draft;

// LIMIT: HaloPSA cuts a ticket's summary at 255 characters.
const LONGEST: usize = 250;

/// Makes the event's title readable. One that says nothing goes, and the event finds another.
pub(super) fn settle(event: &mut Draft) {
    let Some(title) = event.get("title").and_then(Value::as_str) else { return };
    let has_holes = title.contains("  ")
        || title.contains(" ()")
        || title.trim().len() < title.len()
        || title.starts_with(": ");
    if title.len() <= LONGEST && !has_holes && !title.contains(char::is_control) {
        return;
    }
    let mut line: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if has_holes {
        line = without_holes(&line, event.get("check").and_then(Value::as_str));
    }
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = match line.char_indices().nth(LONGEST) {
        Some((end, _)) => line[..end].trim_end().to_owned() + "…",
        None => line,
    };
    if line.contains(char::is_alphanumeric) {
        event.insert("title", line.into());
    } else {
        event.remove("title");
    }
}

/// Words that join two things in a title, and make no sense once one of them is missing.
const JOINING: [&str; 6] = ["on", "for", "of", "-", ":", "–"];

/// `Disk full on ` and `Disk full ()` are `Disk full`; ` on srv-01` is `Alert on srv-01`, or that of its check.
fn without_holes(title: &str, check: Option<&str>) -> String {
    let title = title.replace(" ()", "");
    let pieces: Vec<&str> = title.split("  ").collect();
    let last = pieces.len() - 1;
    let open_end = title.ends_with(' ');
    let mut out: Vec<String> = Vec::new();
    for (number, piece) in pieces.iter().enumerate() {
        let mut words: Vec<&str> = piece.split_whitespace().collect();
        if number < last || open_end {
            while words.last().is_some_and(|word| JOINING.contains(word)) {
                words.pop();
            }
        }
        if out.is_empty() && title.starts_with(' ') && words.first() == Some(&"on") {
            words.insert(0, check.unwrap_or("Alert"));
        } else if out.is_empty() {
            while words.first().is_some_and(|word| JOINING[3..].contains(word)) {
                words.remove(0);
            }
        }
        if !words.is_empty() {
            out.push(words.join(" "));
        }
    }
    let line = out.join(" ");
    // `Front Door: ` lost what it announced.
    if open_end { line.trim_end_matches([':', '-', ' ']).to_owned() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn title(title: &str, check: &str) -> Value {
        let mut event = Draft::new();
        event.insert("title", title.into());
        event.insert("check", check.into());
        settle(&mut event);
        event.remove("title").unwrap_or_default()
    }

    #[test]
    fn what_is_missing_leaves_no_hole() {
        for (said, expected) in [
            ("Disk full on srv-01", "Disk full on srv-01"),
            ("Disk full on ", "Disk full"),
            (" on srv-01", "Disk on srv-01"),
            ("Disk full ()", "Disk full"),
            ("Backup  on  - ", "Backup"),
            ("Backup of x on srv-01 - ", "Backup of x on srv-01"),
            ("Disk C: on  is OK", "Disk C: is OK"),
            (" - My switch", "My switch"),
            ("Front Door: ", "Front Door"),
            (": person", "person"),
            ("Power is on", "Power is on"),
            ("main() failed", "main() failed"),
            ("one\nline\tonly", "one line only"),
        ] {
            assert_eq!(title(said, "Disk"), json!(expected), "{said}");
        }
        assert_eq!(title(" - ", "Disk"), Value::Null);
        let long = title(&"word ".repeat(100), "Disk");
        assert_eq!(long.as_str().map(|title| title.chars().count()), Some(250));
    }
}
