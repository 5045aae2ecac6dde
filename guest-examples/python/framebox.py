"""A thin library over the interface: parameters with defaults, descriptors, plain values.

componentize-py generates the interface itself from the WIT: `wit_world.imports` (types, media, log, sources).
"""

from wit_world.imports import media
from wit_world.imports import types as t


def integer(id, label, low, high, default, step=1, unit=None, help=None):
    """A slider for integers."""
    return _parameter(id, label, help, t.ParameterKind_Integer(t.IntegerSpec(low, high, step, default, unit)))


def number(id, label, low, high, default, step, unit=None, help=None):
    """A slider for real numbers."""
    return _parameter(id, label, help, t.ParameterKind_Number(t.NumberSpec(low, high, step, default, unit)))


def toggle(id, label, default=False, help=None):
    return _parameter(id, label, help, t.ParameterKind_Toggle(default))


def choice(id, label, options, default=None, help=None):
    """A selection of one of `options`, a dictionary of ids and labels; the first is the default."""
    choices = [t.Choice(option, text) for option, text in options.items()]
    return _parameter(id, label, help, t.ParameterKind_Choice(t.ChoiceSpec(choices, default or choices[0].id)))


def color(id, label, default, help=None):
    """A colour; `default` is `#rrggbb`."""
    return _parameter(id, label, help, t.ParameterKind_Color(default))


def _parameter(id, label, help, kind):
    return t.Parameter(id, label, help, None, kind)


def output(id, label, kind="number", unit=None):
    """An additional output; `kind` is number, gauge, text, json, image, table or plot."""
    return t.OutputSpec(id, label, t.OutputKind[kind.upper()], unit)


def descriptor(title, summary, parameters=(), outputs=(), size=None, fps=None):
    """The descriptor of a handler; `size` is a pair of width and height."""
    return t.Descriptor(title, summary, list(parameters), list(outputs), size and t.Size(*size), fps)


def values(settings):
    """The arguments of `init` and `configure` as a dictionary."""
    return {named.id: named.value.value for named in settings}


def put(out: media.Output, id, value):
    """Sets an additional output to a bool, int, float, str or list of numbers."""
    # The order matters: a bool is an int.
    for kind, make in _VALUES:
        if isinstance(value, kind):
            return out.put(id, make(value))
    raise TypeError(f"a value must be a bool, int, float, str or list, not {type(value).__name__}")


_VALUES = (
    (bool, t.Value_Boolean),
    (int, t.Value_Integer),
    (float, t.Value_Number),
    (str, t.Value_Text),
    (list, t.Value_Numbers),
)
