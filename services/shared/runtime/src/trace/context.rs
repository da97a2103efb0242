//! W3C Trace Context: `traceparent` and `tracestate`, read and written. <https://www.w3.org/TR/trace-context/>

use rand::random;

/// Longer ones may be dropped, and are.
const LONGEST_STATE: usize = 512;
/// Characters of a `traceparent` of version 00, which later versions begin with as well.
const LENGTH: usize = 55;

/// Names one span of one trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    /// Whether whoever began the trace wants it to be recorded.
    sampled: bool,
    state: Option<String>,
}

impl TraceContext {
    /// The first span of a new trace.
    pub fn root() -> Self {
        Self { trace_id: some_id(random), span_id: some_id(random), sampled: true, state: None }
    }

    /// A new span within this one.
    pub fn child(&self) -> Self {
        self.child_with(some_id(random))
    }

    pub(super) fn child_with(&self, span_id: u64) -> Self {
        Self { span_id, ..self.clone() }
    }

    /// Reads the two texts. A `traceparent` that breaks the rules is none, and takes its `tracestate` with it.
    pub fn parse(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let text = traceparent.trim();
        let (known, rest) = (text.get(..LENGTH)?, text.get(LENGTH..)?);
        let mut parts = known.split('-');
        let (version, trace_id) = (hex(parts.next()?, 2)?, hex(parts.next()?, 32)?);
        let (span_id, flags) = (hex(parts.next()?, 16)?, hex(parts.next()?, 2)?);
        let whole = match version {
            0 => rest.is_empty(),
            0xff => false,
            _ => rest.is_empty() || rest.starts_with('-'),
        };
        if !whole || parts.next().is_some() || trace_id == 0 || span_id == 0 {
            return None;
        }
        let span_id = u64::try_from(span_id).ok()?;
        let state = tracestate.map(str::trim).filter(|state| is_state(state)).map(str::to_owned);
        Some(Self { trace_id, span_id, sampled: flags & 1 == 1, state })
    }

    pub fn traceparent(&self) -> String {
        format!("00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }

    pub fn tracestate(&self) -> Option<&str> {
        self.state.as_deref()
    }

    pub fn trace_id(&self) -> u128 {
        self.trace_id
    }

    pub fn span_id(&self) -> u64 {
        self.span_id
    }

    pub fn is_sampled(&self) -> bool {
        self.sampled
    }
}

/// Lower-case hexadecimal of exactly so many digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let lower = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if lower { u128::from_str_radix(text, 16).ok() } else { None }
}

/// Printable, and not too long to be carried along.
fn is_state(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_STATE && text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
}

/// Zero means none.
fn some_id<T: Default + PartialEq>(mut random: impl FnMut() -> T) -> T {
    loop {
        let id = random();
        if id != T::default() {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn parsed(traceparent: &str) -> Option<String> {
        TraceContext::parse(traceparent, None).map(|context| context.traceparent())
    }

    #[test]
    fn a_traceparent_reads_and_prints_the_same() {
        for flags in ["00", "01"] {
            let text = format!("00-{TRACE}-{SPAN}-{flags}");
            assert_eq!(parsed(&text).unwrap(), text);
        }
        let context = TraceContext::parse(&format!("00-{TRACE}-{SPAN}-01"), None).unwrap();
        assert_eq!(
            (context.trace_id(), context.span_id()),
            (0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, 0x00f0_67aa_0ba9_02b7)
        );
    }

    #[test]
    fn of_the_flags_only_sampled_is_kept() {
        for (flags, kept) in [("02", "00"), ("03", "01"), ("ff", "01"), ("fe", "00")] {
            assert_eq!(parsed(&format!("00-{TRACE}-{SPAN}-{flags}")).unwrap(), format!("00-{TRACE}-{SPAN}-{kept}"));
        }
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known_and_answered_in_the_known_one() {
        for rest in ["", "-what-the-future-holds", "-"] {
            assert_eq!(parsed(&format!("cc-{TRACE}-{SPAN}-01{rest}")).unwrap(), format!("00-{TRACE}-{SPAN}-01"));
        }
        assert_eq!(parsed(&format!("cc-{TRACE}-{SPAN}-01.what")), None);
    }

    #[test]
    fn a_traceparent_that_breaks_a_rule_is_none() {
        let zero = "0".repeat(32);
        let broken = [
            String::new(),
            "x".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-0g"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("0-{TRACE}-{SPAN}-010"),
            format!("00-{zero}-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", &zero[..16]),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}{SPAN}--01-"),
            format!("00_{TRACE}_{SPAN}_01"),
            format!("00-+{}-{SPAN}-01", &TRACE[1..]),
            format!("00-{}é-{SPAN}-01", &TRACE[2..]),
        ];
        for text in broken {
            assert_eq!(parsed(&text), None, "{text}");
        }
    }

    #[test]
    fn a_state_is_carried_along_unread_unless_it_can_not_be() {
        let state = |state: &str| {
            let context = TraceContext::parse(&format!("00-{TRACE}-{SPAN}-01"), Some(state)).unwrap();
            context.child().tracestate().map(str::to_owned)
        };
        assert_eq!(
            state("congo=t61rcWkgMzE,rojo=00f067aa0ba902b7").unwrap(),
            "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"
        );
        for dropped in ["", "a=b\nc", "a=ü", &"x".repeat(513)] {
            assert_eq!(state(dropped), None);
        }
    }

    #[test]
    fn a_child_has_the_trace_and_the_decision_of_its_parent_and_an_id_of_its_own() {
        let parent = TraceContext::parse(&format!("00-{TRACE}-{SPAN}-00"), None).unwrap();
        let child = parent.child();
        assert_eq!((child.trace_id(), child.is_sampled()), (parent.trace_id(), false));
        assert_ne!(child.span_id(), parent.span_id());
        let (one, other) = (TraceContext::root(), TraceContext::root());
        assert!(one.is_sampled() && one.trace_id() != other.trace_id());
    }
}
