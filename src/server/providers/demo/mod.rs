//! demo
/// x
#[derive(Debug)] pub struct Demo; impl Demo { /// x
 pub fn new() -> Self { Self } } impl super::Provider for Demo { fn stream(&self, _: super::ModelRequest) -> super::ModelStream { todo!() } }
