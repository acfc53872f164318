"""Gives the same cases to stock flush and to flushd, and compares what a peer can see."""
