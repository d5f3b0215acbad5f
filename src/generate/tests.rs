//! Small kustomizations in memory.
