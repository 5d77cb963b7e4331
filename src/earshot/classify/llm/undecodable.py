"""The one error of decoding."""


class Undecodable(Exception):
    """An answer that is not what was asked for; the message names the field and the fault, never its words."""
