//! Putting the tree together: what is open, what anchors name, and how much there may be of it all.

use std::collections::{HashMap, HashSet};

use super::read::{MAX_BYTES, MAX_DEPTH};
use super::scalar::Scalar;
use super::trouble::{Problem, Trouble};
use super::{KeyNode, Node, NodeKind, Span};

// LIMIT: 10,000 rules have 300,000 values; a value takes about 100 bytes. What aliases repeat counts each time.
const MAX_NODES: usize = 1_000_000;
// LIMIT: most maps have a few keys, among which looking is faster than hashing.
const FEW_KEYS: usize = 16;

/// The tree so far.
#[derive(Default)]
pub(super) struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, Size)>,
    nodes: usize,
    copied_bytes: usize,
    documents: usize,
    root: Option<Node>,
}

/// A list or map whose end has not come.
struct Open {
    span: Span,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map(OpenMap),
}

#[derive(Default)]
struct OpenMap {
    entries: Vec<(KeyNode, Node)>,
    /// The key whose value comes next, and whether it is `<<`.
    key: Option<(KeyNode, bool)>,
    /// The keys, once there are too many to look through.
    names: HashSet<String>,
    /// The maps to be laid under this one.
    merged: Vec<Node>,
}

/// How large a tree is: what a copy of it costs.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
    height: usize,
}

impl Builder {
    /// Another document begins.
    pub(super) fn document(&mut self, span: Span) -> Result<(), Trouble> {
        self.documents += 1;
        if self.documents > 1 {
            let problem = Problem::new("a file holds one document, and here begins another");
            return Err(Trouble::at(span, problem.help("remove the line `---`, or use two files")));
        }
        Ok(())
    }

    pub(super) fn scalar(&mut self, scalar: Scalar<'_>, span: Span, anchor: usize) -> Result<(), Trouble> {
        self.count(Size { nodes: 1, bytes: 0, height: 0 }, span)?;
        if let Some(map) = self.awaits_key() {
            let key = KeyNode { text: scalar.text.into_owned(), span };
            map.open_key(key.clone(), scalar.merges)?;
            if anchor > 0 {
                self.name(anchor, &Node { span, kind: NodeKind::Text(key.text) })?;
            }
            return Ok(());
        }
        let kind = match scalar.kind {
            NodeKind::Text(_) => NodeKind::Text(scalar.text.into_owned()),
            kind => kind,
        };
        self.value(Node { span, kind }, anchor)
    }

    pub(super) fn open_list(&mut self, span: Span, anchor: usize) -> Result<(), Trouble> {
        self.open(span, anchor, Content::List(Vec::new()))
    }

    pub(super) fn open_map(&mut self, span: Span, anchor: usize) -> Result<(), Trouble> {
        self.open(span, anchor, Content::Map(OpenMap::default()))
    }

    fn open(&mut self, span: Span, anchor: usize, content: Content) -> Result<(), Trouble> {
        self.count(Size { nodes: 1, bytes: 0, height: 1 }, span)?;
        if self.awaits_key().is_some() {
            let problem = Problem::new("a key must be text, not a list or a map");
            return Err(Trouble::at(span, problem.help("if it is text, put it in quotes")));
        }
        self.open.push(Open { span, anchor, content });
        Ok(())
    }

    /// The list or map that was opened last is complete.
    pub(super) fn close(&mut self) -> Result<(), Trouble> {
        let Some(Open { span, anchor, content }) = self.open.pop() else { return Ok(()) };
        let kind = match content {
            Content::List(items) => NodeKind::List(items),
            Content::Map(map) => NodeKind::Map(map.close()?),
        };
        self.value(Node { span, kind }, anchor)
    }

