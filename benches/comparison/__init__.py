"""The parts of `benches/compare`: inputs, measurement, and plot."""
