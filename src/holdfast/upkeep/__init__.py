"""For whoever looks after an installation: find what is wrong, say what to do, mend what can be mended."""