    /// A copy of what `anchor` names. Its places stay those of the original, where a mistake in it has to be mended.
    pub(super) fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Trouble> {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            let problem = Problem::new("the alias stands inside of what it names");
            return Err(Trouble::at(span, problem.help("such a file would never end")));
        };
        let (mut node, size) = (node.clone(), *size);
        self.count(size, span)?;
        if let Some(map) = self.awaits_key() {
            let NodeKind::Text(text) = node.kind else {
                return Err(Trouble::at(span, Problem::new("a key must be text")));
            };
            return map.open_key(KeyNode { text, span }, false);
        }
        if matches!(node.kind, NodeKind::List(_) | NodeKind::Map(_)) {
            node.span = span;
        }
        self.value(node, 0)
    }

    pub(super) fn into_root(self) -> Option<Node> {
        self.root
    }

    fn value(&mut self, node: Node, anchor: usize) -> Result<(), Trouble> {
        if anchor > 0 {
            self.name(anchor, &node)?;
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map(map)) => match map.key.take() {
                Some((_, true)) => map.merged.push(node),
                Some((key, false)) => map.entries.push((key, node)),
                None => {}
            },
        }
        Ok(())
    }

    /// Keeps a copy of what an anchor names, for its aliases.
    fn name(&mut self, anchor: usize, node: &Node) -> Result<(), Trouble> {
        let size = Size::of(node);
        self.count(Size { height: 0, ..size }, node.span)?;
        self.anchors.insert(anchor, (node.clone(), size));
        Ok(())
    }

    fn awaits_key(&mut self) -> Option<&mut OpenMap> {
        match self.open.last_mut() {
            Some(Open { content: Content::Map(map), .. }) if map.key.is_none() => Some(map),
            _ => None,
        }
    }

    /// Counts what is added, before it is: what would be too much is never made.
    fn count(&mut self, size: Size, span: Span) -> Result<(), Trouble> {
        self.nodes += size.nodes;
        self.copied_bytes += size.bytes;
        if self.open.len() + size.height > MAX_DEPTH {
            return Err(Trouble::too_deep(span));
        }
        let problem = if self.nodes > MAX_NODES {
            format!("the file holds more than {MAX_NODES} values, those that aliases repeat included")
        } else if self.copied_bytes > MAX_BYTES {
            "what the aliases repeat is larger than 16 MiB".to_owned()
        } else {
            return Ok(());
        };
        Err(Trouble::too_much(span, problem))
    }
}

impl OpenMap {
    fn open_key(&mut self, key: KeyNode, merges: bool) -> Result<(), Trouble> {
        if !merges && self.has(&key.text) {
            let first = self.entries.iter().find(|(k, _)| k.text == key.text).map_or(0, |(k, _)| k.span.line);
            let problem = Problem::new(format!("the key `{}` stands twice in the same map", key.text));
            let help = format!("the first one is in line {first}; remove one of them");
            return Err(Trouble::at(key.span, problem.help(help)));
        }
        if !merges && self.entries.len() >= FEW_KEYS {
            if self.names.is_empty() {
                self.names = self.entries.iter().map(|(key, _)| key.text.clone()).collect();
            }
            self.names.insert(key.text.clone());
        }
        self.key = Some((key, merges));
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        if self.names.is_empty() {
            self.entries.iter().any(|(key, _)| key.text == name)
        } else {
            self.names.contains(name)
        }
    }

    /// Its own entries, then those of the maps that `<<` names whose keys are not there yet.
    fn close(mut self) -> Result<Vec<(KeyNode, Node)>, Trouble> {
        for node in std::mem::take(&mut self.merged) {
            let maps = match node.kind {
                NodeKind::List(items) => items,
                _ => vec![node],
            };
            for map in maps {
                let NodeKind::Map(entries) = map.kind else {
                    return Err(Trouble::at(map.span, Problem::new("`<<` needs a map, or a list of maps")));
                };
                for (key, value) in entries {
                    if !self.has(&key.text) {
                        self.open_key(key, false)?;
                        self.entries.extend(self.key.take().map(|(key, _)| (key, value)));
                    }
                }
            }
        }
        Ok(self.entries)
    }
}

impl Size {
    fn of(node: &Node) -> Self {
        let mut size = Self { nodes: 1, bytes: 0, height: 0 };
        let mut add = |key: usize, child: &Node| {
            let inner = Self::of(child);
            size.nodes += inner.nodes;
            size.bytes += inner.bytes + key;
            size.height = size.height.max(inner.height);
        };
        match &node.kind {
            NodeKind::Text(text) => size.bytes = text.len(),
            NodeKind::List(items) => {
                for item in items {
                    add(0, item);
                }
                size.height += 1;
            }
            NodeKind::Map(entries) => {
                for (key, value) in entries {
                    add(key.text.len(), value);
                }
                size.height += 1;
            }
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => {}
        }
        size
    }
}
