//! Which targets are met.

/// Targets and whether the run met them.
#[derive(Debug, Default)]
pub struct Verdicts(Vec<(String, bool)>);

impl Verdicts {
    pub fn check(&mut self, target: impl Into<String>, is_met: bool) {
        self.0.push((target.into(), is_met));
    }

    pub fn print(&self) {
        println!("targets");
        for (target, is_met) in &self.0 {
            println!("  {} {target}", if *is_met { "met   " } else { "MISSED" });
        }
    }
}
