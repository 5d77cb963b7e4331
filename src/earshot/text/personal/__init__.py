"""Personal data replaced by placeholders before text leaves the machine, and put back afterwards."""

from earshot.text.personal.masking import Masked, mask, unmasked

__all__ = ["Masked", "mask", "unmasked"]
