"""What the course costs, held against peers and goals: `python -m benchmarks` writes docs/benchmarks.md.

One file for each comparison. Each has `measure(options)`, which returns numbers; `lines(results)`, its part
of the page; and `goals(results)`. What is written about the numbers is computed from them.
"""
