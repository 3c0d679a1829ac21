"""Where families could go: a pure core. Facts in, a proposal with its reasons out."""
