"""What each character of a text is: inside a string, in upper case, so far into its line; found through the registry.

A state knows nothing of what is still to be read. So the value of a character is what holds of the text cut off behind
it: an opening mark is inside already, a closing one is outside again.
"""

from throughtime.use.inspect.units.annotations.annotation import Annotation, annotators
from throughtime.use.inspect.units.annotations.choosing import Wanted, chosen
from throughtime.use.inspect.units.annotations.own import given, pattern

__all__ = ["Annotation", "Wanted", "annotators", "chosen", "given", "pattern"]
