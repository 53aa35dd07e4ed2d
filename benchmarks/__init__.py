"""What the course costs, held against peers and goals: `python -m benchmarks` writes docs/benchmarks.md.

One file for each section: `measure(options)` returns numbers, and of these `lines(results)` makes its part of
the page and `goals(results)`, where something was asked for, its verdicts.
"""
