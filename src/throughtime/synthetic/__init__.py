"""Problems that are made, not found: what must be remembered, and for how long, is known. A file here is one."""

from throughtime.synthetic.problem import Examples, Problem, problems

__all__ = ["Examples", "Problem", "problems"]
