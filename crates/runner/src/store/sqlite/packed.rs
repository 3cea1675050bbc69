//! Long texts as the file keeps them: packed, because what a commit waits for is what it has to write.
//!
//! An event repeats itself (its fields stand in its payload too), so packing halves it for less than writing it costs.
//! Files of before hold plain text in the same columns, and so do short texts: both are read.

use std::borrow::Cow;
use std::cell::RefCell;

use lz4_flex::block::{CompressTable, compress_into_with_table, get_maximum_output_size};
use rusqlite::Row;
use rusqlite::types::{FromSqlError, ToSql, ToSqlOutput, ValueRef};

/// LIMIT: a shorter text is hardly made shorter.
const SHORT: usize = 256;

/// LIMIT: no packed byte stands for more than this many; what says otherwise is damaged, and its size not to be believed.
const MOST_FOR_ONE: usize = 256;

/// LIMIT: what a thread keeps for the next text; a longer one is packed in memory of its own.
const KEPT: usize = 64 << 10;

/// Where a thread writes its texts and packs them: making and clearing room for each costs as much as packing a small one.
struct Workbench {
    text: Vec<u8>,
    table: CompressTable,
    packed: Vec<u8>,
}

thread_local! {
    static WORKBENCH: RefCell<Workbench> = RefCell::new(Workbench::new());
}

impl Workbench {
    fn new() -> Self {
        Self { text: Vec::new(), table: CompressTable::small(), packed: Vec::new() }
    }

    /// The text packed, behind its size in four bytes; nothing where it is better left as it is.
    fn pack(&mut self) -> Option<Vec<u8>> {
        const SIZE: usize = size_of::<u32>();
        let Self { text, table, packed } = self;
        let size = u32::try_from(text.len()).ok().filter(|_| text.len() >= SHORT)?;
        let most = SIZE + get_maximum_output_size(text.len());
        if packed.len() < most {
            packed.resize(most, 0);
        }
        packed[..SIZE].copy_from_slice(&size.to_le_bytes());
        let bytes = compress_into_with_table(text, &mut packed[SIZE..], table).ok()?;
        Some(packed[..SIZE + bytes].to_vec())
    }

    /// Ready for the next text, without the room that a long one took.
    fn clear(&mut self) {
        if self.text.capacity() > KEPT {
            *self = Self::new();
        }
        self.text.clear();
    }
}

/// A text ready to be written.
#[derive(Debug)]
pub(crate) enum Packed {
    Plain(Vec<u8>),
    Packed(Vec<u8>),
}

impl Packed {
    /// What `write` appends.
    pub(crate) fn written<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Self, E> {
        WORKBENCH.with_borrow_mut(|workbench| {
            workbench.clear();
            write(&mut workbench.text)?;
            Ok(match workbench.pack() {
                Some(packed) => Self::Packed(packed),
                None => Self::Plain(workbench.text.clone()),
            })
        })
    }

    /// How many bytes are written.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Packed(bytes) => bytes.len(),
        }
    }
}

impl ToSql for Packed {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Plain(text) => ValueRef::Text(text),
            Self::Packed(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// The text of a column.
pub(super) fn text<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<Cow<'r, str>> {
    let value = row.get_ref(column)?;
    plain(value).map_err(|error| match error {
        FromSqlError::InvalidType => {
            rusqlite::Error::InvalidColumnType(column, "a text".to_owned(), value.data_type())
        }
        other => rusqlite::Error::FromSqlConversionFailure(column, value.data_type(), Box::new(other)),
    })
}

fn plain(value: ValueRef<'_>) -> Result<Cow<'_, str>, FromSqlError> {
    let ValueRef::Blob(packed) = value else { return value.as_str().map(Cow::Borrowed) };
    let damaged = |problem: &str| FromSqlError::Other(format!("a packed text is damaged: {problem}").into());
    let (size, bytes) = lz4_flex::block::uncompressed_size(packed).map_err(|e| damaged(&e.to_string()))?;
    if size > bytes.len().saturating_mul(MOST_FOR_ONE) {
        return Err(damaged("its size cannot be"));
    }
    let unpacked = lz4_flex::block::decompress(bytes, size).map_err(|e| damaged(&e.to_string()))?;
    String::from_utf8(unpacked).map(Cow::Owned).map_err(|error| damaged(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(text: &str) -> Packed {
        Packed::written(|out| std::io::Write::write_all(out, text.as_bytes())).unwrap()
    }

    fn back(packed: &Packed) -> String {
        let ToSqlOutput::Borrowed(value) = packed.to_sql().unwrap() else { panic!("it is borrowed") };
        plain(value).unwrap().into_owned()
    }

    #[test]
    fn a_text_comes_back_as_it_was_and_a_long_one_is_shorter_meanwhile() {
        let event = r#"{"labels":{"instance":"srv-01"},"payload":{"labels":{"instance":"srv-01"},"é":"…"}}"#;
        for (text, shorter) in [("", false), (event, false), (event.repeat(20).as_str(), true)] {
            let packed = packed(text);
            assert_eq!(back(&packed), text);
            assert_eq!(packed.len() < text.len(), shorter, "{} of {}", packed.len(), text.len());
        }
    }

    #[test]
    fn a_text_owes_nothing_to_the_ones_before() {
        // Longer and shorter than what is kept, and than what the table's smaller entries reach.
        let texts =
            [300, 70_000, 500, 66_000, 257].map(|n| format!("{n} of disk full on srv-01; ").repeat(n / 20));
        for text in texts.iter().chain(&texts) {
            let packed = packed(text);
            assert!(packed.len() < text.len());
            assert_eq!(back(&packed), *text);
        }
    }

    #[test]
    fn damaged_texts_are_said_to_be_and_take_no_memory() {
        let Packed::Packed(sound) = packed(&"of some length ".repeat(100)) else { panic!("it is long") };
        let mut large = sound.clone();
        large[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        for bytes in [&[][..], &[1, 2], &large, &sound[..sound.len() / 2]] {
            let error = plain(ValueRef::Blob(bytes)).unwrap_err().to_string();
            assert!(error.starts_with("a packed text is damaged: "), "{error}");
        }
    }
}
