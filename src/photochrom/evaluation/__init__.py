"""How results are judged: figures, the networks some of them need, runs over data sets, reports."""
