"""What `benches/compare` is made of: the inputs, the measuring, and the plot."""
